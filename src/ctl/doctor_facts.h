/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The facts that doctor finds on the board. doctor.c and doctor_usb.c judge them. */
#ifndef CTL_DOCTOR_FACTS_H
#define CTL_DOCTOR_FACTS_H

#include "ctl/boot_config.h"
#include "ctl/doctor_report.h"

/*
 * Parts of the kernel: what a gadget needs, the driver of a Raspberry Pi's port, and the
 * controllers that are software (soft_udc.h).
 */
enum part { PART_CONFIGFS, PART_COMPOSITE, PART_FFS, PART_DWC2, PART_DUMMY, PART_VUDC, PART_COUNT };
enum part_state { PART_MISSING, PART_ON_DISK, PART_THERE };

/* What a controller's other end is: a cable, this machine itself, or a network (USB/IP). */
enum udc_kind { UDC_CABLE, UDC_DUMMY, UDC_USBIP };

extern const char *const part_names[PART_COUNT];

struct facts {
	const char *root;
	char release[96];
	bool modules;   /* /lib/modules has a folder for the running kernel */
	bool container; /* the kernel is another system's */
	enum part_state part[PART_COUNT];
	char model[128];
	const struct board *board;
	struct boot_config boot;
	char page[128]; /* the board's page: where it is installed, else its name in the sources */
	char mode[16];  /* dr_mode of a Pi's port in the running device tree, "" = not known */
	unsigned udcs;
	/* The controller that is checked, its state, and the gadget that is bound to it. */
	char udc[256], state[32], owner[256];
	enum udc_kind udc_kind;
	bool ours; /* the gadget is that of mmcgadgetd */
};

/*
 * Writes the gadget or driver that has the controller. False: the controller is free, and owner
 * is "".
 */
bool facts_udc_owner(const char *root, const char *udc, char *owner, size_t size);
/* Reads all facts below env->root, and what the daemon has answered. */
void facts_gather(const struct doctor_env *env, struct facts *f);

#endif
