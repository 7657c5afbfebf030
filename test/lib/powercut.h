/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Simulated storage for tests of power cuts: one image, and the folder with its state
 * files. It is held twice: as the running system sees it (the page cache), and as it is
 * stored. Data is pending until its file is synced, names until the folder is synced.
 * Image and folder count their operations together; at the planned operation the power is
 * cut, the daemon dies, or an errno is returned. The seed determines every random choice.
 */
#ifndef TEST_LIB_POWERCUT_H
#define TEST_LIB_POWERCUT_H

#include "media/media.h"
#include "media/store.h"

#define POWERCUT_SECTOR  512u
#define POWERCUT_OPS     4096u /* operations whose kind is recorded */
#define POWERCUT_NAMES   40u
#define POWERCUT_INODES  64u
#define POWERCUT_PENDING 1024u

enum powercut_op {
	POWERCUT_READ,
	POWERCUT_WRITE,
	POWERCUT_SYNC,
	POWERCUT_TRUNCATE,
	POWERCUT_FILE_READ,
	POWERCUT_FILE_WRITE,
	POWERCUT_FILE_SYNC,
	POWERCUT_EXCHANGE,
	POWERCUT_RENAME, /* or a second name */
	POWERCUT_UNLINK,
	POWERCUT_SYNC_NAMES
};

enum powercut_fault {
	POWERCUT_NOTHING,
	POWERCUT_POWER, /* the operation is done in part, later ones not at all */
	POWERCUT_DEATH, /* the daemon dies: the same, but the page cache survives */
	POWERCUT_ERRNO  /* the operation fails, later ones work */
};

/* Which pending changes of names survive a power cut. */
enum powercut_names {
	POWERCUT_JOURNAL,  /* all changes up to a random one, as with a journal */
	POWERCUT_EACH_NAME /* each name by itself, so an exchange can be torn, as on FAT */
};

/* How the page cache's sector of the image differs from the stored one. */
enum powercut_sector {
	POWERCUT_SECTOR_CLEAN,
	POWERCUT_SECTOR_DROPPED, /* truncated away: reads as zeros if the image grows again */
	POWERCUT_SECTOR_WRITTEN  /* not synced; if never stored before, storage may have garbage */
};

struct powercut_inode {
	bool used, dirty;
	bool ever_used;
	bool fresh; /* never synced */
	size_t len, stored_len;
	char text[STORE_TEXT_MAX], stored[STORE_TEXT_MAX];
};

struct powercut_directory {
	int inode[POWERCUT_NAMES]; /* -1 = no such name */
};

struct powercut {
	uint64_t seed;
	bool has_exchange; /* the file system knows RENAME_EXCHANGE */
	uint32_t unit;     /* bytes of a block of the image; MEDIA_BLOCK if it is not changed */
	bool no_links;     /* the file system does not know links, as FAT */
	uint64_t ops;
	uint8_t kind[POWERCUT_OPS]; /* enum powercut_op */
	enum powercut_fault fault;
	uint64_t fault_at;  /* number of the operation at which the fault happens */
	int error;          /* positive; for POWERCUT_ERRNO */
	uint64_t cut_after; /* operations from an errno to the power cut; 0 = no power cut */
	int result;         /* -errno of an operation that is not done */
	bool reached;       /* the planned operation has begun */
	bool dead;          /* the power was cut, or the daemon is dead */
	unsigned boots;
	char boot[STORE_BOOT_MAX];

	/* The image: as the system sees it, and as it is stored. */
	size_t capacity, sectors; /* capacity in bytes, and in sectors */
	uint8_t *seen, *stored;
	uint8_t *dirty; /* for each sector of seen: enum powercut_sector */
	bool *used;     /* each sector that was ever written: the others are zeros, a hole */
	uint64_t size, stored_size;
	/* The time of the last change. The clock goes on when the machine is booted. */
	int64_t clock, changed, stored_changed;
	/*
	 * Changes of size since the last sync: from, to, and the time before and after. An image
	 * that was cut has its new size in both.
	 */
	uint64_t size_change[POWERCUT_PENDING][2];
	int64_t time_change[POWERCUT_PENDING][2];
	unsigned size_changes;

	char name[POWERCUT_NAMES][STORE_NAME_MAX + 1];
	unsigned names;
	/* Versions of the directory: [0] is stored, the last is what the system sees. */
	struct powercut_directory dir_history[POWERCUT_PENDING];
	unsigned dir_versions;
	struct powercut_inode *inode;
};

/* Makes storage with an empty image that can grow to this many MEDIA_BLOCKs. NULL: no memory. */
struct powercut *powercut_new(uint32_t blocks, uint64_t seed, bool has_exchange);
void powercut_free(struct powercut *c);

/* Open the image and the folder. Closing them syncs nothing. NULL: no memory. */
struct media *powercut_media(struct powercut *c, bool writable);
struct folder *powercut_folder(struct powercut *c);

/* Plans a fault at operation number `at`, counted from 0. error: for POWERCUT_ERRNO. */
void powercut_plan(struct powercut *c, enum powercut_fault fault, uint64_t at, int error);
/* Operation number `at` fails; the power is cut `then` operations later. */
void powercut_plan_error_then_cut(struct powercut *c, uint64_t at, int error, uint64_t then);
/* Boots the machine again. If the planned power cut did not happen, it happens now. */
void powercut_power_on(struct powercut *c, enum powercut_names names);
/* Lets a new daemon use the storage; the page cache is as the last daemon left it. */
void powercut_restart_daemon(struct powercut *c);

/* Returns true if the system sees a file of this name. */
bool powercut_has(const struct powercut *c, const char *name);
/* Returns a random number less than `below`. */
uint32_t powercut_random(struct powercut *c, uint32_t below);

#endif
