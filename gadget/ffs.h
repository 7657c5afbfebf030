/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One FunctionFS mass-storage function: descriptors, ep0 thread, and a USB thread that runs BOT and
 * the MMC engine over libaio endpoints.
 *
 * Threads: everything that touches the drive runs on the USB thread; others
 * reach it through ffs_call() / ffs_post(). ep0 has a thread of its own, which
 * never touches a file or the drive, so that control requests are answered
 * whatever the storage does.
 */
#ifndef GADGET_FFS_H
#define GADGET_FFS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "bot/bot.h"
#include "mmc/mmc.h"

struct ffs;

/* Open files of a FunctionFS. As long as one is open somewhere, the gadget stays bound. */
struct ffs_files {
	int ep0, in, out;
};

struct ffs_config {
	const char *instance;  /* FunctionFS instance, e.g. "mmcgadget.drive0", <= 40 chars */
	const char *directory; /* where it is mounted, see ffs_mount() */
	const char *interface; /* interface string */
	uint8_t subclass;      /* 06h (default) or 02h */
	struct bot_config bot;
	struct mmc_drive *drive; /* outlives the function */
	/* Called on the USB thread after every command and event; keep it short. May be NULL. */
	void (*changed)(void *ctx);
	/*
	 * Called on the USB thread when the host suspends or drops us: bring what
	 * was burned to storage, the next thing may be a pulled plug (a Pi has no
	 * VBUS sense, SUSPEND is all it sees of that). May block. May be NULL.
	 */
	void (*flush)(void *ctx);
	/* Called on the USB thread after ffs_resume(). May be NULL. */
	void (*resumed)(void *ctx);
	void *ctx;
	/* Told of each command on the USB thread. May be NULL. */
	const struct bot_observer *observer;
	void *observer_ctx;
	/*
	 * 1 while the host may wait for an answer: set before BOT sees a command,
	 * cleared when there was none for a while. Best kept where it outlives the
	 * process. May be NULL.
	 */
	atomic_uint *in_flight;
	/*
	 * Of a process that is dead, see ffs_files_fit(); NULL = describe
	 * anew. They are ours then, whatever comes. *in_flight is that process's word.
	 */
	const struct ffs_files *inherited;
};

enum ffs_speed { FFS_SPEED_NONE, FFS_SPEED_FULL, FFS_SPEED_HIGH, FFS_SPEED_SUPER };

struct ffs_state {
	bool enabled; /* the host has configured us */
	bool suspended;
	enum ffs_speed speed;
	struct bot_stats bot;
};

/* What the host was told: descriptors and strings, as a hash. */
uint64_t ffs_fingerprint(const struct ffs_config *config);
/* These are the files of the FunctionFS that is mounted there. */
bool ffs_files_fit(const struct ffs_files *files, const char *directory);

/*
 * Mounts FunctionFS at directory, for uid and gid; the gadget with that instance
 * must exist in configfs. 0, or -errno with the reason logged.
 */
int ffs_mount(const char *instance, const char *directory, uid_t uid, gid_t gid);
bool ffs_is_mounted(const char *directory);
/* And removes the directory. Nothing mounted there, or nothing there at all, is fine. */
void ffs_unmount(const char *directory);

/*
 * Writes descriptors and strings; opens the endpoints. 0, or -errno with the
 * reason logged. After it the gadget may be bound to a UDC. Only who the mount is
 * for can; nothing here needs root.
 */
int ffs_open(const struct ffs_config *config, struct ffs **out);
/* To be kept open elsewhere. */
void ffs_get_files(const struct ffs *f, struct ffs_files *files);
/* Starts the two threads. 0 or -errno. */
int ffs_start(struct ffs *f);
/* Stops and joins them. The UDC must be unbound before. */
void ffs_stop(struct ffs *f);
/* Closes the endpoints. NULL is fine. */
void ffs_close(struct ffs *f);

/*
 * Run fn on the USB thread between two events; returns when it ran. Any thread
 * but that one. While the threads do not run, fn runs in the caller. After fn,
 * BOT asks a medium that had said "again" once more.
 */
void ffs_call(struct ffs *f, void (*fn)(void *arg), void *arg);
/* The same without waiting. */
int ffs_post(struct ffs *f, void (*fn)(void *arg), void *arg);

/* BOT asks a medium that had said "again" once more. Any thread; allocates nothing. */
void ffs_resume(struct ffs *f);

/* A copy, from any thread. */
void ffs_get_state(struct ffs *f, struct ffs_state *state);

#endif
