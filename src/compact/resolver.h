/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds out what the text of a compact disc (a cue sheet, a .ccd, a .toc) says. The daemon itself
 * parses nothing of it: a process without rights does, which is started for each text, sees only
 * the text and some bytes of the files that it names, and answers with a map. The daemon checks all
 * numbers of it (decision 019).
 */
#ifndef COMPACT_RESOLVER_H
#define COMPACT_RESOLVER_H

#include "cd/map.h"
#include "cdimage/cdimage.h"
#include "library/image_refusal.h"
#include "library/library.h"

#define RESOLVER_WAIT 5000u /* ms for a text */

/* A file that the text names. */
struct resolver_file {
	char name[256]; /* in the folder of the text, as the folder has it */
	uint64_t size;
	dev_t dev;
	ino_t ino;
};

struct resolver_disc {
	struct cd_map map; /* cd_map_check() accepts it, with the sizes of the files */
	struct resolver_file file[CD_MAX_FILES]; /* map.files of them */
	uint64_t decoded[CD_MAX_FILES];   /* bytes that a file is decoded to, which its extents
					     count; 0: the file is stored as it is */
	struct cdimage_mentions mentions; /* inside the text */
	char note[CDIMAGE_ERROR_MAX];     /* what of the disc is left out; "": nothing */
	bool lasts;                       /* of a refusal: see resolver_resolve() */
};

/* True if the name is that of such a text, or of a CHD. */
bool resolver_reads(const char *name);
/*
 * True if a file of that name and size is one. An image of that name that was burned is larger, and
 * a blank is empty. A CHD is none.
 */
bool resolver_is_text(const char *name, uint64_t size);
/* True if a file of that name and size is a CHD, which is one file and says itself what it is. */
bool resolver_is_chd(const char *name, uint64_t size);

/*
 * Resolves f: a text if its name is that of one, otherwise a CHD. 0; -EBADMSG: the text is not a
 * disc, or a file is missing; -ENOPKG: the resolver cannot be started; -ENOEXEC: it misbehaved, or
 * was not done in time; -errno: the text cannot be read. *why has the reason. If out->lasts, the
 * same refusal would come again until the text, the names in its folder, or one of the
 * out->map.files files that were found changes. The resolver is dead when this returns. Any thread;
 * waits for storage and the resolver, which has RESOLVER_WAIT, waits for storage included.
 */
int resolver_resolve(const struct library_file *f, struct resolver_disc *out, struct refusal *why);

/* A text as it would be with other names. */
struct resolver_as {
	const char *name; /* of the text */
	const char *text;
	size_t length;
	/* A file of the name to[i] is the one that has the name from[i] now. */
	unsigned files;
	char (*from)[256], (*to)[256];
};
/* As resolver_resolve(), of the text f with this name and these contents. */
int resolver_resolve_as(const struct library_file *f, const struct resolver_as *as,
	struct resolver_disc *out, struct refusal *why);

/*
 * For tests: the program to start instead; NULL: the usual one. The string must stay valid. wait_ms
 * replaces RESOLVER_WAIT unless it is 0.
 */
void resolver_use(const char *program, unsigned wait_ms);

#endif
