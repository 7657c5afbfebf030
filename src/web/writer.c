// SPDX-License-Identifier: GPL-2.0-or-later
#include "web/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "protocol/answer.h"
#include "protocol/field.h"
#include "util/array.h"
#include "util/log.h"
#include "util/thread.h"
#include "web/link.h"

#define WRITE_MOST (256u * 1024u)
#define PIECE      UINT64_C(8388608)      /* if the daemon does not say */
#define ANSWER_MS  60000                  /* for upload-at, which syncs the daemon's text */
#define END_MS     ((int)LINK_END * 1000) /* for upload-end */
#define WAIT_MOST  5000u                  /* ms until the daemon is asked again */

struct writer {
	struct writer_config config;
	pthread_t thread;
	pthread_mutex_t lock; /* leaf lock; of everything up to the empty line */
	pthread_cond_t more;
	char *ring;
	uint64_t put, written; /* bytes since the start */
	bool finished, abandoned, wants_room, told_room;
	int error; /* -errno of the card */

	/* Used by the thread alone. */
	uint64_t synced,
		started; /* offsets in the file: told to the daemon, and sent on to storage */
	uint64_t piece_end;
	json_t *answer;
	struct letter room, end;
};

static uint64_t at(const struct writer *w)
{
	return w->config.offset + w->written;
}

/* ---- the thread ----------------------------------------------------------------------------- */

/* Asks upload-at, with an offset if that is known to be on storage. */
static json_t *ask_at(const struct writer *w, bool tell, uint64_t offset)
{
	char line[160];

	if (tell)
		snprintf(line, sizeof(line), "upload-at %s offset=%" PRIu64 "\n", w->config.id,
			offset);
	else
		snprintf(line, sizeof(line), "upload-at %s\n", w->config.id);
	return link_now(w->config.socket, line, ANSWER_MS, NULL);
}

static void fail(struct writer *w, int error)
{
	pthread_mutex_lock(&w->lock);
	if (!w->error)
		w->error = error;
	pthread_mutex_unlock(&w->lock);
}

/* Makes sure that what was written is on storage, and tells the daemon. */
static void sync_and_tell(struct writer *w)
{
	json_t *answer;

	if (w->synced == at(w))
		return;
	if (fdatasync(w->config.fd) < 0) {
		fail(w, -errno);
		return;
	}
	answer = ask_at(w, true, at(w));
	if (!answer || !answer_is_ok(answer))
		fail(w, answer ? -EPROTO : -ECONNREFUSED);
	else
		w->synced = at(w);
	json_decref(answer);
}

/* Sleeps, but not longer than until the upload is abandoned. */
static void pause_for(struct writer *w, uint64_t ms)
{
	struct timespec end;

	if (ms > WAIT_MOST)
		ms = WAIT_MOST;
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += (time_t)(ms / 1000);
	end.tv_nsec += (long)(ms % 1000) * 1000000;
	if (end.tv_nsec >= 1000000000) {
		end.tv_nsec -= 1000000000;
		end.tv_sec++;
	}
	pthread_mutex_lock(&w->lock);
	while (!w->abandoned && pthread_cond_timedwait(&w->more, &w->lock, &end) != ETIMEDOUT)
		;
	pthread_mutex_unlock(&w->lock);
}

static bool is_abandoned(struct writer *w)
{
	bool abandoned;

	pthread_mutex_lock(&w->lock);
	abandoned = w->abandoned;
	pthread_mutex_unlock(&w->lock);
	return abandoned;
}

/* A burn goes first: waits as long as the daemon says. False: the daemon is gone. */
static bool may_write(struct writer *w)
{
	while (at(w) >= w->piece_end) {
		json_t *answer = ask_at(w, false, 0);
		bool good = answer && answer_is_ok(answer);
		uint64_t wait = field_number(answer, "wait_ms");
		uint64_t piece = field_number(answer, "piece_bytes");

		json_decref(answer);
		if (!good) {
			fail(w, -ECONNREFUSED);
			return false;
		}
		if (wait == 0)
			w->piece_end = at(w) + (piece ? piece : PIECE);
		else if (is_abandoned(w))
			return false;
		else
			pause_for(w, wait);
	}
	return true;
}

/* Waits for bytes. Returns how many lie in one piece in the ring; 0: no more come. */
static size_t wait_for_bytes(struct writer *w)
{
	size_t from, n;

	pthread_mutex_lock(&w->lock);
	while (w->put == w->written && !w->finished && !w->abandoned)
		pthread_cond_wait(&w->more, &w->lock);
	from = (size_t)(w->written % WRITER_RING);
	n = (size_t)(w->put - w->written);
	pthread_mutex_unlock(&w->lock);
	n = MIN(n, WRITER_RING - from);
	return MIN(n, (size_t)WRITE_MOST);
}

/* Frees the ring's bytes, and lets the main thread know if it waits for that. */
static void release(struct writer *w, size_t n)
{
	bool tell;

	pthread_mutex_lock(&w->lock);
	w->written += n;
	tell = w->wants_room && !w->told_room && w->put - w->written <= WRITER_RING / 2;
	if (tell)
		w->told_room = true;
	pthread_mutex_unlock(&w->lock);
	if (tell)
		mail_post(w->config.mail, &w->room);
}

static bool write_piece(struct writer *w, size_t n)
{
	const char *from = w->ring + w->written % WRITER_RING;
	uint64_t offset = at(w);

	while (n > 0) {
		ssize_t done = pwrite(w->config.fd, from, n, (off_t)offset);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0) {
			fail(w, done < 0 ? -errno : -EIO);
			return false;
		}
		release(w, (size_t)done);
		from += done;
		offset += (uint64_t)done;
		n -= (size_t)done;
	}
	/* So that a later fdatasync() has little left to do. */
	if (offset - w->started >= PIECE) {
		(void)sync_file_range(w->config.fd, (off_t)w->started, (off_t)(offset - w->started),
			SYNC_FILE_RANGE_WRITE);
		w->started = offset;
	}
	if (offset - w->synced >= WRITER_SYNC)
		sync_and_tell(w);
	return !w->error;
}

static json_t *error_answer(int error)
{
	if (error == -ENOSPC || error == -EDQUOT)
		return answer_error("no-room",
			"the card is full; what was sent is kept, and the upload can go on when "
			"there is room");
	if (error == -EFBIG)
		return answer_error(
			"too-large", "the card's file system allows no file that is so large");
	if (error == -ECONNREFUSED)
		return answer_error("no-daemon",
			"the daemon does not answer; what was sent is kept, and the upload can go "
			"on");
	if (error == -EPROTO)
		return answer_error("io-error", "the daemon has dropped the upload");
	return answer_error("io-error", "the card failed: %s", strerror(-error));
}

/* All bytes are here: the file gets its name. */
static void end_upload(struct writer *w)
{
	char line[160];

	snprintf(line, sizeof(line), "upload-end %s\n", w->config.id);
	w->answer = link_now(w->config.socket, line, END_MS, NULL);
	if (!w->answer)
		w->answer = error_answer(-ECONNREFUSED);
}

static void *run(void *writer)
{
	struct writer *w = writer;
	bool whole;
	size_t n;

	thread_lower_priority();
	while ((n = wait_for_bytes(w)) > 0) {
		if (!may_write(w) || !write_piece(w, n))
			break;
	}
	/* Syncs after an error, too: the client need not send again what has arrived. */
	sync_and_tell(w);
	pthread_mutex_lock(&w->lock);
	whole = !w->error && !w->abandoned && w->finished && at(w) == w->config.size &&
		w->put == w->written;
	/* From now on, data that still arrives is dropped. */
	if (!w->error && !whole && !w->finished)
		w->error = -EPIPE;
	pthread_mutex_unlock(&w->lock);
	close(w->config.fd); /* upload-end refuses as long as anybody can write */
	w->config.fd = -1;
	if (whole)
		end_upload(w);
	else if (w->error && w->error != -EPIPE)
		w->answer = error_answer(w->error);
	mail_post(w->config.mail, &w->end);
	return NULL;
}

/* ---- the main thread ------------------------------------------------------------------------ */

static void free_writer(struct writer *w)
{
	json_decref(w->answer);
	pthread_cond_destroy(&w->more);
	pthread_mutex_destroy(&w->lock);
	free(w->ring);
	free(w);
}

static void on_room(void *writer)
{
	struct writer *w = writer;
	bool abandoned;

	pthread_mutex_lock(&w->lock);
	w->wants_room = w->told_room = false;
	abandoned = w->abandoned;
	pthread_mutex_unlock(&w->lock);
	if (!abandoned)
		w->config.room(w->config.ctx);
}

static void on_end(void *writer)
{
	struct writer *w = writer;

	pthread_join(w->thread, NULL);
	w->config.ended(w->config.ctx, w->synced, w->answer);
	free_writer(w);
}

int writer_start(const struct writer_config *config, struct writer **out)
{
	struct writer *w = calloc(1, sizeof(*w));
	pthread_condattr_t attr;
	int r;

	if (!w)
		return -ENOMEM;
	w->ring = malloc(WRITER_RING);
	w->config = *config;
	w->synced = w->started = config->offset;
	w->room = (struct letter){.run = on_room, .ctx = w};
	w->end = (struct letter){.run = on_end, .ctx = w};
	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&w->more, &attr);
	pthread_condattr_destroy(&attr);
	r = w->ring ? thread_start(&w->thread, "upload", run, w) : ENOMEM;
	if (r != 0) {
		free_writer(w);
		return -r;
	}
	*out = w;
	return 0;
}

size_t writer_put(struct writer *w, const char *data, size_t n)
{
	size_t room, to, first;

	pthread_mutex_lock(&w->lock);
	if (w->error) {
		pthread_mutex_unlock(&w->lock);
		return n;
	}
	room = WRITER_RING - (size_t)(w->put - w->written);
	if (n > room) {
		n = room;
		w->wants_room = true;
	}
	pthread_mutex_unlock(&w->lock);
	/* The thread reads only up to put. */
	to = (size_t)(w->put % WRITER_RING);
	first = MIN(n, WRITER_RING - to);
	memcpy(w->ring + to, data, first);
	memcpy(w->ring, data + first, n - first);
	pthread_mutex_lock(&w->lock);
	w->put += n;
	pthread_cond_signal(&w->more);
	pthread_mutex_unlock(&w->lock);
	return n;
}

static void set(struct writer *w, bool abandoned)
{
	pthread_mutex_lock(&w->lock);
	w->finished = true;
	w->abandoned |= abandoned;
	pthread_cond_signal(&w->more);
	pthread_mutex_unlock(&w->lock);
}

void writer_finish(struct writer *w)
{
	set(w, false);
}

void writer_abandon(struct writer *w)
{
	set(w, true);
}

void writer_stop(struct writer *w)
{
	set(w, true);
	pthread_join(w->thread, NULL);
	free_writer(w);
}
