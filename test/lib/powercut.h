/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Storage that can be cut: one image and the folder it lies in, as a running system
 * sees them, and as they would be after a power cut. Data and texts are pending until
 * their file is synced, names until the folder is. Image and folder share one counter of
 * operations; at the planned one the power is cut, the daemon dies, or an errno is
 * answered. All that is left to chance follows from the seed.
 */
#ifndef TEST_LIB_POWERCUT_H
#define TEST_LIB_POWERCUT_H

#include "media/media.h"
#include "media/store.h"

#define CUT_SECTOR  512u
#define CUT_OPS     4096u /* operations whose kind is remembered */
#define CUT_NAMES   6u
#define CUT_INODES  64u
#define CUT_PENDING 1024u

enum cut_op {
	CUT_READ,
	CUT_WRITE,
	CUT_SYNC,
	CUT_TRUNCATE,
	CUT_TEXT_READ,
	CUT_TEXT_WRITE,
	CUT_TEXT_SYNC,
	CUT_EXCHANGE,
	CUT_RENAME,
	CUT_UNLINK,
	CUT_SYNC_NAMES
};

enum cut_what {
	CUT_NOTHING,
	CUT_POWER, /* the operation is done in part, and nothing after it */
	CUT_DEATH, /* the daemon dies: the same, but what the system sees stays */
	CUT_ERRNO  /* the operation fails, those after it work */
};

/* Which of the pending changes of names survive. */
enum cut_names {
	CUT_JOURNAL, /* all up to one moment, as with a journal */
	CUT_SLOTS    /* each name as at a moment of its own, so an exchange may be torn: FAT */
};

/* How a sector of the image differs from what storage has. */
enum cut_sector {
	CUT_SECTOR_CLEAN,
	CUT_SECTOR_DROPPED, /* the image was cut before it: zeros if it is seen again */
	CUT_SECTOR_WRITTEN  /* on its way; where there was none before, storage may have anything */
};

struct cut_inode {
	bool used, dirty;
	bool fresh; /* never synced */
	size_t len, kept_len;
	char text[STORE_TEXT_MAX], kept[STORE_TEXT_MAX];
};

struct cut_directory {
	int inode[CUT_NAMES]; /* -1 = no such name */
};

struct cut {
	uint64_t seed;
	bool has_exchange; /* the file system knows RENAME_EXCHANGE */
	uint64_t ops;
	uint8_t kind[CUT_OPS]; /* enum cut_op */
	enum cut_what what;
	uint64_t at;   /* number of the operation that meets it */
	int error;     /* positive, CUT_ERRNO */
	uint64_t then; /* CUT_ERRNO: the power is cut this many operations later; 0 = never */
	int answer;    /* result of an operation that is not done */
	bool met;      /* the planned operation was reached */
	bool dead;     /* the power was cut, or the daemon is dead */
	unsigned boots;
	char boot[STORE_BOOT_MAX];

	/* The image: as the system sees it, and as storage has it. */
	size_t room, sectors; /* bytes, and the same in sectors */
	uint8_t *seen, *kept;
	uint8_t *dirty; /* of each sector of seen: enum cut_sector */
	uint64_t size, kept_size;
	/* Sizes it went through since the last sync: from, to. */
	uint64_t grown[CUT_PENDING][2];
	unsigned grows;

	char name[CUT_NAMES][STORE_NAME_MAX + 1];
	unsigned names;
	/* [0] is on storage, the last is seen. */
	struct cut_directory dir_history[CUT_PENDING];
	unsigned dir_moments;
	struct cut_inode *inode;
};

/* An empty image that can grow to so many blocks, no other file. NULL: no memory. */
struct cut *cut_new(uint32_t blocks, uint64_t seed, bool has_exchange);
void cut_free(struct cut *c);

/* The open image; the folder. Closing them syncs nothing. NULL: no memory. */
struct media *powercut_media(struct cut *c, bool writable);
struct folder *cut_folder(struct cut *c);

void cut_plan(struct cut *c, enum cut_what what, uint64_t at, int error);
/* The operation fails, and the power is cut `then` operations later. */
void cut_plan_both(struct cut *c, uint64_t at, int error, uint64_t then);
/* The machine starts again, whether the power was cut as planned or is cut now. */
void cut_power_on(struct cut *c, enum cut_names names);
/* The daemon starts again, on the same system. */
void cut_restart(struct cut *c);

/* Is there a file of this name, as the system sees it. */
bool cut_has(const struct cut *c, const char *name);
uint32_t cut_random(struct cut *c, uint32_t below);

#endif
