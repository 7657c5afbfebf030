/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A store keeps one small text in a file beside the image: the disc's layout and what else the
 * image alone does not give. The text is replaced as a whole or not at all:
 *
 *	write the spare file, sync it, swap the two names, sync the folder
 *
 * The spare file has its blocks before it is needed, so that the state can be saved when
 * the card is full. test/unit/disc/t_powercut.c cuts the power at every step.
 *
 * One thread at a time uses a store. Its functions wait for storage.
 */
#ifndef MEDIA_STORE_H
#define MEDIA_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_TEXT_MAX 32768u /* bytes */
#define STORE_GRAIN    4096u  /* texts are padded with newlines to a multiple of it */
#define STORE_NAME_MAX 255u
#define STORE_BOOT_MAX 40u

#define STORE_SUFFIX       ".mmcdisc"
#define STORE_SPARE_SUFFIX ".mmcdisc.new"

/* The operations that a store needs of a folder. Results: 0 or -errno. */
struct folder;
struct folder_ops {
	/* Reads the whole file. Its size in bytes; -ENOENT; -EFBIG if it has more than size. */
	int (*read)(struct folder *f, const char *name, char *buf, size_t size);
	/* Writes from the first byte on; a missing file is made, a longer one not shortened. */
	int (*write)(struct folder *f, const char *name, const char *text, size_t len);
	int (*sync)(struct folder *f, const char *name);
	/* Swaps two names in one step. -EINVAL, -ENOSYS: the file system cannot do it. */
	int (*exchange)(struct folder *f, const char *a, const char *b);
	/* Replaces the file of the name `to`, if there is one. */
	int (*rename)(struct folder *f, const char *from, const char *to);
	/* The same, but -EEXIST if there is a file of the name `to`. Stores do not use it. */
	int (*rename_new)(struct folder *f, const char *from, const char *to);
	/*
	 * Gives the file a second name; -EEXIST. -EPERM, -EOPNOTSUPP, -ENOSYS, -EMLINK: the file
	 * system cannot do it. Stores do not use it.
	 */
	int (*link)(struct folder *f, const char *from, const char *to);
	int (*unlink)(struct folder *f, const char *name);
	/*
	 * Marks an image as burned, see media/burn_mark.h. Any error: the file system cannot hold
	 * that. NULL: the folder has no marks.
	 */
	int (*mark_burned)(struct folder *f, const char *image, bool verified);
	/* 0: names made, changed and removed so far are on storage. */
	int (*sync_names)(struct folder *f);
	/* Whether both are one folder; other has the same operations. NULL: it never is. */
	bool (*is_same)(struct folder *f, struct folder *other);
	void (*close)(struct folder *f);
};
struct folder {
	const struct folder_ops *ops;
};

struct store {
	struct folder *folder;
	char name[STORE_NAME_MAX + 1], spare[STORE_NAME_MAX + 1];
	/*
	 * Identifies the boot of the board; "" = unknown. Until the next boot the page cache
	 * has what was written and not synced, even if the daemon has died.
	 */
	char boot[STORE_BOOT_MAX];
	uint32_t crc;   /* of the text that was loaded or saved last, without its padding */
	bool own;       /* the image is locked for writing: no other daemon has this store */
	bool present;   /* there is a state file */
	bool has_spare; /* this store has made the spare file, and it is not the current state */
	size_t longest; /* bytes of the longest text seen or written */
	uint64_t saves; /* successful ones */
};

/*
 * Makes the store of the image `name` in folder. Takes folder over, also on failure. 0 and
 * *out; -ENAMETOOLONG: no room for the suffix; -ENOMEM.
 */
int store_new(struct folder *folder, const char *name, const char *boot, struct store **out);
/* Reads the text into buf (STORE_TEXT_MAX bytes). Its bytes; -ENOENT: no state file; -errno. */
int store_load(struct store *s, char *buf, size_t size);
/*
 * Syncs the state file that was found, or its absence: a daemon that died may have made or
 * removed it a moment ago. own: the image is locked for writing. 0, -errno.
 */
int store_sync_found(struct store *s, bool own);
/*
 * 0: the text is on storage. -errno: storage has either this text or the old one. len is at
 * most STORE_TEXT_MAX.
 */
int store_save(struct store *s, const char *text, size_t len);
/* 0: there is no state file on storage any more. -errno. */
int store_remove(struct store *s);
/*
 * The image has another name now: the text is saved as the state file of `name` in folder,
 * which it takes over, then the old state file is removed. len 0: there is to be no state file.
 * If nothing can be saved there, the text is saved at the old place, where the store stays, and is
 * removed from the new one. If that is the old one, the text is just saved. As store_save()
 * otherwise.
 */
int store_move(
	struct store *s, struct folder *folder, const char *name, const char *text, size_t len);
/*
 * Marks the image of the store as burned, before its state file, which would tell that, is removed
 * or the image is left without one at its new place (to and name; NULL: it has not moved).
 */
void store_mark_burned(const struct store *s, struct folder *to, const char *name);
/* Removes the spare file of an own store, and frees. NULL is fine. */
void store_close(struct store *s);

/* True for the name of a state file or a spare state file. */
bool store_is_own_name(const char *name);

/* ---- folders of the file system (folder_file.c) ------------------------------------------ */

/* The folder of the descriptor, which it takes over, also on failure. NULL: no memory. */
struct folder *folder_file_new(int fd);
/* The same of a copy of the descriptor, which stays the caller's. NULL with errno. */
struct folder *folder_file_of(int dir);
/*
 * Gives a folder of folder_file_new() another descriptor of the same directory, which it takes
 * over, and closes the one before. With -1 it has none, keeps no file system mounted, and all
 * of its operations fail with -EBADF.
 */
void folder_file_set_fd(struct folder *f, int fd);
/*
 * rename_new for a file system without RENAME_NOREPLACE. With links: makes the second name,
 * then removes the first. Without (FAT): looks for the name, then renames. Public for tests.
 */
int folder_file_rename_in_steps(int dir, const char *from, const char *to, bool links);
/* The boot id of the board, for store_new(); "" if the kernel does not report it. */
void store_this_boot(char boot[STORE_BOOT_MAX]);

#endif
