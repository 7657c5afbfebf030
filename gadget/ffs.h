/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One mass-storage USB function, through FunctionFS: its descriptors, and two threads.
 *
 * The USB thread runs BOT and the MMC engine over libaio endpoints; everything that
 * touches the drive runs there, and other threads reach it through ffs_call() and
 * ffs_post(). The ep0 thread answers control requests. It never touches the drive or
 * an image, so that it can answer while the USB thread waits for storage.
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

/*
 * The open files of a FunctionFS mount. The kernel unbinds the gadget when the last copy of these
 * descriptors is closed.
 */
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
	/* The callbacks below run on the USB thread, with ctx. Each may be NULL. */
	/*
	 * Called when a command or an event has changed what ffs_get_state() returns, or BOT
	 * became busy or idle. Must return quickly.
	 */
	void (*changed)(void *ctx);
	/*
	 * The host suspended the bus, disconnected, or reset the bus or the USB function: write
	 * burned data to storage, because the power may fail next. A Raspberry Pi has no
	 * VBUS sense and sees only SUSPEND when the cable is pulled. Must return quickly: the
	 * host's next command waits.
	 */
	void (*flush)(void *ctx);
	/* Called after ffs_resume(), before BOT continues. */
	void (*resumed)(void *ctx);
	void *ctx;
	/* For bot_observe(); called on the USB thread. May be NULL. */
	const struct bot_observer *observer;
	void *observer_ctx;
	/*
	 * Set to 1 before BOT sees a command, and to 0 after about 20 ms without a
	 * command: 1 means that the host may be waiting for an answer. It should lie
	 * in memory that outlives the process, for the daemon that takes over. May be
	 * NULL.
	 */
	atomic_uint *in_flight;
	/*
	 * Files inherited from a daemon that died, checked with ffs_files_match();
	 * ffs_open() takes ownership even if it fails, and reads *in_flight as that
	 * daemon left it. NULL: ffs_open() opens new files and writes the descriptors.
	 */
	const struct ffs_files *inherited;
};

enum ffs_speed { FFS_SPEED_NONE, FFS_SPEED_FULL, FFS_SPEED_HIGH, FFS_SPEED_SUPER };

struct ffs_state {
	bool enabled; /* the host has configured the USB function */
	bool suspended;
	enum ffs_speed speed;
	uint8_t in, out; /* bEndpointAddress of its endpoints while it is enabled, otherwise 0 */
	struct bot_stats bot;
};

/*
 * Returns a hash of the descriptors and strings that config gives. A daemon takes over only if
 * the hash equals that of the previous daemon.
 */
uint64_t ffs_fingerprint(const struct ffs_config *config);
/* True if files are those of the FunctionFS that is mounted at directory now. */
bool ffs_files_match(const struct ffs_files *files, const char *directory);

/*
 * Makes directory and mounts FunctionFS there, its files owned by uid and gid. Needs
 * root, and the instance must exist in configfs. 0, or -errno with the reason logged.
 */
int ffs_mount(const char *instance, const char *directory, uid_t uid, gid_t gid);
bool ffs_is_mounted(const char *directory);
/* Unmounts and removes directory, if it exists. Waits up to 1 s while its files are in use. */
void ffs_unmount(const char *directory);

/*
 * Writes descriptors and strings and opens the endpoints, or takes over the inherited
 * files. Then the gadget may be bound to a UDC. Needs no root, only the user that
 * owns the mount. 0, and *out belongs to the caller; or -errno with the reason logged.
 * Strings in config are copied; drive, ctx and in_flight must outlive *out.
 */
int ffs_open(const struct ffs_config *config, struct ffs **out);
/* The open files, for a process that keeps copies of them; f still owns them. */
void ffs_get_files(const struct ffs *f, struct ffs_files *files);
/* Starts the two threads. 0, or -errno with the reason logged. */
int ffs_start(struct ffs *f);
/* Stops and joins the threads. The gadget must be unbound before. */
void ffs_stop(struct ffs *f);
/* Stops the threads if they run, closes the files and frees f. NULL is allowed. */
void ffs_close(struct ffs *f);

/*
 * Runs fn(arg) on the USB thread between two events and waits until it has returned. Any
 * thread except the USB thread. While the threads do not run, fn runs in the caller.
 * After fn, BOT calls the engine again if that had returned MMC_AGAIN.
 */
void ffs_call(struct ffs *f, void (*fn)(void *arg), void *arg);
/* The same without waiting. Any thread. 0, or -ENOMEM: fn will not run. */
int ffs_post(struct ffs *f, void (*fn)(void *arg), void *arg);

/*
 * The medium is ready: ffs_config.resumed is called; then BOT calls the engine again if that had
 * returned MMC_AGAIN. Any thread; allocates nothing.
 */
void ffs_resume(struct ffs *f);

/* Copies the state. Any thread. */
void ffs_get_state(struct ffs *f, struct ffs_state *state);

#endif
