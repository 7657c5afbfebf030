/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Media: a run of blocks of one size somewhere, in a file or in memory. The layer
 * knows no optical disc and no SCSI; it moves whole blocks and reports the result.
 *
 * Callers use the media_*() wrappers only: the wrappers check the contract (range,
 * state) before the operation and its result after it.
 */
#ifndef MEDIA_MEDIA_H
#define MEDIA_MEDIA_H

#include <stdbool.h>
#include <stdint.h>

#define MEDIA_BLOCK    2048u /* bytes of a block of every disc but a compact disc */
#define MEDIA_UNIT_MAX 2448u /* bytes of the largest block: a CD sector with its subchannel */
/* What a drive that writes behind can take before storage has any of it, bytes. */
#define MEDIA_RING     (2u * 1024u * 1024u)

struct media;

struct media_ops {
	/*
	 * All of the blocks or none: 0; -EAGAIN = not now, the caller asks again
	 * with the same arguments when the owner says so (mmc_resume()); else a
	 * negative errno. read is never asked beyond media->blocks.
	 */
	int (*read)(struct media *m, uint64_t block, uint32_t count, void *buf);
	/*
	 * Where up to *count blocks lie in memory: *data, and how many they are in *count
	 * (at least 1), until the next call on m. Else as read; -EOPNOTSUPP, or no such
	 * operation: they can only be read.
	 */
	int (*view)(struct media *m, uint64_t block, uint32_t *count, const uint8_t **data);
	/* As read. May be asked beyond media->blocks: the medium grows. */
	int (*write)(struct media *m, uint64_t block, uint32_t count, const void *buf);
	/*
	 * Blocks that write has taken are where a crash of the program cannot get at them:
	 * 0; -EAGAIN; -errno: those from *lost on are not, and no block can be written
	 * until truncate took them off. No such operation: that is so when write returns.
	 */
	int (*wait_written)(struct media *m, uint64_t *lost);
	/* Everything written so far is on storage on return. 0, -EAGAIN, -errno. */
	int (*sync)(struct media *m);
	/* The medium ends there from now on, never behind where it ended. 0, -errno. */
	int (*truncate)(struct media *m, uint64_t blocks);
	/*
	 * Calls fn where it may wait for storage: its result, or -EAGAIN until it returned.
	 * One fn and arg at a time. No such operation: here.
	 */
	int (*run)(struct media *m, int (*fn)(void *arg), void *arg);
	/* What is under way is waited for, and from now on every operation waits. */
	void (*wait)(struct media *m);
	/* Releases what open acquired, and m itself. Never fails, may block. */
	void (*close)(struct media *m);
};

struct media {
	const struct media_ops *ops;
	uint32_t unit;   /* bytes of a block: 2048, or 2352 or 2448 for a CD; never changes */
	uint32_t tail;   /* bytes of the last block that storage really has; 0 = all of them */
	uint64_t blocks; /* readable blocks; grows with writes */
	bool writable;
	bool dirty;                    /* written since the last sync that worked */
	bool end_uncertain;            /* a failed write may have left something behind the end */
	uint64_t reads, writes, syncs; /* operations that succeeded */
};

/* 0, -EAGAIN, -EINVAL when the range is not inside the medium, or what storage said. */
int media_read(struct media *m, uint64_t block, uint32_t count, void *buf);
/* As media_ops.view; where that cannot be had, all of the blocks are read into stage. */
int media_view(struct media *m, uint64_t block, uint32_t *count, void *stage, const uint8_t **data);
/* 0, -EAGAIN, -EROFS, or what storage said (-ENOSPC, -EIO, -EFBIG ...). */
int media_write(struct media *m, uint64_t block, uint32_t count, const void *buf);
/* As media_ops.wait_written, run, wait. */
int media_wait_written(struct media *m, uint64_t *lost);
int media_run(struct media *m, int (*fn)(void *arg), void *arg);
void media_wait(struct media *m);
int media_sync(struct media *m);
/* Makes it shorter, and dirty; a medium that ends there already: 0. -EROFS, -errno. */
int media_truncate(struct media *m, uint64_t blocks);
/* NULL is fine. */
void media_close(struct media *m);

/*
 * Opens a regular file as a medium of blocks of MEDIA_BLOCK bytes. Takes the
 * descriptor over, also on failure. writable asks for a recordable medium. The
 * file is locked (open file description lock): exclusively if writable, else shared.
 * 0 and *out; -EISDIR, -EINVAL (not a regular file), -EFBIG (over 2^32-2 blocks),
 * -EBUSY (another drive or daemon has locked it), or a system errno.
 */
int media_file_open(int fd, bool writable, struct media **out);
/* The same, with blocks of unit bytes, 1 to MEDIA_UNIT_MAX. */
int media_file_open_units(int fd, uint32_t unit, bool writable, struct media **out);
/*
 * From now on views of it never wait for storage: they answer -EAGAIN, and ready is
 * called, by a thread of the medium, when it is worth asking again. 0, or -ENOMEM: all
 * stays as it was.
 */
int media_file_read_ahead(struct media *m, void (*ready)(void *ctx), void *ctx);

/*
 * A decorator over `below`, which it owns: writing and syncing never wait, they answer
 * -EAGAIN, and ready is called, by a thread of the medium, when it is worth asking
 * again. One write is of MEDIA_RING at the most. NULL: no memory; below is as it was.
 */
struct media *media_write_behind_new(struct media *below, void (*ready)(void *ctx), void *ctx);

/*
 * Sparse memory, for tests: that many blocks of MEDIA_BLOCK bytes are readable at
 * first, all zero. NULL: no memory.
 */
struct media *media_mem_new(uint64_t blocks, bool writable);
/* The same, with blocks of unit bytes, 1 to MEDIA_UNIT_MAX. */
struct media *media_mem_new_units(uint32_t unit, uint64_t blocks, bool writable);

/* What a fault medium does to the operations it passes on. */
enum media_fault_kind {
	MEDIA_FAULT_NONE,
	MEDIA_FAULT_ERROR, /* the operation fails with the given errno */
	MEDIA_FAULT_SHORT, /* the same, but the first half of the blocks was moved before that */
	MEDIA_FAULT_AGAIN, /* the operation answers -EAGAIN `times` times, then works */
};

struct media_fault {
	enum media_fault_kind kind;
	bool on_read, on_write, on_sync;
	uint64_t skip;      /* matching operations that pass before the fault */
	uint64_t times;     /* how many then meet it; 0 = all */
	int error;          /* positive errno for MEDIA_FAULT_ERROR and _SHORT */
	uint64_t from, end; /* only operations that touch these blocks; end 0 = all */
};

/* A decorator over `below`, which it owns. NULL = no memory (below is closed). */
struct media *media_fault_new(struct media *below);
void media_fault_set(struct media *m, const struct media_fault *f);

#endif
