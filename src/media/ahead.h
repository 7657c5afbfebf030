/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ahead: reading a file without waiting for it. A few windows of the file are
 * mapped; a thread brings their pages into memory, for the read that waits and,
 * behind a sequential one, for those to come. Whoever reads gets -EAGAIN until
 * then, and a call when it is worth asking again.
 *
 * Windows, not the whole file: what is mapped counts as the program's memory,
 * and 32-bit machines have no room for a DVD. Sizes and offsets are in bytes.
 */
#ifndef MEDIA_AHEAD_H
#define MEDIA_AHEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AHEAD_WINDOW  (256u * 1024u)
#define AHEAD_WINDOWS 4u
#define AHEAD_COPY    (64u * 1024u) /* most that ahead_copy() gives at once */

struct ahead;

/*
 * On a descriptor that stays open as long as this lives. ready is called by the
 * thread, whenever an answer that was -EAGAIN may be another one now. NULL: no
 * memory, or no thread.
 */
struct ahead *ahead_new(int fd, void (*ready)(void *ctx), void *ctx);
/* Waits for what the thread is reading. NULL is fine. */
void ahead_free(struct ahead *a);

/*
 * Where *len bytes from `at` on lie, fewer if need be; the file ends at `end`.
 * *data is valid until the next call. It is the file itself: touching it raises
 * SIGBUS when the file was cut meanwhile, a system call fails with EFAULT.
 * 0; -EAGAIN; -EIO: it cannot be mapped, ahead_copy() says more.
 */
int ahead_view(struct ahead *a, uint64_t at, uint32_t *len, uint64_t end, const uint8_t **data);
/*
 * A copy of exactly len bytes (at most AHEAD_COPY), valid until the next call.
 * 0; -EAGAIN: ask for the same again; -errno of reading, -EIO at the file's end.
 */
int ahead_copy(struct ahead *a, uint64_t at, uint32_t len, uint8_t **data);

#endif
