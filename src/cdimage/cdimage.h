/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the texts that describe compact discs: cue sheets, the .ccd of CloneCD, the .toc of cdrdao,
 * and the texts inside a CHD of MAME. The texts come from strangers. This room is pure: it sees a
 * text, and asks for the sizes and some bytes of the files that the text names; it allocates
 * nothing and makes no system call.
 */
#ifndef CDIMAGE_CDIMAGE_H
#define CDIMAGE_CDIMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cd/map.h"

#define CDIMAGE_TEXT_MAX  65536u /* bytes of a text */
#define CDIMAGE_NAME_MAX  256u   /* of a file, with the final NUL */
#define CDIMAGE_ERROR_MAX 512u
#define CDIMAGE_READ_MAX  4096u /* bytes of one read() */

/* A CHD is no text: it is the only file of its disc, and its texts are inside. */
enum cdimage_kind { CDIMAGE_NONE, CDIMAGE_CUE, CDIMAGE_CCD, CDIMAGE_TOC, CDIMAGE_CHD };
/* Returns of which kind the file is, by the suffix of its name. */
enum cdimage_kind cdimage_kind_of(const char *name);

/* How a parser gets at the files that its text names. */
struct cdimage_source {
	/*
	 * Finds the file of that base name and writes its size in bytes. 0, or -errno. The files
	 * are numbered from 0 in the order in which they are found.
	 */
	int (*find)(void *ctx, const char *name, uint64_t *size);
	/*
	 * Reads from a file that was found; len is at most CDIMAGE_READ_MAX. Returns the bytes that
	 * were read, fewer only at the end of the file; or -errno.
	 */
	int (*read)(void *ctx, unsigned file, uint64_t offset, void *buf, size_t len);
	void *ctx;
};

/* The place at which the text has the name of a file, without the path before it. */
struct cdimage_mention {
	uint32_t at; /* byte of the text */
	uint16_t length;
	uint16_t file; /* its number */
};

#define CDIMAGE_MENTIONS_MAX 512u

struct cdimage_mentions {
	uint32_t count; /* more than CDIMAGE_MENTIONS_MAX: at[] has the first ones */
	struct cdimage_mention at[CDIMAGE_MENTIONS_MAX]; /* ascending, without overlap */
};

/*
 * How a file stores sectors. Extents of a compressed file count the bytes that the decoder makes of
 * it: samples, or frames (chd_frames.h).
 */
enum cdimage_use { CDIMAGE_UNUSED, CDIMAGE_STORED, CDIMAGE_FLAC, CDIMAGE_CHD_FRAMES };

struct cdimage {
	struct cd_map map;
	/* Without names that the text does not contain literally: with escapes, or of a .ccd. */
	struct cdimage_mentions mentions;
	char name[CD_MAX_FILES][CDIMAGE_NAME_MAX]; /* base names as the text has them, in UTF-8 */
	uint64_t size[CD_MAX_FILES];  /* bytes, of a compressed file those that it is decoded to */
	uint8_t use[CD_MAX_FILES];    /* enum cdimage_use; a file that is not used is a part of the
					 disc all the same */
	char note[CDIMAGE_ERROR_MAX]; /* what of a disc is left out, for people; "": nothing */
	/* Why the text was refused, for people; "" otherwise. It may contain names of the text. */
	char error[CDIMAGE_ERROR_MAX];
};

/*
 * Parses a text of that kind; name is that of its file, without folders. True: out is a disc, every
 * extent of it lies inside its file, and the addresses ascend. False: out->error says why, with the
 * line. text needs no final NUL; that of a CHD is empty, and the file is found by its own name.
 */
bool cdimage_parse(enum cdimage_kind kind, const char *name, const char *text, size_t len,
	const struct cdimage_source *source, struct cdimage *out);

/* The place of the samples in a WAV or FLAC file. */
struct cdimage_wav {
	uint64_t offset, length; /* bytes; of FLAC, those of the samples */
	bool flac;               /* offset is 0 */
};
/*
 * Finds the samples of the file, which has `size` bytes. What the file holds counts, not its name.
 * NULL; or why the file cannot be on a CD, as the end of a sentence about the file: "is ...".
 */
const char *cdimage_wav(
	const struct cdimage_source *source, unsigned file, uint64_t size, struct cdimage_wav *out);

#endif
