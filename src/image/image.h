/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opens the image of a disc for a drive, and explains refusals and warnings to the user. */
#ifndef IMAGE_IMAGE_H
#define IMAGE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "cd/tally.h"
#include "disc/disc.h"
#include "library/image_as.h"
#include "library/image_place.h"
#include "library/image_refusal.h"

/* How discs are opened; the same for all discs of a drive. */
struct image_policy {
	uint32_t max_unsaved; /* blocks; see disc_options */
	/* The medium of an image of 0 bytes without a state; NULL = disc_medium_of_blank(). */
	const struct disc_medium *blank;
	enum image_as iso; /* what a plain image is; IMAGE_AS_DRIVE = IMAGE_AS_DVD */
	enum image_as as;  /* what the user has said of this image */
	bool beside; /* a drive has the disc locked, but records nothing more on it: read it all the
			same */
	bool limit_to_free_space; /* show the host no more free blocks than the file system has */
	disc_release_fn *release;
	void *release_ctx;
	/*
	 * See media_file_read_ahead() and media_write_behind_new(). NULL: there are no such
	 * threads, and the drive waits for storage.
	 */
	void (*ready)(void *ctx);
	void *ready_ctx;
};

struct image {
	char *name; /* in the media folder */
	char *path;
	uint64_t size;    /* bytes when it was opened */
	const char *kind; /* image_kind() then; "cd": a text and its files, a CHD, or raw sectors */
	enum image_as as; /* image_policy.as then */
	bool recordable;  /* open and locked for writing; no other drive can have it */
	dev_t dev;
	ino_t ino;
	/*
	 * A number that tells a disc of several files from others: it differs if the map or one of
	 * the files differs. 0: dev and ino say which disc it is.
	 */
	uint64_t composition;
	struct image_place *place; /* where its file is; NULL if it could not be opened */
	struct disc *disc;         /* a caller that keeps it sets this to NULL */
	char warning[640];         /* "", or warnings for the user, each with "; " before it */
};

/*
 * Opens the image of that name in the media folder. 0, or -errno with *why; -EBUSY: another
 * drive or program has locked it, and dev and ino of *out are set. The caller releases *out
 * with image_fini() in any case. May wait for storage.
 */
int image_open(int folder, const char *folder_name, const char *name,
	const struct image_policy *policy, struct image *out, struct refusal *why);
/*
 * To be called for a disc that is being inserted. From now on a thread writes its blocks, and
 * calls policy->ready when a call that answered -EAGAIN is worth repeating. Does nothing if
 * policy->ready is NULL.
 */
void image_write_behind(const struct image_policy *policy, struct disc *disc);
/* A blank that is to be made. */
struct image_blank {
	const struct disc_medium *medium;
	uint32_t capacity; /* blocks, of a CD; 0 = as usual for the medium */
};
/*
 * Makes the image of a blank, an empty file, and its state file, which it does not need if its
 * medium is both `plain`, the drive's for an empty file, and disc_medium_of_blank(). If there is an
 * empty file of that name already, it must be the same blank; without a state it is `plain`. 0 or
 * -errno with *why.
 */
int image_create_blank(int folder, const char *folder_name, const char *name,
	const struct image_blank *blank, const struct disc_medium *plain, struct refusal *why);
/*
 * True if the empty image of that name has nothing recorded on it, and image_create_blank() would
 * take it for that blank.
 */
bool image_is_blank_of(int folder, const char *name, const struct image_blank *blank,
	const struct disc_medium *plain);
/* Drops the reference to the disc, frees the strings, and clears *image. */
void image_fini(struct image *image);

/* Describes the disc for people: "blank DVD+R", "appendable DVD+R, 2 sessions", "DVD+RW,
 * formatted". */
void image_describe(const struct disc *d, char *out, size_t size);

/* Returns what image_peek() would call it: a fixed word for scripts. */
const char *image_kind(const struct disc *d);

/* Properties of an image that a list shows, found without opening the image itself. */
struct image_peek {
	const char *kind;                 /* "blank", "open", "appendable", "rewritable", "iso" */
	const struct disc_medium *medium; /* of the disc; of a plain image, a DVD-ROM or BD-ROM */
	enum disc_format format;
	const char *problem; /* what is wrong with its state file; NULL = nothing */
	bool has_state; /* it has a state file; an empty image without one is what its drive says */
	bool damaged;   /* when it was verified, storage returned other data */
	unsigned sessions;      /* complete ones */
	uint64_t session;       /* offset of the last complete session, in bytes */
	struct cd_tally tracks; /* of a CD-R or CD-RW; all 0: nothing is recorded */
};
void image_peek(int folder, const char *name, uint64_t size, struct image_peek *out);
/* True if storage returned other data when the image of that name was verified. */
bool image_is_damaged(int folder, const char *name);
/* Does the same for an image that has neither state nor checksum. */
void image_peek_alone(uint64_t size, struct image_peek *out);
/*
 * False: the image certainly cannot be inserted. This is decided without opening the image.
 * base is its name without folders.
 */
bool image_is_usable(const char *base, uint64_t size, bool may_read, bool may_write,
	const struct image_peek *peek);

/* Bytes of the largest image of a disc of that medium and capacity. */
uint64_t image_largest(const struct disc_medium *medium, uint32_t capacity);

/*
 * Writes a warning in the format of image.warning if the folder's file system has no room for
 * that many more bytes, otherwise "".
 */
void image_warn_room(
	int folder, const char *folder_name, uint64_t bytes, char *out, size_t out_size);

/* Writes that the volume is longer than the file; "" if it is not, or its size is unknown (0). */
void image_describe_copy(uint64_t volume, uint64_t size, char *out, size_t out_size);

#endif
