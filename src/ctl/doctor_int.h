/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to doctor*.c: what was found, apart from what is thought of it. */
#ifndef CTL_DOCTOR_INT_H
#define CTL_DOCTOR_INT_H

#include <stdbool.h>
#include <stddef.h>

#include "ctl/doctor.h"

enum board_kind { BOARD_OTHER, BOARD_PI, BOARD_BEAGLE };

struct board {
	const char *match; /* in the device tree's model */
	enum board_kind kind;
	const char *port;    /* the one that can be a device, NULL = none can */
	const char *cable;   /* what goes into it */
	const char *filters; /* sections of config.txt that apply, blanks between */
	bool id_grounded;    /* the port's ID pin says "host", so that dr_mode=otg is not enough */
	bool otg_mode;       /* otg_mode=1 gives the port to another controller */
	const char *hint;    /* what else keeps a host from seeing it, or NULL */
	const char *page;
};

/* Never NULL: the last row is for boards that nobody has heard of. */
const struct board *board_find(const char *model);

/* What the firmware of a Raspberry Pi was told, in config.txt. */
struct boot_config {
	char path[64];        /* the file, below root; "" = none could be read */
	char mode[16];        /* dr_mode of the overlay that applies, "" = none does */
	char section[32];     /* of one that would do, but does not apply */
	bool elsewhere;       /* one is in the /boot/config.txt that newer systems do not read */
	bool otg_mode;        /* otg_mode=1 applies ... */
	char otg_section[32]; /* ... in this section, "" = for all boards */
};

void boot_config_read(const char *root, const struct board *board, struct boot_config *out);

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
/* A path below root. */
void facts_path(const char *root, char *out, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
bool facts_exists(const char *root, const char *path);
/* The first line without its end; false when there is none. */
bool facts_line(const char *root, const char *path, char *out, size_t size);

struct exam {
	const struct doctor_env *env;
	struct facts facts;
	struct doctor_report *report;
};

void exam_good(struct exam *x, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void exam_note(struct exam *x, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* True: it is the first that is bad, and wants its advice. */
bool exam_bad(struct exam *x, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Appends. */
void exam_advise(struct exam *x, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* doctor_usb.c: from the controller to the host. */
void exam_owner(struct exam *x);
void exam_daemon(struct exam *x);
void exam_host(struct exam *x);

#endif
