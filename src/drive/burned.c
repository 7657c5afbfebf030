// SPDX-License-Identifier: GPL-2.0-or-later
#include "drive/burned.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "library/free_room.h"
#include "library/library.h"
#include "util/log.h"

#define CHECK_MS_MAX 1000u                /* ms between two checks of what the host does */
#define LOOK_US      500000u              /* us between two looks whether the host writes */
#define ROOM_MIN     (UINT64_C(32) << 20) /* bytes; with less free space no blank is offered */

struct burned {
	struct burned_config config;
	struct postburn *postburn;
	bool finished;          /* the disc in the drive was burned and finalised in it */
	uint64_t blocks_moved;  /* at the last check; UINT64_MAX = not checked yet */
	uint64_t due;           /* us: when to replace the disc, or to try that again */
	sd_event_source *timer; /* on while finished */
	/* Used by the postburn thread alone. */
	uint64_t written, look_again; /* blocks at the last look; us: when to look next */
	bool burning;

	char problem[POSTBURN_TEXT]; /* why the disc is still in the drive; "" = none */
};

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

bool burned_is_wanted(const struct drive_burned *b)
{
	return b->rename != POSTBURN_RENAME_NO || b->checksum || b->songs || b->blank;
}

/* ---- wait until the host is done ------------------------------------------------------------ */

static void schedule_check(struct burned *b)
{
	unsigned idle = b->config.what.idle;
	unsigned ms = idle && idle / 4 < CHECK_MS_MAX ? idle / 4 : CHECK_MS_MAX;

	sd_event_source_set_time_relative(b->timer, (uint64_t)(ms + 1) * 1000);
	sd_event_source_set_enabled(b->timer, SD_EVENT_ONESHOT);
}

static int on_check_timer(sd_event_source *s, uint64_t usec, void *burned)
{
	struct burned *b = burned;
	struct mmc_state m;

	(void)s;
	(void)usec;
	engine_thread_get_state(b->config.engine, &m);
	schedule_check(b);
	if (m.ejected_by_host)
		b->blocks_moved = UINT64_MAX;
	if (m.loaded && !engine_is_idle(&m, b->blocks_moved)) {
		b->blocks_moved = m.blocks_read + m.blocks_written;
		b->due = now_us() + (uint64_t)b->config.what.idle * 1000;
	} else if (drive_commands_is_idle(b->config.commands) && now_us() >= b->due &&
		   (m.ejected_by_host ? !b->config.brings_next : b->config.what.idle > 0)) {
		drive_commands_replace_burned(
			b->config.commands, m.ejected_by_host, b->blocks_moved);
	}
	return 0;
}

static void set_finished(struct burned *b, bool finished)
{
	b->finished = finished;
	b->problem[0] = '\0';
	/* The first check then counts the drive as in use. */
	b->blocks_moved = UINT64_MAX;
	b->due = 0;
	if (finished)
		schedule_check(b);
	else
		sd_event_source_set_enabled(b->timer, SD_EVENT_OFF);
}

/* ---- observer ------------------------------------------------------------------------------- */

static void on_finalised(void *ctx, const struct image *in)
{
	struct burned *b = ctx;

	if (b->finished || !burned_is_wanted(&b->config.what))
		return;
	set_finished(b, true);
	drive_record_set_burned(b->config.record, in);
}

static void on_erased(void *ctx, const struct image *in)
{
	struct burned *b = ctx;

	if (!b->finished)
		return;
	set_finished(b, false);
	drive_record_set_erased(b->config.record, in);
}

/* Returns true if next is the name of the very file that was in the drive. */
static bool is_same_file(const struct burned *b, const struct image *was, const char *next)
{
	int folder = next ? library_open_folder(b->config.media) : -1, r = folder;
	struct library_file f;
	bool same;

	if (r >= 0) {
		r = library_find(folder, next, &f);
		close(folder);
	}
	if (r < 0)
		return false;
	same = f.dev == was->dev && f.ino == was->ino;
	library_forget(&f);
	return same;
}

static void on_removed(void *ctx, const struct image *was, const char *next)
{
	struct burned *b = ctx;

	if (!b->finished)
		return;
	set_finished(b, false);
	if (b->postburn && was->place && !is_same_file(b, was, next))
		postburn_add(b->postburn, was->name, was->place);
}

/* A burned disc can be inserted again, at start or by a command. */
static void on_inserted(void *ctx, const struct image *in)
{
	struct burned *b = ctx;

	set_finished(b, drive_record_is_burned(b->config.record, in));
}

static void on_restored(void *ctx, const struct image *in)
{
	struct burned *b = ctx;

	if (drive_record_is_burned(b->config.record, in))
		set_finished(b, true);
}

static void on_event_handled(void *ctx)
{
	postburn_kick(((struct burned *)ctx)->postburn);
}

static void on_host_ejected(void *ctx)
{
	struct burned *b = ctx;

	if (b->finished && !b->config.brings_next)
		drive_commands_replace_burned(b->config.commands, true, 0);
}

const struct drive_observer burned_observer = {
	.finalised = on_finalised,
	.erased = on_erased,
	.removed = on_removed,
	.inserted = on_inserted,
	.restored = on_restored,
	.event_handled = on_event_handled,
	.host_ejected = on_host_ejected,
};

/* ---- the next blank ------------------------------------------------------------------------- */

static bool is_in_use(void *burned, dev_t dev, ino_t ino)
{
	return holders_in_use(((const struct burned *)burned)->config.holders, dev, ino);
}

static int find_blank_name(struct burned *b, char name[POSTBURN_STEM])
{
	int folder = library_open_folder(b->config.media), r = folder;

	if (r >= 0) {
		r = postburn_blank_name(folder, b->config.blank, is_in_use, b, name);
		close(folder);
	}
	return r;
}

const char *burned_initial_blank(struct burned *b)
{
	static char name[POSTBURN_STEM];

	return b->config.what.blank && find_blank_name(b, name) == 0 ? name : NULL;
}

/* The retries would log the same problem again and again: it is logged once. */
void burned_blank_failed(struct burned *b, const char *problem)
{
	if (strcmp(b->problem, problem) != 0)
		log_warn("%s: %s", b->config.drive, problem);
	snprintf(b->problem, sizeof(b->problem), "%s", problem);
	b->due = now_us() + (uint64_t)b->config.what.retry * 1000;
}

/* Returns NULL, and *answer with the reason. */
static char *new_blank(struct burned *b, json_t **answer)
{
	char name[POSTBURN_STEM], *copy = NULL;
	uint64_t room;

	if (free_room_at(b->config.media, &room) == 0) {
		if (room < ROOM_MIN) {
			*answer = answer_error("no-room",
				"no room for another blank in %.128s, %u MB are free; %.64s stays "
				"in "
				"the drive",
				b->config.media, (unsigned)(room / 1000000),
				b->config.self->in->name);
			return NULL;
		}
	}
	if (find_blank_name(b, name) == 0)
		copy = strdup(name);
	if (!copy)
		*answer = answer_error(
			"io-error", "no name for another blank in %.128s", b->config.media);
	return copy;
}

int burned_choose_blank(struct burned *b, char **name, json_t **answer)
{
	/* The command had to wait, and the disc may be another one by now. */
	if (!b->finished || !b->config.self->in->name) {
		*answer = answer_ok("%s: there is no burned disc", b->config.drive);
		return -ENOENT;
	}
	*name = NULL;
	if (!b->config.what.blank)
		return 0;
	*name = new_blank(b, answer);
	if (*name)
		return 0;
	burned_blank_failed(b, json_string_value(json_object_get(*answer, "message")));
	json_decref(*answer);
	*answer = answer_ok("%s: later", b->config.drive);
	return -ENOSPC;
}

/* ---- creation and status -------------------------------------------------------------------- */

static bool removed_are_closed(void *burned)
{
	const struct burned *b = burned;

	return holder_removed_are_closed(b->config.self) && !stale_checksum_busy(b->config.stale) &&
	       !cue_keeper_busy(b->config.cue);
}

/*
 * On the postburn thread: true if the host has written in the last moments. Other drives on the
 * same card have only the thread's low priority to rely on.
 */
static bool is_burning(void *burned)
{
	struct burned *b = burned;
	uint64_t now = now_us();
	struct mmc_state m;

	if (now < b->look_again)
		return b->burning;
	b->look_again = now + LOOK_US;
	engine_thread_get_state(b->config.engine, &m);
	b->burning = m.blocks_written != b->written;
	b->written = m.blocks_written;
	return b->burning;
}

static void on_done(void *burned, const struct postburn_result *result)
{
	const struct burned *b = burned;

	b->config.postburn_done(b->config.ctx, result);
}

static int setup(struct burned *b, sd_event *event)
{
	struct postburn_config pc = {
		.drive = b->config.drive,
		.rename = b->config.what.rename,
		.checksum = b->config.what.checksum,
		.songs = b->config.what.songs,
		.media = b->config.media,
		.busy = is_burning,
		.ready = removed_are_closed,
		.done = on_done,
		.ctx = b,
	};
	int r = 0;

	if (pc.rename == POSTBURN_RENAME_NO && b->config.what.blank &&
		disc_medium_is_cd_recordable(b->config.blank))
		pc.rename = POSTBURN_RENAME_SUFFIX;
	if (pc.rename != POSTBURN_RENAME_NO || pc.checksum || pc.songs)
		r = postburn_new(&pc, event, &b->postburn);
	if (r >= 0)
		r = sd_event_add_time_relative(
			event, &b->timer, CLOCK_MONOTONIC, 0, 10000, on_check_timer, b);
	if (r >= 0)
		r = sd_event_source_set_enabled(b->timer, SD_EVENT_OFF);
	return r;
}

int burned_new(const struct burned_config *config, sd_event *event, struct burned **out)
{
	struct burned *b = calloc(1, sizeof(*b));
	int r;

	if (!b)
		return -ENOMEM;
	b->config = *config;
	r = setup(b, event);
	if (r < 0) {
		burned_free(b);
		return r;
	}
	*out = b;
	return 0;
}

void burned_free(struct burned *b)
{
	if (!b)
		return;
	postburn_free(b->postburn);
	sd_event_source_disable_unref(b->timer);
	free(b);
}

struct postburn *burned_postburn(const struct burned *b)
{
	return b->postburn;
}

bool burned_status(const struct burned *b, struct postburn_status *out)
{
	if (b->postburn)
		postburn_status(b->postburn, out);
	else
		out->state = "";
	if (b->problem[0])
		memcpy(out->problem, b->problem, sizeof(b->problem));
	return burned_is_wanted(&b->config.what);
}
