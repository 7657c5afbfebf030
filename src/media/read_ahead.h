/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ahead: reading a file without waiting for it. What is in memory already is
 * copied at once; the rest is read by a thread, which asks storage for more when
 * somebody reads in a row. Until then whoever reads gets -EAGAIN, and a call when
 * it is worth asking again.
 *
 * Its memory is two pieces, whatever the file's size. Sizes and offsets are in
 * bytes.
 */
#ifndef MEDIA_READ_AHEAD_H
#define MEDIA_READ_AHEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/media.h"

#define AHEAD_PIECE (128u * 1024u) /* most that one call gives */

struct ahead;

/*
 * On a descriptor that stays open as long as this lives; blocks have unit bytes, at
 * most AHEAD_PIECE. The thread calls ready whenever an answer that was -EAGAIN may be
 * another one now. NULL: no memory, or no thread.
 */
struct ahead *ahead_new(int fd, uint32_t unit, void (*ready)(void *ctx), void *ctx);
/* Waits for what the thread is reading. NULL is fine. */
void ahead_free(struct ahead *a);

/*
 * A copy of *len bytes (whole blocks) from `at` on, or of fewer whole blocks, at least
 * one: *data, valid until the next call. The file has `end` bytes; behind them are zeros.
 * 0; -EAGAIN: ask again; -errno of reading the first block, -EIO when the file has
 * been cut before its end.
 */
int ahead_view(struct ahead *a, uint64_t at, uint32_t *len, uint64_t end, const uint8_t **data);
/* The file was written or cut: nothing that was read before will be given. Any thread. */
void ahead_forget(struct ahead *a);

#endif
