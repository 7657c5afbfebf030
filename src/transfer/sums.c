// SPDX-License-Identifier: GPL-2.0-or-later
#include "transfer/sums.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "drive/drive.h"
#include "library/etag.h"
#include "library/known_sum.h"
#include "library/library.h"
#include "library/worker.h"
#include "transfer/find_image.h"
#include "transfer/in_use.h"
#include "util/log.h"
#include "util/thread.h"

/* Results that are remembered: failures, and sums that could not be saved beside their image. */
#define RESULTS 8u

struct sum_job {
	struct sum_request *request; /* NULL: the verb sum asked; only then name to size are set */
	char *name;                  /* for the log */
	struct library_file file;
	int fd;
	char etag[ETAG_TEXT];
	uint64_t size;

	int result; /* 0 or -errno: of computing the sum */
	int saved;  /* 0 or -errno: of writing NAME.sha256 */
	char hex[CHECKSUM_HEX];
	struct sum_job *next;
};

struct sum_result {
	char etag[ETAG_TEXT];
	int result;
	char hex[CHECKSUM_HEX];
};

struct sums {
	const struct drives *drives;
	struct sum_job *queue; /* the first one is being computed */
	unsigned queued;       /* jobs in the queue */
	struct worker worker;
	atomic_bool stop;
	atomic_uint_fast64_t bytes; /* that the first job has read so far */
	struct sum_result result[RESULTS];
	unsigned next_result;
};

/* ---- the thread ----------------------------------------------------------------------------- */

static void on_progress(void *sums, uint64_t bytes)
{
	struct sums *s = sums;

	atomic_store(&s->bytes, bytes);
}

/* 0; -ESTALE: the name belongs to another file now, or the file has changed. */
static int check_same(const struct sum_job *j)
{
	char now[ETAG_TEXT];
	struct stat st;

	if (fstatat(j->file.dir_fd, j->file.base, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -ESTALE;
	etag_of(&st, now);
	return strcmp(now, j->etag) == 0 ? 0 : -ESTALE;
}

static int save(const struct sum_job *j)
{
	struct folder *f = folder_file_of(j->file.dir_fd);
	int r = f ? checksum_write(f, j->file.base, j->hex, NULL) : -errno;

	if (f)
		f->ops->close(f);
	return r;
}

static void work(void *sums)
{
	struct sums *s = sums;
	struct sum_job *j = s->queue;
	const struct checksum_request ask = {
		.from_storage = true, .stop = &s->stop, .progress = on_progress, .ctx = s};

	thread_lower_priority();
	j->result = checksum_file(j->request ? j->request->fd : j->fd, &ask, j->hex);
	if (j->request || j->result < 0)
		return;
	j->result = check_same(j);
	if (j->result == 0)
		j->saved = save(j);
}

/* ---- the queue ------------------------------------------------------------------------------ */

static void free_job(struct sum_job *j)
{
	if (!j->request) {
		library_forget(&j->file);
		if (j->fd >= 0)
			close(j->fd);
	}
	free(j->name);
	free(j);
}

static void remember(struct sums *s, const struct sum_job *j, int result)
{
	struct sum_result *r = &s->result[s->next_result++ % RESULTS];

	strcpy(r->etag, j->etag);
	strcpy(r->hex, j->hex);
	r->result = result;
}

static void log_sum(const struct sum_job *j)
{
	if (j->saved < 0)
		log_info("sum of \"%s\": %s (cannot write \"%s" CHECKSUM_SUFFIX "\": %s)", j->name,
			j->hex, j->name, strerror(-j->saved));
	else
		log_info("sum of \"%s\": %s", j->name, j->hex);
}

static void end_job(struct sums *s, int result)
{
	struct sum_job *j = s->queue;

	s->queue = j->next;
	s->queued--;
	if (j->request) {
		j->request->done(j->request, result, j->hex);
	} else if (result != -ECANCELED) {
		remember(s, j, result);
		if (result < 0)
			log_warn("sum of \"%s\": %s", j->name, strerror(-result));
		else
			log_sum(j);
	}
	free_job(j);
}

static void start_next(struct sums *s)
{
	while (s->queue && !s->worker.running) {
		int r;

		atomic_store(&s->bytes, 0);
		r = worker_start(&s->worker);
		if (r < 0)
			end_job(s, r);
	}
}

static void on_done(void *sums)
{
	struct sums *s = sums;

	end_job(s, s->queue->result);
	start_next(s);
}

static void add(struct sums *s, struct sum_job *j)
{
	struct sum_job **at = &s->queue;

	while (*at)
		at = &(*at)->next;
	*at = j;
	s->queued++;
	start_next(s);
}

/* 0; -EBUSY: too many are queued; -ENOMEM. */
static int new_job(const struct sums *s, struct sum_job **out)
{
	if (s->queued >= SUMS_MAX)
		return -EBUSY;
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

int sums_request(struct sums *s, struct sum_request *q)
{
	struct sum_job *j;
	int r = new_job(s, &j);

	if (r < 0)
		return r;
	j->request = q;
	j->fd = -1;
	add(s, j);
	return 0;
}

/* ---- the verb ------------------------------------------------------------------------------- */

/* The state of the sum of an image, for the answer. */
struct sum_state {
	const char *state;
	char hex[CHECKSUM_HEX];
	unsigned percent;
	const char *problem;
};

static bool look_in_queue(const struct sums *s, const char *etag, struct sum_state *out)
{
	for (const struct sum_job *j = s->queue; j; j = j->next) {
		if (j->request || strcmp(j->etag, etag) != 0)
			continue;
		out->state = j == s->queue ? "running" : "waiting";
		if (j == s->queue && j->size > 0)
			out->percent = (unsigned)(atomic_load(&s->bytes) * 100 / j->size);
		return true;
	}
	return false;
}

static bool look_in_results(const struct sums *s, const char *etag, struct sum_state *out)
{
	for (unsigned i = 0; i < RESULTS; i++) {
		const struct sum_result *r =
			&s->result[(s->next_result + RESULTS - 1 - i) % RESULTS];

		if (strcmp(r->etag, etag) != 0)
			continue;
		out->state = r->result < 0 ? "failed" : "known";
		if (r->result < 0)
			out->problem = strerror(-r->result);
		else
			strcpy(out->hex, r->hex);
		return true;
	}
	return false;
}

static void find_sum_state(const struct sums *s, const struct library_file *f,
	const struct stat *st, const char *etag, struct sum_state *out)
{
	*out = (struct sum_state){.state = "none", .problem = ""};
	switch (known_sum(f->dir_fd, f->base, st->st_mtim.tv_sec, out->hex)) {
	case KNOWN_SUM_IS:
		out->state = "known";
		return;
	case KNOWN_SUM_DAMAGED:
		out->state = "damaged";
		out->problem =
			"the card returned other data than was burned (mismatch); the checksum "
			"file has both sums";
		return;
	case KNOWN_SUM_NONE:
		break;
	}
	if (!look_in_queue(s, etag, out))
		(void)look_in_results(s, etag, out);
}

static json_t *answer(const char *name, const char *etag, const struct sum_state *x)
{
	json_t *a;

	if (*x->hex)
		a = answer_ok("%s  %s", x->hex, name);
	else if (strcmp(x->state, "running") == 0)
		a = answer_ok("the sum of %s is being computed, %u %%", name, x->percent);
	else if (strcmp(x->state, "waiting") == 0)
		a = answer_ok("the sum of %s waits for another sum", name);
	else if (*x->problem)
		a = answer_ok("no sum of %s is available: %s", name, x->problem);
	else
		a = answer_ok("the sum of %s is not known; this computes it: mmcgadgetctl sum "
			      "\"%s\" start",
			name, name);
	json_object_set_new(a, "image", json_string(name));
	json_object_set_new(a, "sha256", json_string(x->hex));
	json_object_set_new(a, "state", json_string(x->state));
	json_object_set_new(a, "percent", json_integer(x->percent));
	json_object_set_new(a, "problem", json_string(x->problem));
	json_object_set_new(a, "etag", json_string(etag));
	return a;
}

/* Takes ownership of *f. Returns NULL, or the answer that refuses the request. */
static json_t *start_sum(struct sums *s, struct library_file *f, const char *name, const char *etag)
{
	struct sum_job *j;
	int r = new_job(s, &j);

	if (r < 0) {
		library_forget(f);
		if (r == -EBUSY)
			return answer_error("too-many", "too many sums are queued; ask again");
		return answer_error("io-error", "there is no memory for the sum of \"%s\"", name);
	}
	j->file = *f;
	f->path_fd = f->dir_fd = -1;
	j->fd = library_open(&j->file);
	j->name = strdup(name);
	j->size = j->file.size;
	strcpy(j->etag, etag);
	if (j->fd < 0 || !j->name) {
		json_t *a = answer_error("unreadable", "\"%s\" cannot be read: %s", name,
			strerror(j->fd < 0 ? -j->fd : ENOMEM));

		free_job(j);
		return a;
	}
	add(s, j);
	return NULL;
}

static json_t *answer_for_file(struct sums *s, struct library_file *f, const char *name, bool start)
{
	struct sum_state x;
	char etag[ETAG_TEXT];
	struct stat st;
	json_t *refusal = in_use_refusal(s->drives, f, name);

	if (refusal)
		return refusal;
	if (fstat(f->path_fd, &st) < 0)
		return answer_error("io-error", "\"%s\": %s", name, strerror(errno));
	etag_of(&st, etag);
	find_sum_state(s, f, &st, etag, &x);
	if (start && (strcmp(x.state, "none") == 0 || strcmp(x.state, "failed") == 0)) {
		refusal = start_sum(s, f, name, etag);
		if (refusal)
			return refusal;
		/* A thread that could not be started has made a result at once. */
		x = (struct sum_state){.state = "none", .problem = ""};
		if (!look_in_queue(s, etag, &x))
			(void)look_in_results(s, etag, &x);
	}
	return answer(name, etag, &x);
}

void sums_ask(struct sums *s, struct drive *d, const char *name, bool start, struct reply *r)
{
	struct library_file f;
	int folder;
	json_t *a = find_image(drive_media(d), name, &folder, &f);

	if (!a) {
		a = answer_for_file(s, &f, name, start);
		library_forget(&f);
		close(folder);
	}
	r->final(r, a);
}

/* ---- creation ------------------------------------------------------------------------------- */

int sums_new(const struct drives *drives, sd_event *event, struct sums **out)
{
	struct sums *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	s->drives = drives;
	s->worker = (struct worker){.name = "sum", .work = work, .done = on_done, .ctx = s};
	r = worker_open(&s->worker, event);
	if (r < 0) {
		sums_free(s);
		return r;
	}
	*out = s;
	return 0;
}

void sums_free(struct sums *s)
{
	if (!s)
		return;
	atomic_store(&s->stop, true);
	if (s->worker.running) {
		worker_join(&s->worker);
		end_job(s, -ECANCELED);
	}
	while (s->queue)
		end_job(s, -ECANCELED);
	worker_close(&s->worker);
	free(s);
}
