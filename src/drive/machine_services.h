/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The services and times that a drive's state machine (drive_machine.h) is given. */
#ifndef DRIVE_MACHINE_SERVICES_H
#define DRIVE_MACHINE_SERVICES_H

#include "drive/disc_opener.h"
#include "drive/drive_command.h"
#include "drive/engine_thread.h"

/*
 * Functions that the machine calls; ctx is drive_machine_config.ctx. The result of a task or a
 * search comes as an event, possibly before the function returns.
 */
struct drive_services {
	/* See drive_find.h. The search ends with drive_machine_found(). */
	bool (*find_is_exact)(void *ctx, const char *name);
	void (*find_begin)(void *ctx, const struct drive_command *command);
	void (*find_cancel)(void *ctx);

	/* See disc_opener_open(). */
	enum disc_opening (*open)(void *ctx, const char *name, const struct image_blank *blank,
		enum image_as as, bool may_wait, struct image *out, json_t **answer);
	/* Returns true while discs that left a drive of the set are not closed. */
	bool (*any_leaving)(void *ctx);
	/*
	 * Post tasks to the engine's thread, see struct usb_task. Their results come with
	 * drive_machine_engine_event(). 0 or -errno. insert takes over the image's disc,
	 * if it returns 0.
	 */
	int (*eject)(void *ctx, const struct usb_task *task);
	int (*insert)(void *ctx, struct image *image);
	int (*finalise)(void *ctx);
	/* Returns true if the host is unplugged or asleep. */
	bool (*host_is_absent)(void *ctx);

	/* There is one timer; when it ends, drive_machine_timeout() is called. */
	void (*start_timer)(void *ctx, unsigned ms);
	void (*stop_timer)(void *ctx);

	/* Returns true if a newer command waits for the end of this one. */
	bool (*command_waits)(void *ctx);
	/* The command has ended and is answered: the next one may begin, within this call. */
	void (*finished)(void *ctx);

	/*
	 * Chooses what replaces the burned disc, for DRIVE_REPLACE_BURNED. 0, and the name
	 * of a blank to create, which is the caller's to free; NULL: the drive stays empty.
	 * -errno, and the command's answer: the burned disc stays in the drive.
	 */
	int (*choose_blank)(void *ctx, char **name, json_t **answer);
	/* The chosen blank could not be opened; problem says why. */
	void (*blank_failed)(void *ctx, const char *problem);
};

struct drive_machine_config {
	const char *drive;    /* its name, for messages; outlives the machine */
	unsigned swap_gap;    /* ms between the old disc and the new one, at least */
	unsigned seen_wait;   /* then, ms a host is given to see the empty drive; 0 = none */
	unsigned unlock_wait; /* ms a host is given to answer an eject request */
	unsigned reload_wait; /* ms a host is given to load a burned disc again */
	const struct drive_services *services;
	void *ctx;
	struct mmc_state state; /* of the engine at creation */
};

#endif
