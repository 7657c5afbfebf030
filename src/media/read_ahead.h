/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Read-ahead: reads a file without waiting for storage. Bytes in the page cache are copied
 * at once. A thread reads the others, and asks storage for the bytes that a sequential
 * reader will want next. Until then read_ahead_view() answers -EAGAIN, and the thread calls
 * ready() when the call is worth repeating.
 *
 * It has two buffers of READ_AHEAD_PIECE bytes, whatever the size of the file. Sizes and
 * offsets are in bytes. One thread at a time calls read_ahead_view().
 */
#ifndef MEDIA_READ_AHEAD_H
#define MEDIA_READ_AHEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define READ_AHEAD_PIECE (128u * 1024u) /* most bytes of one view */

struct read_ahead;

/*
 * The caller keeps fd, and keeps it open until read_ahead_free(). Blocks have unit bytes, at
 * most READ_AHEAD_PIECE. NULL: no memory, or no thread.
 */
struct read_ahead *read_ahead_new(int fd, uint32_t unit, void (*ready)(void *ctx), void *ctx);
/* Waits for the read that is in progress. NULL is fine. */
void read_ahead_free(struct read_ahead *a);

/*
 * Copies *len bytes from offset `at` on, or fewer. `at` and *len are whole blocks; *len
 * becomes the number of bytes copied, at least one block. Sets *data, valid until the next
 * call. The file has `end` bytes; its last block is filled up with zeros.
 * 0; -EAGAIN; -errno of reading the first block; -EIO if the file has become shorter.
 */
int read_ahead_view(
	struct read_ahead *a, uint64_t at, uint32_t *len, uint64_t end, const uint8_t **data);
/*
 * Goes on with another file: drops all that was read. The former file must stay open until
 * read_ahead_free(), because the thread may still be reading it. The caller of read_ahead_view().
 */
void read_ahead_turn(struct read_ahead *a, int fd);
/*
 * The same for bytes that no file has as they are. read() waits, and returns bytes, or -errno; the
 * thread calls it, and the former source may still be in use. What source points to must stay until
 * read_ahead_free().
 */
struct read_ahead_source {
	int32_t (*read)(void *ctx, uint64_t at, void *buf, uint32_t len);
	void *ctx;
};
void read_ahead_turn_to(struct read_ahead *a, const struct read_ahead_source *source);
/* Drops all that was read: the file is being written or shortened. Any thread. */
void read_ahead_drop(struct read_ahead *a);

#endif
