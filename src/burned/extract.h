/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copies audio tracks of a compact disc to WAV files, in a folder with the names of the CD-Text.
 * The samples come as a drive reads them: through the disc, its map and its medium. Any thread;
 * waits for storage, and takes minutes.
 */
#ifndef BURNED_EXTRACT_H
#define BURNED_EXTRACT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "burned/song_folder.h"
#include "disc/disc.h"
#include "library/image_refusal.h"

/* Bytes that stay free on the card: burns go before copies. */
#define EXTRACT_RESERVE (UINT64_C(32) << 20)

struct extract_progress {
	unsigned track;            /* number of the track that is being copied */
	unsigned nth, tracks;      /* it is the nth of so many; tracks 0: not begun */
	uint64_t bytes, all_bytes; /* of all tracks: copied, and to be copied */
};

struct extract {
	const char *name;   /* of the disc, for messages */
	struct disc *disc;  /* used by nobody else, and without read-ahead */
	int home;           /* the media folder, see song_folder_begin() */
	int beside;         /* the folder of the disc's file, which gets the new folder */
	const char *base;   /* name of the disc's file there */
	const char *hidden; /* see song_folder_begin() */
	unsigned track;     /* number of the only track to copy; 0 = all audio tracks */
	const char *to;   /* name of the folder, which may exist; NULL = a new one by the CD-Text */
	uint64_t reserve; /* bytes that must stay free; usually EXTRACT_RESERVE */
	atomic_bool *stop; /* give up once it is true */
	/* True: a drive is burning, so the copy waits. May be NULL. */
	bool (*busy)(void *ctx);
	/* Called once for each piece. May be NULL. */
	void (*progress)(void *ctx, const struct extract_progress *p);
	void *ctx;
};

struct extracted {
	char folder[SONG_NAME]; /* where the songs are, beside the disc */
	unsigned tracks;
	uint64_t bytes;
	char file[CD_MAX_TRACKS][SONG_NAME]; /* names of the songs there */
};

/*
 * 0: the songs are on storage. Otherwise there are none, and *why says the reason: -ENODATA: the
 * disc has no audio tracks, or no such one; -EEXIST: a song of that name exists; -ENOSPC;
 * -ECANCELED: because of stop; -errno.
 */
int extract(const struct extract *e, struct extracted *out, struct refusal *why);

#endif
