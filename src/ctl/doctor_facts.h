/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What doctor finds on the board; it judges nothing. */
#ifndef CTL_DOCTOR_FACTS_H
#define CTL_DOCTOR_FACTS_H

#include "ctl/boot_config.h"
#include "ctl/doctor.h"

enum part { PART_CONFIGFS, PART_COMPOSITE, PART_FFS, PART_DWC2, PART_COUNT };
enum part_state { PART_MISSING, PART_ON_DISK, PART_THERE };

extern const char *const part_names[PART_COUNT];

struct facts {
	const char *root;
	char release[96];
	bool modules; /* the running kernel has a folder of modules */
	enum part_state part[PART_COUNT];
	char model[128];
	const struct board *board;
	struct boot_config boot;
	char mode[16]; /* dr_mode of a Pi's port in the running device tree, "" = not known */
	unsigned udcs;
	char udc[256], state[32], owner[256]; /* of the one that counts */
	bool ours;                            /* it is bound to our gadget */
};

void facts_gather(const struct doctor_env *env, struct facts *f);

#endif
