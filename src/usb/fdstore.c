// SPDX-License-Identifier: GPL-2.0-or-later
#include "usb/fdstore.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "util/array.h"
#include "util/log.h"

#define BARRIER_USEC 5000000u

/* Ends of names in the store. "keep" is the hand-over state: older daemons know that name. */
static const char *const parts[] = {"ep0", "ep1", "ep2", "keep"};
#define HANDOVER 3u /* index in parts[] */

static int *file_of(struct fdstore_drive *d, size_t part)
{
	int *const place[] = {&d->files.ep0, &d->files.in, &d->files.out, &d->handover};

	return place[part];
}

/* The name of a file in the store. FDNAME= allows no colon; a drive's name has none. */
static void make_name(char *buf, size_t size, const char *drive, size_t part)
{
	snprintf(buf, size, "%s-%s", drive, parts[part]);
}

static void forget_files(struct fdstore *s)
{
	for (size_t i = 0; i < ARRAY_LEN(s->drive); i++) {
		for (size_t p = 0; p < ARRAY_LEN(parts); p++)
			*file_of(&s->drive[i], p) = -1;
	}
}

/* Returns where the file of that name belongs in *s; NULL: no drive has such a file. */
static int *find_place(struct fdstore *s, const struct drives *drives, const char *fdname)
{
	char name[64];

	for (unsigned i = 0; i < drives->count; i++) {
		for (size_t p = 0; p < ARRAY_LEN(parts); p++) {
			make_name(name, sizeof(name), drive_name(drives->drive[i]), p);
			if (strcmp(name, fdname) == 0)
				return file_of(&s->drive[i], p);
		}
	}
	return NULL;
}

void fdstore_init(struct fdstore *s)
{
	s->names = NULL;
	forget_files(s);
}

void fdstore_inherit(struct fdstore *s, const struct drives *drives)
{
	int n = sd_listen_fds_with_names(true, &s->names);

	if (n < 0)
		log_warn("file descriptors from systemd: %s", strerror(-n));
	for (int i = 0; i < n; i++) {
		int *place = find_place(s, drives, s->names[i]);

		if (place && *place < 0)
			*place = SD_LISTEN_FDS_START + i;
		else
			close(SD_LISTEN_FDS_START + i);
	}
}

static void close_all(struct fdstore *s)
{
	for (size_t i = 0; i < ARRAY_LEN(s->drive); i++) {
		for (size_t p = 0; p < ARRAY_LEN(parts); p++) {
			int fd = *file_of(&s->drive[i], p);

			if (fd >= 0)
				close(fd);
		}
	}
	forget_files(s);
}

static void wait_for_systemd(void)
{
	int r = sd_notify_barrier(0, BARRIER_USEC);

	if (r < 0)
		log_warn("systemd has not confirmed that it closed the gadget's files: %s",
			strerror(-r));
}

/* True if a file of that name in the store is one of FunctionFS, of whatever drive. */
static bool is_functionfs(const char *fdname)
{
	const char *end = strrchr(fdname, '-');

	for (size_t p = 0; end && p < HANDOVER; p++) {
		if (strcmp(end + 1, parts[p]) == 0)
			return true;
	}
	return false;
}

bool fdstore_has_files(const struct fdstore *s)
{
	for (char **name = s->names; name && *name; name++) {
		if (is_functionfs(*name))
			return true;
	}
	return false;
}

static bool is_handover(const struct drives *drives, const char *fdname)
{
	char name[64];

	for (unsigned i = 0; i < drives->count; i++) {
		make_name(name, sizeof(name), drive_name(drives->drive[i]), HANDOVER);
		if (strcmp(name, fdname) == 0)
			return true;
	}
	return false;
}

void fdstore_discard(struct fdstore *s, const struct drives *drives)
{
	close_all(s);
	if (!s->names)
		return;
	for (char **name = s->names; *name; name++) {
		if (!is_handover(drives, *name))
			sd_notifyf(0, "FDSTOREREMOVE=1\nFDNAME=%s", *name);
	}
	wait_for_systemd();
}

void fdstore_free(struct fdstore *s)
{
	close_all(s);
	for (char **name = s->names; name && *name; name++)
		free(*name);
	free(s->names);
	s->names = NULL;
}

int fdstore_put(const char *drive, const struct ffs_files *files, int handover)
{
	struct fdstore_drive d = {.files = *files, .handover = handover};

	for (size_t p = 0; p < ARRAY_LEN(parts); p++) {
		char name[64], text[128];
		int r;

		make_name(name, sizeof(name), drive, p);
		/* The store keeps several files of one name: drops that of an older daemon. */
		sd_notifyf(0, "FDSTOREREMOVE=1\nFDNAME=%s", name);
		/* Without FDPOLL=0 systemd drops files at a hang-up; these files stay usable. */
		snprintf(text, sizeof(text), "FDSTORE=1\nFDNAME=%s\nFDPOLL=0", name);
		r = sd_pid_notify_with_fds(0, false, text, file_of(&d, p), 1);
		if (r < 0)
			return r;
	}
	return 0;
}

void fdstore_remove(const struct drives *drives)
{
	for (unsigned i = 0; i < drives->count; i++) {
		for (size_t p = 0; p < ARRAY_LEN(parts); p++) {
			char name[64];

			make_name(name, sizeof(name), drive_name(drives->drive[i]), p);
			sd_notifyf(0, "FDSTOREREMOVE=1\nFDNAME=%s", name);
		}
	}
	wait_for_systemd();
}
