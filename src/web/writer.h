/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes what is uploaded to the descriptor that the daemon has given, in a thread of its own, so
 * that a slow card keeps nobody else waiting. It gives way to burns as the daemon says (upload-at),
 * and tells the daemon what is safely on storage.
 */
#ifndef WEB_WRITER_H
#define WEB_WRITER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "web/mail.h"

#define WRITER_RING (1024u * 1024u) /* bytes that may wait for the card */
/*
 * Bytes after which the daemon is told. With the ring, and what a connection holds, less than 64
 * MiB are sent twice.
 */
#define WRITER_SYNC (32u * 1024 * 1024)
#define WRITER_ID   64u

struct writer;

struct writer_config {
	const char *socket; /* of the daemon; must stay */
	struct mail *mail;
	char id[WRITER_ID];
	int fd;                /* becomes the writer's */
	uint64_t offset, size; /* where it begins, and of the whole file */
	/* There is room in the ring again, after writer_put() took less than it was given. */
	void (*room)(void *ctx);
	/*
	 * All is written and synced up to offset. answer: of upload-end, if the file is whole, or
	 * an error; NULL: the file is not whole yet. It stays the writer's. The writer is freed
	 * after it.
	 */
	void (*ended)(void *ctx, uint64_t offset, const json_t *answer);
	void *ctx;
};

/* Copies config. 0 or -errno; then fd stays the caller's. */
int writer_start(const struct writer_config *config, struct writer **out);
/* Takes bytes; returns how many. After an error of the card, it takes all and drops them. */
size_t writer_put(struct writer *w, const char *data, size_t n);
/* No more bytes come. ended() will be called. */
void writer_finish(struct writer *w);
/* The same; room() is not called any more, and ended() with answer NULL, and never upload-end. */
void writer_abandon(struct writer *w);
/* Waits for the end without calling ended(), and frees it. */
void writer_stop(struct writer *w);

#endif
