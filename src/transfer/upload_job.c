// SPDX-License-Identifier: GPL-2.0-or-later
/* Jobs of uploads, and the media folders that they are for. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "transfer/kept_room.h"
#include "transfer/uploads_int.h"

#define JOBS_MAX 64u

/* ---- folders -------------------------------------------------------------------------------- */

struct folder_seen *uploads_folder(struct uploads *u, const char *path)
{
	for (unsigned i = 0; i < u->folders; i++) {
		if (strcmp(u->folder[i].path, path) == 0)
			return &u->folder[i];
	}
	return &u->folder[0];
}

struct folder_seen *uploads_find_unseen(struct uploads *u)
{
	for (unsigned i = 0; i < u->folders; i++) {
		struct folder_seen *f = &u->folder[i];
		struct stat st;
		bool is = stat(f->path, &st) == 0;

		if (f->scanned && f->dev == (is ? st.st_dev : 0) && f->ino == (is ? st.st_ino : 0))
			continue;
		f->dev = is ? st.st_dev : 0;
		f->ino = is ? st.st_ino : 0;
		return f;
	}
	return NULL;
}

uint64_t uploads_kept_by_others(const struct uploads *u, const char *media, const char *except_id)
{
	const struct folder_seen *here = NULL;
	struct kept_room k;
	uint64_t bytes;

	kept_room_look(u->drives, media, &k);
	bytes = k.bytes;
	for (unsigned i = 0; i < u->folders; i++) {
		if (strcmp(u->folder[i].path, media) == 0)
			here = &u->folder[i];
	}
	for (unsigned i = 0; i < u->folders; i++) {
		if (!here || u->folder[i].dev == here->dev)
			bytes +=
				upload_table_missing_bytes(&u->table, u->folder[i].path, except_id);
	}
	return bytes;
}

uint64_t uploads_kept(const struct uploads *u, const char *media)
{
	return UPLOAD_KEEP + uploads_kept_by_others(u, media, "");
}

/* ---- jobs ----------------------------------------------------------------------------------- */

static void free_job(struct upload_job *j)
{
	if (j->sum_fd >= 0)
		close(j->sum_fd);
	free(j->work.dir);
	free(j->as);
	free(j);
}

void upload_job_answer(struct upload_job *j, json_t *a, int fd)
{
	if (j->reply && fd >= 0)
		j->reply->final_fd(j->reply, a, fd);
	else if (j->reply)
		j->reply->final(j->reply, a);
	else
		json_decref(a);
	free_job(j);
}

struct upload_job *uploads_take_first(struct uploads *u)
{
	struct upload_job *j = u->queue;

	u->queue = j->next;
	u->waiting--;
	j->next = NULL;
	return j;
}

void uploads_finish(struct uploads *u, json_t *a, int fd)
{
	upload_job_answer(uploads_take_first(u), a, fd);
}

void uploads_tell_pace(const struct uploads *u, const struct upload_job *j, json_t *a)
{
	struct kept_room k;

	kept_room_look(u->drives, j->work.media, &k);
	json_object_set_new(a, "wait_ms", json_integer(kept_room_wait_ms(&k)));
	json_object_set_new(a, "piece_bytes", json_integer(kept_room_piece(&k)));
}

struct upload_job *upload_job_new(struct uploads *u, enum upload_verb verb, struct reply *r)
{
	struct upload_job *j = u->waiting < JOBS_MAX ? calloc(1, sizeof(*j)) : NULL;

	if (!j) {
		if (r)
			r->final(r, answer_error("busy", "too many commands are waiting"));
		return NULL;
	}
	j->verb = verb;
	j->reply = r;
	j->work.must_lease = !r || r->from_web;
	j->sum_fd = -1;
	j->uploads = u;
	return j;
}
