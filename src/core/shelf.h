/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What lies on the shelf: the images of a media folder, with kinds and labels. A
 * thread looks, for ten thousand images on a slow card take their time; answers
 * come on the main thread. Labels are remembered as long as their files are what
 * they were.
 */
#ifndef CORE_SHELF_H
#define CORE_SHELF_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "core/label.h"

#define SHELF_MAX        20000u /* images in a list */
#define SHELF_LABEL_WAIT 5000u  /* ms that are spent on labels not known yet, for one list */

struct shelf_entry {
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

struct shelf_list {
	struct shelf_entry *entry; /* in order of names, by their bytes */
	size_t count;
	size_t unread;    /* entries without their label */
	unsigned unnamed; /* files and folders left out: no command line can hold their names */
	bool more;        /* and there are further ones */
	int error;        /* the folder could not be read: -errno; 0 */
};

/* The owner keeps it until it is answered or forgotten. */
struct shelf_request {
	/* May ask again; not when list is NULL: the shelf goes away. */
	void (*done)(struct shelf_request *r, const struct shelf_list *list);
	bool labels; /* time may be spent on them */
	struct shelf_request *next;
};

struct shelf;

/* 0 or -errno. folder remains the caller's. */
int shelf_new(int folder, sd_event *event, unsigned label_wait, struct shelf **out);
/* The folder is the same. */
bool shelf_is_of(const struct shelf *s, int folder);
struct shelf *shelf_ref(struct shelf *s);
/* The last one answers what is left. NULL is fine. */
void shelf_unref(struct shelf *s);

/* Looks as it is from now on; r->done is called later, never from here. */
void shelf_ask(struct shelf *s, struct shelf_request *r);
/* It is not answered any more; nothing happens when it was not asked. */
void shelf_forget(struct shelf *s, struct shelf_request *r);

/* ---- the looking (shelf_scan.c), any thread ----------------------------------------------- */

/* Labels known by the files they were read from. All 0 = none. */
struct shelf_labels {
	struct shelf_label *at;
	size_t count;
};

struct shelf_scan {
	int folder;
	size_t max;          /* entries */
	unsigned label_wait; /* ms; 0 = only those that are known */
	label_fn *read_label;
	atomic_bool *stop; /* give up when it is true; may be NULL */
};

/* out is to be released with shelf_list_fini(), known with shelf_labels_fini(). */
void shelf_scan(const struct shelf_scan *s, struct shelf_labels *known, struct shelf_list *out);
void shelf_list_fini(struct shelf_list *l);
void shelf_labels_fini(struct shelf_labels *known);

#endif
