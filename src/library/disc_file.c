// SPDX-License-Identifier: GPL-2.0-or-later
#include "library/disc_file.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "library/checksum.h"
#include "util/array.h"

/*
 * Two threads that rename to one name would each make that name's state file before either
 * has the name.
 */
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

#define FILE_NAME (2 * STORE_NAME_MAX)

static void add_suffix(const char *name, const char *suffix, char out[FILE_NAME])
{
	snprintf(out, FILE_NAME, "%s%s", name, suffix);
}

int disc_file_has_leftovers(struct folder *f, const char *name)
{
	static const char *const suffix[] = {STORE_SUFFIX, CHECKSUM_SUFFIX};
	char file[FILE_NAME], byte;
	int r;

	for (size_t i = 0; i < ARRAY_LEN(suffix); i++) {
		add_suffix(name, suffix[i], file);
		r = f->ops->read(f, file, &byte, 1);
		if (r >= 0 || r == -EFBIG || r == -EINVAL)
			return 1;
		if (r != -ENOENT)
			return r;
	}
	return 0;
}

/* Removes a file of the disc. 1: it was there; 0; -errno. */
static int remove_file(struct folder *f, const char *of, const char *suffix)
{
	char file[FILE_NAME];
	int r;

	add_suffix(of, suffix, file);
	r = f->ops->unlink(f, file);
	return r == 0 ? 1 : r == -ENOENT ? 0 : r;
}

/* ---- rename ------------------------------------------------------------------------------- */

static int write_copy(
	struct folder *f, const char *name, const char *suffix, const char *text, size_t len)
{
	char file[FILE_NAME];
	int r;

	add_suffix(name, suffix, file);
	r = f->ops->write(f, file, text, len);
	return r == 0 ? f->ops->sync(f, file) : r;
}

static int copy_state(struct folder *f, const char *old, const char *to, bool *copied)
{
	char text[STORE_TEXT_MAX], from[FILE_NAME];
	int n;

	add_suffix(old, STORE_SUFFIX, from);
	n = f->ops->read(f, from, text, sizeof(text));
	if (n < 0)
		return n == -ENOENT ? 0 : n;
	*copied = true;
	return write_copy(f, to, STORE_SUFFIX, text, (size_t)n);
}

/* A file that is too long for a checksum was not made by the daemon, and keeps its name. */
static int copy_checksum(struct folder *f, const char *old, const char *to, bool *copied)
{
	char text[CHECKSUM_TEXT], renamed[2 * CHECKSUM_TEXT], from[FILE_NAME];
	size_t len;
	int n;

	add_suffix(old, CHECKSUM_SUFFIX, from);
	n = f->ops->read(f, from, text, sizeof(text));
	if (n < 0)
		return n == -ENOENT || n == -EFBIG ? 0 : n;
	len = checksum_rename(text, (size_t)n, old, to, renamed, sizeof(renamed));
	if (len == 0)
		return n == 0 ? 0 : -EFBIG;
	*copied = true;
	return write_copy(f, to, CHECKSUM_SUFFIX, renamed, len);
}

/* Removes the copied files beside one of the two names: the originals, or the copies. */
static void remove_copied(struct folder *f, const char *of, const struct disc_files *copied)
{
	if (copied->state)
		(void)remove_file(f, of, STORE_SUFFIX);
	if (copied->checksum)
		(void)remove_file(f, of, CHECKSUM_SUFFIX);
}

/*
 * Makes the cue sheet for the new name, which the image has. If anything fails, the next
 * cd_set_update() makes it good. The old files are removed first, because the new ones have the
 * same names if only the suffix of the image changes.
 */
static void rename_set(struct folder *f, const char *old, const char *to, struct disc_files *done)
{
	struct cd_set set;

	(void)cd_set_remove(f, old);
	if (cd_set_update(f, to, &set) == 0)
		done->cue = set.cue[0] != '\0';
}

static int rename_all(struct folder *f, const char *old, const char *to, struct disc_files *done)
{
	int r = disc_file_has_leftovers(f, to);

	if (r != 0)
		return r > 0 ? -EEXIST : r;
	/* The copies are on storage before the rename: either name has a state and a checksum. */
	r = copy_state(f, old, to, &done->state);
	if (r == 0)
		r = copy_checksum(f, old, to, &done->checksum);
	if (r == 0 && (done->state || done->checksum))
		r = f->ops->sync_names(f);
	if (r == 0)
		r = f->ops->rename_new(f, old, to);
	if (r < 0) {
		remove_copied(f, to, done);
		return r;
	}
	done->image = true;
	/* The old files are removed only when the new name is on storage. */
	r = f->ops->sync_names(f);
	if (r == 0) {
		remove_copied(f, old, done);
		/* A daemon that died with the disc in a drive has left its spare state file. */
		if (remove_file(f, old, STORE_SPARE_SUFFIX) > 0 || done->state || done->checksum)
			(void)f->ops->sync_names(f);
	}
	/* Only a CD has a cue sheet, and a CD has a state file. */
	if (r == 0 && done->state)
		rename_set(f, old, to, done);
	return 0;
}

int disc_file_rename(struct folder *f, const char *old, const char *to, struct disc_files *done)
{
	int r;

	memset(done, 0, sizeof(*done));
	pthread_mutex_lock(&one_at_a_time);
	r = rename_all(f, old, to, done);
	pthread_mutex_unlock(&one_at_a_time);
	return r;
}

/* ---- delete ------------------------------------------------------------------------------- */

static int delete_rest(struct folder *f, const char *name, struct disc_files *done)
{
	int state = remove_file(f, name, STORE_SUFFIX);
	int spare = remove_file(f, name, STORE_SPARE_SUFFIX);
	int sum = remove_file(f, name, CHECKSUM_SUFFIX), set = cd_set_remove(f, name), r;

	done->state = state > 0;
	done->checksum = sum > 0;
	done->cue = set > 0;
	r = state < 0 ? state : spare < 0 ? spare : sum < 0 ? sum : set < 0 ? set : 0;
	if (r < 0)
		return r;
	if (!done->image && state + spare + sum + set == 0)
		return -ENOENT;
	return state + spare + sum > 0 ? f->ops->sync_names(f) : 0;
}

static int delete_all(struct folder *f, const char *name, struct disc_files *done)
{
	int r = f->ops->unlink(f, name);

	if (r < 0 && r != -ENOENT)
		return r;
	done->image = r == 0;
	/* The state goes only when it is certain that no image needs it. */
	r = f->ops->sync_names(f);
	return r < 0 ? r : delete_rest(f, name, done);
}

int disc_file_delete(struct folder *f, const char *name, struct disc_files *done)
{
	int r;

	memset(done, 0, sizeof(*done));
	pthread_mutex_lock(&one_at_a_time);
	r = delete_all(f, name, done);
	pthread_mutex_unlock(&one_at_a_time);
	return r;
}

/* ---- cue sheet ------------------------------------------------------------------------------ */

int disc_file_update_set(struct folder *f, const char *name, struct cd_set *out)
{
	int r;

	pthread_mutex_lock(&one_at_a_time);
	r = cd_set_update(f, name, out);
	pthread_mutex_unlock(&one_at_a_time);
	return r;
}

/* ---- checksum ----------------------------------------------------------------------------- */

int disc_file_outdate_checksum(struct folder *f, const char *name)
{
	int r;

	pthread_mutex_lock(&one_at_a_time);
	r = checksum_outdate(f, name);
	pthread_mutex_unlock(&one_at_a_time);
	return r;
}
