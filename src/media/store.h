/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Store: one small text beside the image, in which the disc keeps what the image
 * itself cannot tell. It is replaced as a whole or not at all.
 *
 *	write the spare, sync it, swap the two names, sync the folder
 *
 * The spare has its blocks before it is needed, so that a full card does not
 * keep a disc from saying how far it got. What that costs and what it survives
 * is proved by test/unit/disc/t_powercut.c, which cuts the power at every step.
 */
#ifndef MEDIA_STORE_H
#define MEDIA_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_TEXT_MAX 16384u /* bytes */
#define STORE_GRAIN    4096u  /* texts are padded with newlines to a multiple of it */
#define STORE_NAME_MAX 255u
#define STORE_BOOT_MAX 40u

#define STORE_SUFFIX       ".mmcdisc"
#define STORE_SPARE_SUFFIX ".mmcdisc.new"

/* The folder, as far as a store needs one. All: 0 or -errno. */
struct folder;
struct folder_ops {
	/* The whole file: its bytes, -ENOENT, -EFBIG when it has more than size. */
	int (*read)(struct folder *f, const char *name, char *buf, size_t size);
	/* From the first byte on, made when missing; its end stays where it is when that is
	 * farther. */
	int (*write)(struct folder *f, const char *name, const char *text, size_t len);
	int (*sync)(struct folder *f, const char *name);
	/* Each gets the other's name at once. -EINVAL, -ENOSYS: this file system cannot. */
	int (*exchange)(struct folder *f, const char *a, const char *b);
	/* In place of what had the name `to`. */
	int (*rename)(struct folder *f, const char *from, const char *to);
	/* The same, but -EEXIST when there is something of the name `to`. NULL: not needed there.
	 */
	int (*rename_new)(struct folder *f, const char *from, const char *to);
	int (*unlink)(struct folder *f, const char *name);
	/* Names made, changed and removed so far are on storage on return. */
	int (*sync_names)(struct folder *f);
	void (*close)(struct folder *f);
};
struct folder {
	const struct folder_ops *ops;
};

struct store {
	struct folder *folder;
	char name[STORE_NAME_MAX + 1], spare[STORE_NAME_MAX + 1];
	/*
	 * Names the run of the machine; "" = unknown. While it is the same, what was
	 * written and never synced is still there, whatever became of the program.
	 */
	char boot[STORE_BOOT_MAX];
	bool own;       /* the image is held for writing, so text and spare are ours alone */
	bool present;   /* there is a text */
	bool has_spare; /* a file of our own that is nowhere the current text */
	size_t longest; /* bytes of the longest text seen or written */
	uint64_t saves; /* that succeeded */
};

/*
 * Of the image `name` in folder, which is taken over, also on failure. 0 and
 * *out; -ENAMETOOLONG: no room for the suffix; -ENOMEM.
 */
int store_new(struct folder *folder, const char *name, const char *boot, struct store **out);
/* Bytes read into buf (STORE_TEXT_MAX); -ENOENT: there is none; -errno. */
int store_load(struct store *s, char *buf, size_t size);
/*
 * What was found is on storage on return, also when a program that died had made or
 * removed it a moment ago. own: nobody else may write the image. 0, -errno.
 */
int store_sync_found(struct store *s, bool own);
/* On storage on return, or the old text is. len is at most STORE_TEXT_MAX. 0, -errno. */
int store_save(struct store *s, const char *text, size_t len);
/* Gone from storage on return. None there: 0. */
int store_remove(struct store *s);
/* Removes the spare, if it is ours. NULL is fine. */
void store_close(struct store *s);

/* True when the name is one that a store would give its text or its spare. */
bool store_is_own_name(const char *name);

/* ---- the real thing (folder_file.c) ------------------------------------------------------- */

/* The folder behind the descriptor, which is taken over, also on failure. NULL: no memory. */
struct folder *folder_file_new(int fd);
/*
 * What rename_new does where the file system has no RENAME_NOREPLACE: a second name, then
 * the first one goes; without links (FAT) a look and a rename. For tests.
 */
int folder_file_rename_in_steps(int dir, const char *from, const char *to, bool links);
/* The run of this machine, for store_new(); "" when the kernel does not tell. */
void store_this_boot(char boot[STORE_BOOT_MAX]);

#endif
