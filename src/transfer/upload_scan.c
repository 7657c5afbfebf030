// SPDX-License-Identifier: GPL-2.0-or-later
#include "transfer/upload_scan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "util/log.h"

#define DEPTH_MAX 8    /* levels of sub-folders, as in library.c */
#define ORPHAN    3600 /* seconds after which nobody makes the text of a part file any more */

bool upload_scan_is_shortage(int error)
{
	return error == -ENOMEM || error == -EMFILE || error == -ENFILE;
}

/* Something is left out because of this error, which may be a shortage. */
static void leave_out(struct upload_scan *s, int error)
{
	if (upload_scan_is_shortage(error))
		s->shortage = error;
}

static void take(struct upload_scan *s, const char *dir, const struct upload_part *p)
{
	if (s->count == UPLOADS_MAX) {
		s->more++;
		return;
	}
	s->at[s->count].dir = strdup(dir);
	s->at[s->count].part = *p;
	if (s->at[s->count].dir)
		s->count++;
	else
		leave_out(s, -ENOMEM);
}

static void look_at_text(struct upload_scan *s, int fd, const char *dir, const char *id)
{
	struct upload_part p;
	int r = upload_part_load(fd, id, &p);

	if (r == 0) {
		take(s, dir, &p);
		return;
	}
	leave_out(s, r);
	/* The image has its name since, or the upload was dropped. */
	if (r == -ENOENT)
		(void)upload_part_drop(fd, id);
	else
		log_warn("the unfinished upload %s in the media folder cannot be used: %s", id,
			r == -EBADMSG ? "its text is damaged" : strerror(-r));
}

/* A crash between making the two files. */
static void look_at_part(int fd, const char *name, const char *id)
{
	char text[NAME_MAX + sizeof(STORE_SUFFIX)];
	struct stat st;

	snprintf(text, sizeof(text), "%s" STORE_SUFFIX, name);
	if (fstatat(fd, text, &st, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT)
		return;
	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
		st.st_mtim.tv_sec + ORPHAN < time(NULL))
		(void)upload_part_drop(fd, id);
}

static int look_in(struct upload_scan *s, int fd, const char *dir, unsigned depth);

static void look_below(
	struct upload_scan *s, int fd, const char *dir, const char *name, unsigned depth)
{
	int below = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	char *path;

	/* A sub-folder that cannot be read is skipped. */
	if (below < 0) {
		leave_out(s, -errno);
		return;
	}
	if (asprintf(&path, "%s%s%s", dir, *dir ? "/" : "", name) < 0) {
		close(below);
		leave_out(s, -ENOMEM);
		return;
	}
	leave_out(s, look_in(s, below, path, depth + 1));
	free(path);
}

/* Takes fd over. */
static int look_in(struct upload_scan *s, int fd, const char *dir, unsigned depth)
{
	DIR *d = fdopendir(fd);
	const struct dirent *e;
	char id[UPLOAD_ID];
	bool part;

	if (!d) {
		close(fd);
		return -ENOMEM;
	}
	while ((e = readdir(d)) != NULL) {
		/* Few file systems do not say what an entry is; open() tells. */
		if (e->d_name[0] != '.' && depth < DEPTH_MAX &&
			(e->d_type == DT_DIR || e->d_type == DT_UNKNOWN))
			look_below(s, fd, dir, e->d_name, depth);
		else if (!upload_part_id_of(e->d_name, id, &part))
			continue;
		else if (part)
			look_at_part(fd, e->d_name, id);
		else
			look_at_text(s, fd, dir, id);
	}
	closedir(d);
	return 0;
}

int upload_scan(int folder, struct upload_scan *out)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = fd < 0 ? -errno : 0;

	memset(out, 0, sizeof(*out));
	if (r == 0)
		r = look_in(out, fd, "", 0);
	return r == 0 ? out->shortage : r;
}

void upload_scan_fini(struct upload_scan *s)
{
	for (unsigned i = 0; i < s->count; i++)
		free(s->at[i].dir);
	memset(s, 0, sizeof(*s));
}
