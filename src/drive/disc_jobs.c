// SPDX-License-Identifier: GPL-2.0-or-later
#include "drive/disc_jobs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "catalog/match.h"
#include "drive/disc_in_folder.h"
#include "drive/disc_rules.h"
#include "image/compact_rename.h"
#include "image/image_compact.h"
#include "image/image_erase.h"
#include "library/checksum.h"
#include "library/disc_file.h"
#include "library/disc_store.h"
#include "library/etag.h"
#include "library/library.h"
#include "library/worker.h"
#include "protocol/format_size.h"
#include "util/array.h"
#include "util/log.h"

enum job_kind { JOB_RENAME, JOB_DELETE, JOB_ERASE };

struct job {
	enum job_kind kind;
	char *name, *to; /* in the media folder; to: of JOB_RENAME, otherwise NULL */
	char *etag;      /* that the image must have; NULL = any */
	struct reply *reply;
	struct job *next;
};

struct disc_jobs {
	struct disc_jobs_config config;
	struct catalog_request request; /* of the search for names that are near */
	struct job *queue; /* the first is under way, if `searching` or worker.running is set */
	unsigned waiting;
	bool searching, starting;
	struct worker worker;

	/* The disc of the first job; only the thread uses these members while it runs. */
	struct folder *folder;
	char base[256], to_base[256];
	int lock_fd; /* -1 = none */
	uint64_t bytes;
	bool other_name; /* the file has another name, so deleting this one frees nothing */
	struct disc_files done;
	struct library_file file; /* path_fd -1: only the rest of a disc is there, or JOB_ERASE */
	unsigned parts, kept;     /* files of a text that went along, and those that did not */
	struct store *store;      /* of JOB_ERASE, until the thread begins */
	struct image_erased erased;
	struct refusal why;
	int result;
};

static const char *const job_verb[] = {
	[JOB_RENAME] = "rename", [JOB_DELETE] = "delete", [JOB_ERASE] = "erase"};

static void start_next(struct disc_jobs *j);

/* ---- answers ------------------------------------------------------------------------------ */

/* Ends the first job with this answer, which it takes over. */
static void finish(struct disc_jobs *j, json_t *answer)
{
	struct job *job = j->queue;

	j->queue = job->next;
	j->waiting--;
	log_info("%s \"%s\": %s", job_verb[job->kind], job->name,
		json_string_value(json_object_get(answer, "message")));
	job->reply->final(job->reply, answer);
	free(job->name);
	free(job->to);
	free(job->etag);
	free(job);
}

/* Writes what became of the files of a text: " with its 2 files"; "" if there were none. */
static void tell_files(const struct disc_jobs *j, char *out, size_t size)
{
	out[0] = '\0';
	if (j->parts > 0 && j->kept > 0)
		snprintf(out, size, " with %u of its %u files", j->parts, j->parts + j->kept);
	else if (j->parts > 0)
		snprintf(out, size, " with its %u file%s", j->parts, j->parts == 1 ? "" : "s");
	else if (j->kept > 0)
		snprintf(out, size, "; its files keep their names");
}

static json_t *renamed(const struct disc_jobs *j)
{
	const struct job *job = j->queue;
	char note[256], files[48], with[DISC_RULES_WITH];
	json_t *a;

	disc_rules_note(job->to, note, sizeof(note));
	tell_files(j, files, sizeof(files));
	a = answer_ok("renamed %s to %s%s%s%s", job->name, job->to, files,
		j->parts > 0 ? "" : disc_rules_with(&j->done, with), note);
	json_object_set_new(a, "image", json_string(job->to));
	return a;
}

static json_t *deleted(const struct disc_jobs *j)
{
	const struct job *job = j->queue;
	char freed[16], files[48], with[DISC_RULES_WITH];
	json_t *a;

	if (!j->done.image)
		return answer_ok("deleted what was left of %s, whose image was gone", job->name);
	format_size(j->bytes, freed);
	tell_files(j, files, sizeof(files));
	if (j->other_name && j->parts == 0)
		a = answer_ok("deleted %s%s; it frees no room, the file has another name",
			job->name, disc_rules_with(&j->done, with));
	else
		a = answer_ok("deleted %s%s%s, %s are free again", job->name, files,
			disc_rules_with(&j->done, with), freed);
	json_object_set_new(a, "freed_bytes", json_integer((json_int_t)j->bytes));
	return a;
}

static json_t *erased(const struct disc_jobs *j)
{
	const struct image_erased *e = &j->erased;
	const char *name = j->queue->name;
	char dropped[16];
	json_t *a;

	format_size(e->dropped, dropped);
	if (e->was_blank)
		a = answer_ok("%s is a blank %s already", name, e->medium->title);
	else
		a = answer_ok("erased %s%s, %s are dropped; it is a blank %s again", name,
			e->had_checksum ? " with its checksum" : "", dropped, e->medium->title);
	json_object_set_new(a, "image", json_string(name));
	json_object_set_new(a, "medium", json_string(e->medium->name));
	json_object_set_new(a, "dropped_bytes", json_integer((json_int_t)e->dropped));
	return a;
}

static json_t *failed(const struct disc_jobs *j)
{
	const struct job *job = j->queue;
	const char *why = strerror(-j->result);

	if (j->why.text[0])
		return answer_error(j->why.code, "%s", j->why.text);
	if (job->to && j->result == -EEXIST)
		return answer_error("exists",
			"\"%s\" exists, or a state or checksum of that name; nothing is "
			"overwritten: take another name, or delete that one first",
			job->to);
	if (job->to && (j->result == -EINVAL || j->result == -EILSEQ))
		return answer_error("bad-name", "the file system of %s cannot hold the name \"%s\"",
			j->config.media, job->to);
	if (j->result == -EBUSY)
		return answer_error("in-use",
			"\"%s\" cannot be deleted: one of its files is in a drive, in use by "
			"another "
			"program, or left a drive just now; ask again",
			job->name);
	if (j->result == -ENOPKG)
		return answer_error("resolver-failed",
			"\"%s\" cannot be deleted with its files: mmcgadget-resolver does not "
			"start",
			job->name);
	if (!job->to && j->done.image)
		return answer_error("io-error",
			"\"%s\" is deleted, but its state, checksum or another file of it is not: "
			"%s",
			job->name, why);
	if (j->result == -EACCES || j->result == -EPERM || j->result == -EROFS)
		return answer_error("not-writable",
			"\"%s\" cannot be %s: %s; its folder must be writable for the daemon",
			job->name, job->to ? "renamed" : "deleted", why);
	return answer_error("io-error", "\"%s\" cannot be %s: %s", job->name,
		job->to ? "renamed" : "deleted", why);
}

/* ---- the thread --------------------------------------------------------------------------- */

static int erase(struct disc_jobs *j)
{
	const struct image_erase e = {.name = j->queue->name,
		.folder = j->folder,
		.base = j->base,
		.store = j->store,
		.fd = j->lock_fd,
		.plain = j->config.blank};

	j->store = NULL;
	return image_erase(&e, &j->erased, &j->why);
}

/* Refuses a file of a compact disc: it is renamed and deleted with that disc only. */
static int refuse_part(struct disc_jobs *j)
{
	const char *name = j->queue->name, *verb = job_verb[j->queue->kind];
	const char *slash = strrchr(name, '/');
	int folder = slash ? (int)(slash - name) + 1 : 0;
	char owner[256];

	if (j->file.path_fd < 0 || !compact_parts_owner(&j->file, owner))
		return 0;
	return image_refuse(&j->why, -EBUSY, "in-use",
		"\"%s\" is a file of the disc \"%.*s%s\"; %s that one, and its files go with it",
		name, folder, name, owner, verb);
}

static bool is_text(const struct disc_jobs *j)
{
	return j->file.path_fd >= 0 && resolver_is_text(j->file.base, j->file.size);
}

static int rename_it(struct disc_jobs *j)
{
	struct compact_renamed d;
	int r;

	if (!is_text(j)) {
		r = refuse_part(j);
		return r < 0 ? r : disc_file_rename(j->folder, j->base, j->to_base, &j->done);
	}
	r = compact_rename(j->folder, &j->file, j->to_base, &d, &j->why);
	j->done = d.text;
	j->parts = d.parts;
	j->kept = d.kept;
	return r;
}

static int delete_it(struct disc_jobs *j)
{
	struct image_compact_deleted d;
	int r;

	if (!is_text(j)) {
		r = refuse_part(j);
		return r < 0 ? r : disc_file_delete(j->folder, j->base, &j->done);
	}
	r = image_compact_delete(j->folder, &j->file, &d);
	j->done = d.text;
	j->parts = d.parts;
	j->bytes += d.bytes;
	return r;
}

static void work(void *jobs)
{
	struct disc_jobs *j = jobs;

	switch (j->queue->kind) {
	case JOB_RENAME:
		j->result = rename_it(j);
		break;
	case JOB_DELETE:
		j->result = delete_it(j);
		break;
	case JOB_ERASE:
		j->result = erase(j);
		break;
	}
}

static void release_disc(struct disc_jobs *j)
{
	if (j->lock_fd >= 0)
		close(j->lock_fd);
	if (j->folder)
		j->folder->ops->close(j->folder);
	store_close(j->store);
	library_forget(&j->file);
	j->store = NULL;
	j->lock_fd = -1;
	j->folder = NULL;
	memset(j->config.mark, 0, sizeof(*j->config.mark));
}

static void end_job(struct disc_jobs *j)
{
	static json_t *(*const answers[])(const struct disc_jobs *j) = {
		[JOB_RENAME] = renamed, [JOB_DELETE] = deleted, [JOB_ERASE] = erased};
	json_t *answer = j->result < 0 ? failed(j) : answers[j->queue->kind](j);
	release_disc(j);
	finish(j, answer);
}

static void on_done(void *jobs)
{
	end_job(jobs);
	start_next(jobs);
}

/* ---- before the thread -------------------------------------------------------------------- */

/* Returns why the disc must stay as it is, NULL if nothing is against changing it. */
static json_t *refuse_if_used(struct disc_jobs *j, const char *name, const struct library_file *f)
{
	const struct holder *has = holders_find(j->config.holders, f->dev, f->ino);
	const struct holders *all = j->config.holders;

	if (has)
		return answer_error("in-use",
			"\"%s\" is in %s; take it out first: mmcgadgetctl eject drive=%s", name,
			has->drive, has->drive);
	if (holders_in_use(all, f->dev, f->ino) || holders_is_changing(all, f->dev, f->ino))
		return answer_error("in-use",
			"another command works on \"%s\" at this moment; ask again", name);
	for (unsigned i = 0; i < all->count; i++) {
		if (postburn_has(all->at[i]->postburn, f->dev, f->ino))
			return answer_error("in-use",
				"\"%s\" was just burned in %s, which still renames or verifies it; "
				"status says when that is done",
				name, all->at[i]->drive);
	}
	return NULL;
}

/* Keeps the file open for the thread, which looks for compact discs. 0 or -errno. */
static int keep_file(struct disc_jobs *j, const struct library_file *f)
{
	j->file = *f;
	j->file.path_fd = fcntl(f->path_fd, F_DUPFD_CLOEXEC, 0);
	j->file.dir_fd = fcntl(f->dir_fd, F_DUPFD_CLOEXEC, 0);
	return j->file.path_fd < 0 || j->file.dir_fd < 0 ? -errno : 0;
}

/* Starts the thread for a disc that was found. NULL, or the answer to a refusal. */
static json_t *start_job(struct disc_jobs *j, const struct library_file *f, bool leftover)
{
	const struct job *job = j->queue;
	const char *slash = job->to ? strrchr(job->to, '/') : NULL;
	struct stat st;
	int r;

	j->folder = folder_file_of(f->dir_fd);
	r = j->folder ? 0 : -errno;
	if (fstat(f->path_fd, &st) == 0) {
		j->other_name = st.st_nlink > 1;
		j->bytes = j->other_name ? 0 : (uint64_t)st.st_blocks * 512;
	}
	snprintf(j->base, sizeof(j->base), "%s", f->base);
	snprintf(j->to_base, sizeof(j->to_base), "%s", slash ? slash + 1 : job->to ? job->to : "");
	j->parts = j->kept = 0;
	j->why.text[0] = '\0';
	/* For the remains of a disc without its image, f->base is not the name of a file. */
	if (r == 0 && job->kind != JOB_ERASE && !leftover)
		r = keep_file(j, f);
	if (r == 0 && job->kind == JOB_ERASE)
		r = disc_store_open(f, &j->store);
	*j->config.mark = (struct holder_job){.active = true, .dev = f->dev, .ino = f->ino};
	if (r == 0)
		r = worker_start(&j->worker);
	return r == 0 ? NULL : answer_error("io-error", "\"%s\": %s", job->name, strerror(-r));
}

/* Returns the answer if the image does not have the etag of the command; otherwise NULL. */
static json_t *refuse_if_changed(const struct job *job, const struct library_file *f, bool leftover)
{
	char now[ETAG_TEXT];
	struct stat st;

	if (!job->etag)
		return NULL;
	if (!leftover && fstat(f->path_fd, &st) == 0) {
		etag_of(&st, now);
		if (strcmp(now, job->etag) == 0)
			return NULL;
	}
	return answer_error("changed",
		"\"%s\" is not what it was when it was listed; look at it again", job->name);
}

static json_t *check_found(struct disc_jobs *j, int folder, const struct library_file *f)
{
	const char *name = j->queue->name;
	json_t *answer;

	if (disc_is_link(folder, name))
		return answer_error("bad-name",
			"\"%s\" is a symbolic link to an image of another name; change that one",
			name);
	answer = refuse_if_used(j, name, f);
	if (answer)
		return answer;
	if (disc_lock(f, &j->lock_fd) < 0)
		return answer_error("in-use",
			"\"%s\" is in use by another program, or left a drive just now; ask again",
			name);
	return start_job(j, f, false);
}

/* ---- a name that is not there --------------------------------------------------------------- */

static json_t *not_found(const struct disc_jobs *j, const struct catalog_list *list)
{
	const struct job *job = j->queue;
	const char *verb = job_verb[job->kind];
	struct match m;

	if (!list || list->error < 0)
		return disc_rules_no_image(job->name, j->config.media);
	match_find(list, job->name, &m);
	/* The command takes whole names only: labels that were not read change nothing. */
	if (m.result == MATCH_UNREAD)
		m.result = MATCH_NONE;
	if (m.result == MATCH_MORE)
		return disc_rules_no_image(job->name, j->config.media);
	if (m.result == MATCH_ONE)
		return answer_error("no-such-image",
			"no image \"%s\" in %s, and %s takes whole names only; did you mean "
			"\"%s\"?",
			job->name, j->config.media, verb, m.at[0]->name);
	return match_refusal(list, &m, job->name, j->config.media);
}

static void on_list(struct catalog_request *request, const struct catalog_list *list)
{
	struct disc_jobs *j =
		(struct disc_jobs *)((char *)request - offsetof(struct disc_jobs, request));

	j->searching = false;
	finish(j, not_found(j, list));
	start_next(j);
}

/* Returns NULL if the job runs or searches now, otherwise its answer. */
static json_t *begin_in(struct disc_jobs *j, int folder)
{
	const struct job *job = j->queue;
	struct library_file f;
	json_t *answer;
	bool leftover;
	int r = disc_rules_find(folder, &j->queue->name, &j->queue->to, &f);

	leftover = r == -ENOENT && job->kind == JOB_DELETE &&
		   disc_find_leftover(folder, job->name, &f) == 0;
	if (r == -ENOENT && !leftover) {
		j->request.done = on_list;
		j->searching = true;
		catalog_request(j->config.catalog, &j->request);
		return NULL;
	}
	if (r < 0 && !leftover)
		return disc_rules_refusal(job->name, j->config.media, r);
	answer = refuse_if_changed(job, &f, leftover);
	if (!answer)
		answer = leftover ? start_job(j, &f, true) : check_found(j, folder, &f);
	library_forget(&f);
	return answer;
}

static void start_next(struct disc_jobs *j)
{
	json_t *answer;
	int folder;

	if (j->starting)
		return;
	j->starting = true;
	while (j->queue && !j->worker.running && !j->searching) {
		folder = library_open_folder(j->config.media);
		answer = folder < 0 ? disc_rules_refusal(j->queue->name, j->config.media, folder)
				    : begin_in(j, folder);
		if (folder >= 0)
			close(folder);
		if (!answer)
			continue;
		release_disc(j);
		finish(j, answer);
	}
	j->starting = false;
}

/* ---- commands ------------------------------------------------------------------------------- */

static void add(struct disc_jobs *j, enum job_kind kind, const char *name, const char *to,
	const char *etag, struct reply *r)
{
	struct job **at = &j->queue, *job;

	job = j->waiting < DISC_JOBS_MAX ? calloc(1, sizeof(*job)) : NULL;
	if (job) {
		job->kind = kind;
		job->name = strdup(name);
		job->to = to ? strdup(to) : NULL;
		job->etag = etag ? strdup(etag) : NULL;
	}
	if (!job || !job->name || (to && !job->to) || (etag && !job->etag)) {
		if (job) {
			free(job->name);
			free(job->to);
			free(job->etag);
		}
		free(job);
		r->final(r, answer_error("busy", "too many commands are waiting"));
		return;
	}
	job->reply = r;
	while (*at)
		at = &(*at)->next;
	*at = job;
	j->waiting++;
	start_next(j);
}

void disc_jobs_rename(
	struct disc_jobs *j, const char *name, const char *to, const char *etag, struct reply *r)
{
	char whole[PATH_MAX];
	json_t *fault = disc_rules_name(name);

	if (!fault)
		fault = disc_rules_new_name(name, to, whole, sizeof(whole));
	if (!fault)
		fault = disc_rules_new_name_of_text(name, whole);
	if (fault)
		r->final(r, fault);
	else
		add(j, JOB_RENAME, name, whole, etag, r);
}

static void add_checked(struct disc_jobs *j, enum job_kind kind, const char *name, const char *etag,
	struct reply *r)
{
	json_t *fault = disc_rules_name(name);

	if (fault)
		r->final(r, fault);
	else
		add(j, kind, name, NULL, etag, r);
}

void disc_jobs_delete(struct disc_jobs *j, const char *name, const char *etag, struct reply *r)
{
	add_checked(j, JOB_DELETE, name, etag, r);
}

void disc_jobs_erase(struct disc_jobs *j, const char *name, struct reply *r)
{
	add_checked(j, JOB_ERASE, name, NULL, r);
}

void disc_jobs_cancel(struct disc_jobs *j, const char *code, const char *text)
{
	if (!j)
		return;
	j->starting = true;
	if (j->searching)
		catalog_forget(j->config.catalog, &j->request);
	j->searching = false;
	if (j->worker.running) {
		worker_join(&j->worker);
		end_job(j);
	}
	while (j->queue)
		finish(j, answer_error(code, "%s", text));
	j->starting = false;
}

/* ---- creation ------------------------------------------------------------------------------- */

int disc_jobs_new(const struct disc_jobs_config *config, sd_event *event, struct disc_jobs **out)
{
	struct disc_jobs *j = calloc(1, sizeof(*j));
	int r;

	if (!j)
		return -ENOMEM;
	j->config = *config;
	j->lock_fd = j->file.path_fd = j->file.dir_fd = -1;
	j->worker = (struct worker){.name = "disc-job", .work = work, .done = on_done, .ctx = j};
	r = worker_open(&j->worker, event);
	if (r < 0) {
		disc_jobs_free(j);
		return r;
	}
	*out = j;
	return 0;
}

void disc_jobs_free(struct disc_jobs *j)
{
	if (!j)
		return;
	worker_close(&j->worker);
	free(j);
}
