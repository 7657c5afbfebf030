/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A drive's engine and the way to the thread that owns it: the USB thread while a port is
 * attached, otherwise the main thread. The main thread posts one task at a time (eject,
 * insert, finalise) and reads a copy of the engine's state. The USB thread leaves its results
 * in a struct engine_mail and wakes the main thread, which calls mail(). Neither waits for the
 * other.
 *
 * Knows nothing of control commands.
 */
#ifndef DRIVE_ENGINE_THREAD_H
#define DRIVE_ENGINE_THREAD_H

#include <systemd/sd-event.h>

#include "drive/handover.h"
#include "drive/recorder.h"
#include "gadget/ffs.h"
#include "mmc/mmc.h"

#define ENGINE_RELEASED 4u /* discs that the engine's thread has released for mail(), at most */

/* The way to the USB thread. */
struct drive_port {
	void *usb;
	int (*post)(void *usb, void (*fn)(void *arg), void *arg); /* ffs_post() */
	void (*get_state)(void *usb, struct ffs_state *state);    /* ffs_get_state() */
	void (*resume)(void *usb);                                /* ffs_resume() */
};

enum usb_task_kind { USB_TASK_EJECT, USB_TASK_INSERT, USB_TASK_FINALISE };

struct usb_task {
	enum usb_task_kind kind;
	/*
	 * USB_TASK_EJECT. The conditions are checked on the engine's thread, between two
	 * commands of the host. If one is not fulfilled, the disc is kept.
	 */
	bool force;           /* even if the host has locked the drive */
	bool only_if_ejected; /* by the host */
	bool only_if_idle;    /* see engine_is_idle(), since blocks_moved */
	uint64_t blocks_moved;
	/* USB_TASK_INSERT. */
	struct disc *disc;           /* taken over with the task */
	struct handover_image image; /* of that disc */
};

struct usb_result {
	/* USB_TASK_EJECT. */
	bool kept; /* a condition was not fulfilled, nothing was done */
	enum mmc_eject eject;
	/* USB_TASK_FINALISE: 0, or why not, see mmc_finalise(). */
	mmc_sense_t sense;
};

/* Callbacks on the engine's thread, in the order in which things happen. */
struct engine_observer {
	/* A task has taken out the disc, or found the drive empty. */
	void (*removed)(void *ctx);
	void (*inserted)(void *ctx, const struct handover_image *image);
	/* A command of the host or a task may have changed the engine's state. */
	void (*changed)(void *ctx);
};

/* Events on the engine's thread since the last call of mail(). */
struct engine_mail {
	struct mmc_state state;
	struct mmc_state last; /* the newest state with a disc in the drive */
	bool task_done;
	struct usb_result result;               /* if task_done */
	struct disc *released[ENGINE_RELEASED]; /* their last reference is gone; to be closed */
	unsigned n_released;
};

struct engine_thread_config {
	struct mmc_config mmc;
	sd_event *event;
	unsigned sync_ms; /* time between two syncs of a burn, at most; 0 = no limit in time */
	const struct engine_observer *observer;
	void *observer_ctx;
	/* On the main thread. Takes over the released discs. */
	void (*mail)(void *ctx, const struct engine_mail *mail);
	void *ctx;
};

struct engine_thread;

/* ---- main thread -------------------------------------------------------------------------- */

/* Makes an engine without a disc, and its recorder. 0 or -errno. */
int engine_thread_new(const struct engine_thread_config *config, struct engine_thread **out);
/* The port must be detached. Frees the engine, and closes the discs that it held. NULL is fine. */
void engine_thread_free(struct engine_thread *e);

struct mmc_drive *engine_thread_engine(struct engine_thread *e);
struct recorder *engine_thread_recorder(struct engine_thread *e);

/* From here on the engine belongs to the port's thread, which may be running already. */
void engine_thread_attach(struct engine_thread *e, const struct drive_port *port);
/* The port's thread has been joined. A task that it did not get to is dropped, with its disc. */
void engine_thread_detach(struct engine_thread *e);

/*
 * Posts a copy of a task; only one may be under way. Its result comes with mail(), without a
 * port before this function returns. 0, or -errno; then the task's disc is still the caller's.
 */
int engine_thread_post(struct engine_thread *e, const struct usb_task *task);
/* Runs fn on the engine's thread, between two commands; at once if there is no port. 0, -errno. */
int engine_thread_call(struct engine_thread *e, void (*fn)(void *arg), void *arg);

/* Copies the state of the USB side; zeros if there is no port. */
void engine_thread_get_usb(struct engine_thread *e, struct ffs_state *usb);
/*
 * Calls mail() once, at the next command or event after which the host has moved a block, or the
 * state of the USB side is another one. Does not wake the engine's thread.
 */
void engine_thread_watch_host(struct engine_thread *e);
/*
 * Returns true if the host is unplugged or asleep. Then it cannot answer, and its lock
 * protects nothing: a Pi has no VBUS sense, SUSPEND is all that it sees of a pulled cable.
 */
bool engine_thread_host_is_absent(struct engine_thread *e);
/* The engine was restored, before the port is attached: takes a new copy of its state. */
void engine_thread_restored(struct engine_thread *e, struct mmc_state *state);

/* ---- the engine's thread ------------------------------------------------------------------ */

/* A command has ended, see ffs_config.changed. */
void engine_thread_changed(struct engine_thread *e);
/* Syncs what was burned, see ffs_config.flush. */
void engine_thread_flush(struct engine_thread *e);
/* Continues a task or a flush that waited for storage, see ffs_config.resumed. */
void engine_thread_resumed(struct engine_thread *e);

/* ---- any thread --------------------------------------------------------------------------- */

/* Copies the engine's state of a moment ago. Never waits for the engine's thread. */
void engine_thread_get_state(struct engine_thread *e, struct mmc_state *state);
/*
 * Returns when the host wrote to the disc in the drive last, by clock_ms(); 0: not since the disc
 * came in, or the daemon started.
 */
uint64_t engine_thread_wrote(struct engine_thread *e);
/* Makes the main thread call mail(). */
void engine_thread_wake(void *engine_thread);
/* For image_policy.ready: a medium's thread reports that a call is worth repeating. */
void engine_thread_storage_ready(void *engine_thread);
/*
 * For image_policy.release: passes the disc to the main thread with mail(), because closing it
 * may wait.
 */
void engine_thread_released(struct disc *disc, void *engine_thread);

/*
 * Returns true if the host has neither locked the drive, nor moved a block since
 * blocks_moved were counted (blocks_read + blocks_written).
 */
bool engine_is_idle(const struct mmc_state *m, uint64_t blocks_moved);

#endif
