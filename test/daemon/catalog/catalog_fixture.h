/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A media folder, its catalog, and what a search finds in it. */
#ifndef DAEMON_CATALOG_CATALOG_FIXTURE_H
#define DAEMON_CATALOG_CATALOG_FIXTURE_H

#include "daemon/iso.h"

#include <time.h>

#include "catalog/catalog.h"
#include "catalog/match.h"
#include "library/library.h"

static int folder;
static struct catalog_labels known;
static struct catalog_list list;

static inline int setup(void **state)
{
	if (scratch_make(state) < 0)
		return -1;
	mkdir(in_scratch("media"), 0755);
	mkdir(in_scratch("outside"), 0755);
	folder = library_open_folder(in_scratch("media"));
	return folder < 0 ? -1 : 0;
}

static inline int teardown(void **state)
{
	catalog_list_fini(&list);
	catalog_labels_fini(&known);
	close(folder);
	return scratch_remove(state);
}

/* Reads labels for the catalog, and counts the calls. */
static unsigned label_reads, slow_ms;

static inline void read_label_counted(int fd, uint64_t session, struct label *out)
{
	label_reads++;
	if (slow_ms)
		nanosleep(&(struct timespec){.tv_nsec = slow_ms * 1000000L}, NULL);
	label_read(fd, session, out);
}

static inline void scan_for(unsigned label_wait, size_t max)
{
	struct catalog_scan s = {.folder = folder,
		.path = "/media",
		.max = max,
		.label_wait = label_wait,
		.read_label = read_label_counted};

	catalog_list_fini(&list);
	label_reads = 0;
	catalog_scan(&s, &known, &list);
	assert_int_equal(list.error, 0);
}

static inline void scan(void)
{
	scan_for(5000, CATALOG_MAX);
}

static inline const struct catalog_entry *entry(const char *name)
{
	for (size_t i = 0; i < list.count; i++) {
		if (strcmp(list.entry[i].name, name) == 0)
			return &list.entry[i];
	}
	fail_msg("no \"%s\" in the list", name);
	return NULL;
}

static inline const char *names(void)
{
	static char out[1024];

	out[0] = '\0';
	for (size_t i = 0; i < list.count; i++)
		sprintf(out + strlen(out), "%.60s ", list.entry[i].name);
	return out;
}

/* Waits until the file is old enough for the catalog to cache its label. */
static inline void wait_until_old(const char *name)
{
	char path[SCRATCH_PATH];

	/* ctime cannot be set; the clock can only be waited for. */
	snprintf(path, sizeof(path), "%s", in_scratch(name));
	assert_int_equal(access(path, F_OK), 0);
	nanosleep(&(struct timespec){.tv_sec = 2, .tv_nsec = 100000000}, NULL);
}

static inline struct match find(const char *text)
{
	struct match p;

	match_find(&list, text, &p);
	return p;
}

#define FINDS(text, want)                                                                          \
	do {                                                                                       \
		struct match p_ = find(text);                                                      \
		assert_int_equal(p_.result, MATCH_ONE);                                            \
		assert_string_equal(p_.at[0]->name, want);                                         \
	} while (0)

static inline bool any(const struct catalog_entry *e, void *ctx)
{
	return e != ctx;
}

static inline const char *neighbour(const char *name, const char *real, bool back)
{
	struct match_from from = {.name = name};
	const struct catalog_entry *e;

	if (real) {
		from.dev = entry(real)->dev;
		from.ino = entry(real)->ino;
	}
	e = match_neighbour(&list, &from, back, any, NULL);
	return e ? e->name : "(none)";
}

#endif
