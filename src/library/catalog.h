/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What lies on the catalog: the images of a media folder, with kinds and labels. A
 * thread looks, for ten thousand images on a slow card take their time; answers
 * come on the main thread. Labels are remembered as long as their files are what
 * they were.
 */
#ifndef LIBRARY_CATALOG_H
#define LIBRARY_CATALOG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "library/label.h"

#define CATALOG_MAX        20000u /* images in a list */
#define CATALOG_LABEL_WAIT 5000u  /* ms that are spent on labels not known yet, for one list */

struct catalog_entry {
	char *name;  /* relative to the folder */
	char *label; /* "" = none; NULL = not read yet */
	uint64_t size;
	dev_t dev;
	ino_t ino;
	const char *kind, *problem; /* as in struct image_peek */
	unsigned sessions;
	bool damaged;
	bool usable; /* see image_is_usable() */
};

struct catalog_list {
	struct catalog_entry *entry; /* in order of names, by their bytes */
	size_t count;
	size_t unread;    /* entries without their label */
	unsigned unnamed; /* files and folders left out: no command line can hold their names */
	bool more;        /* and there are further ones */
	int error;        /* the folder could not be read: -errno; 0 */
};

/* The owner keeps it until it is answered or forgotten. */
struct catalog_request {
	/* May ask again; not when list is NULL: the catalog goes away. */
	void (*done)(struct catalog_request *r, const struct catalog_list *list);
	bool labels; /* time may be spent on them */
	struct catalog_request *next;
};

struct catalog;

/* 0 or -errno. folder remains the caller's. */
int catalog_new(int folder, sd_event *event, unsigned label_wait, struct catalog **out);
/* The folder is the same. */
bool catalog_is_of(const struct catalog *s, int folder);
struct catalog *catalog_ref(struct catalog *s);
/* The last one answers what is left. NULL is fine. */
void catalog_unref(struct catalog *s);

/* Looks as it is from now on; r->done is called later, never from here. */
void catalog_request(struct catalog *s, struct catalog_request *r);
/* It is not answered any more; nothing happens when it was not asked. */
void catalog_forget(struct catalog *s, struct catalog_request *r);

/* ---- the looking (catalog_scan.c), any thread ----------------------------------------------- */

/* Labels known by the files they were read from. All 0 = none. */
struct catalog_labels {
	struct catalog_label *at;
	size_t count;
};

struct catalog_scan {
	int folder;
	size_t max;          /* entries */
	unsigned label_wait; /* ms; 0 = only those that are known */
	label_fn *read_label;
	atomic_bool *stop; /* give up when it is true; may be NULL */
};

/* out is to be released with catalog_list_fini(), known with catalog_labels_fini(). */
void catalog_scan(
	const struct catalog_scan *s, struct catalog_labels *known, struct catalog_list *out);
void catalog_list_fini(struct catalog_list *l);
void catalog_labels_fini(struct catalog_labels *known);

#endif
