/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The catalog: lists of the images of a media folder, with kinds and labels. A thread
 * scans the folder, because ten thousand images on a slow card take seconds; requests are
 * made and answered on the main thread. Labels are cached until their files change.
 */
#ifndef CATALOG_CATALOG_H
#define CATALOG_CATALOG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>
#include <systemd/sd-event.h>

#include "cd/tally.h"
#include "library/image_as.h"
#include "library/label.h"

#define CATALOG_MAX        20000u /* images in a list */
#define CATALOG_LABEL_WAIT 5000u  /* ms for reading labels that are not cached, in one scan */
#define CATALOG_LOOK_WAIT  1000u  /* ms for the same in a scan that does not wait for labels */

struct catalog_entry {
	char *name;  /* relative to the folder */
	char *label; /* "" = none; NULL = not read yet */
	uint64_t size;
	dev_t dev;
	ino_t ino;
	uint64_t file_size;      /* bytes of the file itself */
	struct timespec written; /* its mtime */
	char *sha256;            /* NULL, or what known_sum() says */
	uint64_t volume;         /* bytes of the image as its volume has them; 0 = unknown */
	/*
	 * As in struct image_peek; or "copying", "unknown" (no volume found, no disc's suffix),
	 * "cd" (a text that names the files of a compact disc; size is that of the files)
	 */
	const char *kind;
	const char *medium;  /* the name of its row, see disc/medium.h */
	const char *problem; /* as in struct image_peek, or fault */
	/* NULL, or why a text is not a disc, or the remark: what to type so that it can be read */
	char *fault;
	struct cd_tally tracks; /* of a compact disc; all 0: unknown */
	const char *format;     /* disc_medium_format_name(); NULL or "" = none */
	const char *remark;     /* what people should know of it; NULL = nothing */
	unsigned sessions;
	bool damaged;     /* as in struct image_peek */
	bool burned;      /* a drive has burned it, and nothing else has written to it since */
	bool verified;    /* and after that, storage gave back what was burned */
	bool plain_image; /* not empty and without a state: its drive says if it is a CD */
	bool udf;         /* it has a UDF volume; false while its label has not been read */
	bool plain_blank; /* empty and without a state: the medium is what its drive says */
	bool usable;      /* see image_is_usable(); false if it is unreadable */
	bool unreadable;  /* the daemon may not read it; kind is what it would be */
	/*
	 * It is a disc, as far as is known: what else is in the folder is inserted by its whole
	 * name only.
	 */
	bool is_disc;
};

/* True if a drive that shows plain images as iso shows this one as a CD, and no CD can hold it. */
bool catalog_entry_is_too_large(const struct catalog_entry *e, enum image_as iso);

struct catalog_list {
	struct catalog_entry *entry; /* sorted by the bytes of their names */
	size_t count;
	size_t unread;       /* entries whose label has not been read */
	unsigned unnamed;    /* files and folders left out: their names fit in no control line */
	unsigned unfinished; /* files left out: by their suffix they are still being copied */
	char **state;        /* names of state files whose image does not exist */
	size_t states;
	uint64_t free_bytes; /* of the file system, for the daemon's user */
	bool free_known;
	bool more; /* the folder has more than CATALOG_MAX images */
	int error; /* 0, or -errno: the folder could not be read */
};

/* Belongs to the caller, and must stay valid until done() is called or catalog_forget() returns. */
struct catalog_request {
	/*
	 * Gets the list, valid until it returns; NULL: the catalog is being freed. Unless
	 * list is NULL, it may make another request.
	 */
	void (*done)(struct catalog_request *r, const struct catalog_list *list);
	bool labels; /* wait for labels that are not cached */
	struct catalog_request *next;
};

struct catalog;

/*
 * Makes a catalog of the folder of that path, which each scan opens again; label_wait in ms
 * as CATALOG_LABEL_WAIT. The caller holds the only reference. 0 or -errno.
 */
int catalog_new(const char *path, sd_event *event, unsigned label_wait, struct catalog **out);
struct catalog *catalog_ref(struct catalog *c);
/* The last unref answers all requests with NULL and frees the catalog. NULL is fine. */
void catalog_unref(struct catalog *c);

/* Queues a scan that begins after this call. Calls r->done later, never before returning. */
void catalog_request(struct catalog *c, struct catalog_request *r);
/* Drops a request: r->done will not be called. Does nothing if r was not queued. */
void catalog_forget(struct catalog *c, struct catalog_request *r);

/* ---- the scan (catalog_scan.c), any thread -------------------------------------------------- */

/*
 * Cache of labels, by the files that they were read from, and of texts of compact discs. All
 * members 0: empty.
 */
struct catalog_labels {
	struct catalog_label *at;
	size_t count;
	struct catalog_text *text;
	size_t texts;
};

struct catalog_scan {
	int folder;
	const char *path;    /* of the folder, for people */
	size_t max;          /* entries at most */
	unsigned label_wait; /* ms for reading labels; 0 = only those that are cached */
	unsigned look_wait;  /* the same for files that only their contents can tell from discs */
	label_fn *read_label;
	atomic_bool *stop; /* end the scan early once it is true; may be NULL */
};

/*
 * Scans the folder and updates the cache of labels. The caller releases out with
 * catalog_list_fini(), and cache with catalog_labels_fini() after the last scan.
 */
void catalog_scan(
	const struct catalog_scan *s, struct catalog_labels *cache, struct catalog_list *out);
void catalog_list_fini(struct catalog_list *l);
void catalog_labels_fini(struct catalog_labels *cache);

#endif
