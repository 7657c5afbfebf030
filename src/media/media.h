/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A medium: blocks of one size, numbered from 0, in a file or in memory. This layer
 * knows no optical disc and no SCSI; it moves whole blocks and reports the result.
 *
 * Callers use the media_*() wrappers only: the wrappers check the contract (range,
 * state) before the operation and its result after it. One thread at a time uses a
 * medium; media may have threads of their own, which callers do not see.
 *
 * -EAGAIN from any operation: it cannot be done without waiting for storage. The medium
 * calls ready() when the same call is worth repeating (media_file_read_ahead(),
 * media_write_behind_new()).
 */
#ifndef MEDIA_MEDIA_H
#define MEDIA_MEDIA_H

#include <stdbool.h>
#include <stdint.h>

/* Bytes of a block of a DVD or BD, or of any plain ISO image. The others: see media.unit. */
#define MEDIA_BLOCK    2048u
#define MEDIA_UNIT_MAX 2448u /* most bytes of a block, and of a CD sector with its subchannel */
/* Bytes of the write-behind ring, which has the blocks that the kernel does not have yet. */
#define MEDIA_RING     (2u * 1024u * 1024u)

struct media;

/* Tells an image, as it is at a moment, from all others: its length and the time of its last
 * change. */
struct media_stamp {
	uint64_t bytes;
	int64_t seconds; /* as the file system stores it; 0 and 0: the medium has no such time */
	uint32_t nanoseconds;
};

struct media_ops {
	/*
	 * Reads all of the blocks or none. 0, -EAGAIN, or another negative errno. The
	 * wrapper asks for blocks below media->blocks only.
	 */
	int (*read)(struct media *m, uint64_t block, uint32_t count, void *buf);
	/*
	 * Finds up to *count blocks in memory: sets *data, and *count to their number, at
	 * least 1. They are valid until the next call on m. Results as of read; -EOPNOTSUPP,
	 * or a NULL operation: these blocks can only be read.
	 */
	int (*view)(struct media *m, uint64_t block, uint32_t *count, const uint8_t **data);
	/*
	 * Writes all of the blocks or none; results as of read. The medium grows if they end
	 * beyond media->blocks.
	 */
	int (*write)(struct media *m, uint64_t block, uint32_t count, const void *buf);
	/*
	 * 0: all blocks accepted by write are in the kernel, so a crash of the daemon cannot
	 * lose them. -EAGAIN. Another -errno: blocks from *lost on are lost, and write fails
	 * until truncate has removed them. A NULL operation: write itself puts them there.
	 */
	int (*wait_written)(struct media *m, uint64_t *lost);
	/* 0: everything written so far is on storage. -EAGAIN, -errno. */
	int (*sync)(struct media *m);
	/*
	 * As sync, and what *stamp is set to is on storage, too. A NULL operation: the medium has a
	 * length only.
	 */
	int (*stamp)(struct media *m, struct media_stamp *stamp);
	/* Shortens the medium to that many blocks. 0, -errno. */
	int (*truncate)(struct media *m, uint64_t blocks);
	/*
	 * Calls fn in a thread that may wait for storage. Returns the result of fn, or -EAGAIN
	 * while fn has not returned. One fn and arg at a time: a call with others waits, and
	 * drops the result that nobody has asked for. A NULL operation: the caller calls fn itself.
	 */
	int (*run)(struct media *m, int (*fn)(void *arg), void *arg);
	/*
	 * Waits for the operations in progress. From now on every operation waits for storage
	 * and none answers -EAGAIN.
	 */
	void (*wait)(struct media *m);
	/* Releases what the constructor acquired, and m. Never fails; may wait for storage. */
	void (*close)(struct media *m);
};

struct media {
	const struct media_ops *ops;
	uint32_t unit;   /* bytes of a block: 2048; 1 for a CD, unless it is a plain ISO image */
	uint32_t tail;   /* bytes of the last block that storage really has; 0 = all of them */
	uint64_t blocks; /* readable blocks; grows with writes */
	bool writable;
	bool dirty;                    /* written or shortened since the last successful sync */
	bool end_uncertain;            /* a failed write may have left bytes past the end */
	bool stamped;                  /* not changed since the last successful media_stamp() */
	struct media_stamp stamp;      /* as it was opened, or as of the last media_stamp() */
	uint64_t reads, writes, syncs; /* operations that succeeded */
};

/* Reads all of the blocks or none. 0, -EAGAIN, -EINVAL (not inside the medium), -errno. */
int media_read(struct media *m, uint64_t block, uint32_t count, void *buf);
/* As media_ops.view. A medium without views reads all *count blocks into stage. */
int media_view(struct media *m, uint64_t block, uint32_t *count, void *stage, const uint8_t **data);
/* Writes all of the blocks or none. 0, -EAGAIN, -EROFS, or -errno (-ENOSPC, -EIO, -EFBIG ...). */
int media_write(struct media *m, uint64_t block, uint32_t count, const void *buf);
/* As media_ops.wait_written, run, wait, sync. A sync does nothing if the medium is not dirty. */
int media_wait_written(struct media *m, uint64_t *lost);
int media_run(struct media *m, int (*fn)(void *arg), void *arg);
void media_wait(struct media *m);
int media_sync(struct media *m);
/*
 * As media_ops.stamp, into media->stamp: an image with that stamp is this one as it is now, also
 * after a power cut. While nothing is written, a second call does nothing.
 */
int media_stamp(struct media *m);
/*
 * As media_ops.truncate; zeros fill up a last block that has a tail. Does nothing if the medium is
 * known to end there, with a whole block, or before. -EROFS.
 */
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
 * The same, for reading, and without a lock: a drive may have the file locked, and the caller knows
 * that this drive writes nothing more to the file.
 */
int media_file_open_beside(int fd, uint32_t unit, struct media **out);
/*
 * Opens several regular files, one after the other, as one medium of blocks of 1 byte, which
 * cannot be written: block begin[i] is the first byte of file i. Takes the descriptors over, also
 * on failure. Locks and results as of media_file_open(); *bad is the number of the file that is at
 * fault.
 */
int media_files_open(
	const int *fd, unsigned count, uint64_t *begin, struct media **out, unsigned *bad);
/* Files whose bytes are not those of the medium, because they are compressed. */
struct media_decoder {
	/* Bytes of file i of the medium; 0: it is stored as it is. Used only during opening. */
	const uint64_t *size;
	/*
	 * Waits for the bytes. Returns their number, which is below len only if the next byte
	 * cannot be decoded; or -errno.
	 */
	int32_t (*read)(void *ctx, unsigned file, uint64_t at, void *buf, uint32_t len);
	void (*close)(void *ctx); /* the medium is closed; before its files are */
	void *ctx;
};
/* The same with compressed files. It takes the decoder over, too, also on failure. */
int media_files_open_decoded(const int *fd, unsigned count, const struct media_decoder *decoder,
	uint64_t *begin, struct media **out, unsigned *bad);
/* As media_file_read_ahead(), for a medium of media_files_open(): one thread for all of its files.
 */
int media_files_read_ahead(struct media *m, void (*ready)(void *ctx), void *ctx);
/*
 * Gives a medium of media_file_open() a thread that reads ahead. From now on its views
 * never wait for storage: they answer -EAGAIN, and the thread calls ready(ctx) when the
 * view is worth repeating. 0, or -ENOMEM: nothing has changed.
 */
int media_file_read_ahead(struct media *m, void (*ready)(void *ctx), void *ctx);

/*
 * A medium over `below`, which it then owns, with a thread that writes and syncs. Its own
 * operations do not wait for storage, except read and truncate: they answer -EAGAIN, and the
 * thread calls ready(ctx) when the call is worth repeating. One write has at most MEDIA_RING
 * bytes. NULL: no memory or no thread; below has not changed.
 */
struct media *media_write_behind_new(struct media *below, void (*ready)(void *ctx), void *ctx);

/*
 * Sparse memory, for tests: that many blocks of MEDIA_BLOCK bytes are readable at
 * first, all zero. NULL: no memory.
 */
struct media *media_mem_new(uint64_t blocks, bool writable);
/* The same, with blocks of unit bytes, 1 to MEDIA_UNIT_MAX. */
struct media *media_mem_new_units(uint32_t unit, uint64_t blocks, bool writable);

/* Effect of a fault medium on the operations it passes on. */
enum media_fault_kind {
	MEDIA_FAULT_NONE,
	MEDIA_FAULT_ERROR, /* the operation fails with the given errno */
	MEDIA_FAULT_SHORT, /* the same, after the first half of the blocks was written */
	MEDIA_FAULT_AGAIN, /* the operation answers -EAGAIN */
};

struct media_fault {
	enum media_fault_kind kind;
	bool on_read, on_write, on_sync;
	uint64_t skip;      /* matching operations that work before the first fault */
	uint64_t times;     /* matching operations that fail then; 0 = all */
	int error;          /* positive errno for MEDIA_FAULT_ERROR and _SHORT */
	uint64_t from, end; /* only operations that touch these blocks; end 0 = all */
};

/*
 * For tests: a medium over `below`, which it then owns, without a fault at first. NULL: no
 * memory; below was closed.
 */
struct media *media_fault_new(struct media *below);
/* Replaces the fault, and counts operations from 0 again. m is of media_fault_new(). */
void media_fault_set(struct media *m, const struct media_fault *f);

#endif
