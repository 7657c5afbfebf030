/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An image file on its way into a drive, and the words for what is wrong with it. */
#ifndef LIBRARY_IMAGE_H
#define LIBRARY_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "disc/disc.h"

/* How discs are opened: the same for all of a drive. */
struct image_policy {
	uint32_t max_unsaved; /* blocks; see disc_options */
	bool fits;            /* tell the host of no more free blocks than the file system has */
	disc_release_fn *release;
	void *release_ctx;
	/* See media_file_read_ahead(), media_write_behind_new(). NULL: all waits for storage. */
	void (*ready)(void *ctx);
	void *ready_ctx;
};

struct image {
	char *name; /* in the media folder */
	char *path;
	uint64_t size;   /* bytes when it was opened */
	bool recordable; /* it is held for writing: nobody else may have it */
	dev_t dev;
	ino_t ino;
	struct disc *disc; /* the caller takes it out */
	char warning[320]; /* "" or what the user should know, with "; " before it */
};

/* Why an operation was refused: a fixed code for scripts, a text for people. */
struct refusal {
	const char *code;
	char text[512];
};

/*
 * Opens name. 0, or -errno with *why; -EBUSY: somebody holds it, dev and ino
 * of *out are set then. *out is to be released with image_fini() in any case.
 */
int image_open(int folder, const char *folder_name, const char *name,
	const struct image_policy *policy, struct image *out, struct refusal *why);
/* The disc goes into a drive: from here on its writes wait for nobody, as policy->ready says. */
void image_write_behind(const struct image_policy *policy, struct disc *disc);
/* Makes name an empty file unless it is one. 0 or -errno with *why. */
int image_create_blank(int folder, const char *folder_name, const char *name, struct refusal *why);
void image_fini(struct image *image);

/* "blank DVD+R", "DVD+R, 2 sessions" ...: what kind of disc it is, for people. */
void image_describe(const struct disc *d, char *out, size_t size);

/* What a listing says of a file that is not opened for it. */
struct image_peek {
	const char *kind;    /* "blank", "open", "appendable", "iso" */
	const char *problem; /* of its state; NULL = none */
	bool damaged;        /* read back after its burn, it was something else */
	unsigned sessions;   /* complete ones */
	uint64_t session;    /* the byte at which the last of them begins */
};
void image_peek(int folder, const char *name, uint64_t size, struct image_peek *out);
/* Nothing that can be seen without opening it is against inserting it. base: without folders. */
bool image_is_usable(const char *base, uint64_t size, bool may_read, bool may_write,
	const struct image_peek *peek);

/* "" or a warning, as in struct image: that many more blocks may not find room in the folder. */
void image_warn_room(
	int folder, const char *folder_name, uint32_t blocks, char *out, size_t out_size);

#endif
