// SPDX-License-Identifier: GPL-2.0-or-later
#include "control/events.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control/events_folder.h"
#include "control/status.h"
#include "library/free_room.h"
#include "protocol/field.h"
#include "protocol/verbs.h"
#include "protocol/words.h"
#include "transfer/uploads.h"
#include "version.h"

#define LISTENERS_MAX 64u
#define GAP_US        UINT64_C(250000)  /* between two looks, at least */
#define PERIOD_US     UINT64_C(500000)  /* between two looks while something goes on */
#define QUIET_US      UINT64_C(2000000) /* without a change, then the looks end */

/* A subject, with the newest that there is to tell of it. */
struct subject {
	json_t *seen;  /* what was told, without what changes all the time; NULL = nothing yet */
	char *text;    /* newline included */
	uint64_t seq;  /* of this text */
	unsigned mask; /* bits of the drives that it is about */
};

struct watched_drive {
	struct events *events;
	struct drive *drive;
	unsigned at;
	struct subject subject;
	uint64_t written, at_insert; /* blocks, of the drive and of it when the disc came in */
	bool overwrites;             /* the disc in the drive is overwritten: it is never closed */
};

struct watched_folder {
	const char *path;
	struct events_folder *content; /* NULL: it cannot be watched */
	uint64_t changes;
	struct subject subject;
	uint64_t upload_changes; /* of the uploads that were told; 0 = none were */
	struct subject uploads;
};

struct listener {
	struct control_stream base; /* first: a control_stream * is a struct listener * */
	struct events *events;
	struct control_client *client;
	unsigned mask;         /* bits of the drives that are asked for */
	uint64_t told, joined; /* seq of what was told last, and when it began to listen */
	struct listener *next;
};

struct events {
	struct command_env env;
	sd_event *event;
	sd_event_source *post, *timer;
	struct listener *listeners;
	unsigned count;
	uint64_t seq;
	uint64_t looked, changed; /* us: the last look, and the last change that one has found */
	uint64_t armed;           /* us: when the timer will fire; 0 = it is off */
	bool due;                 /* the timer has fired */
	bool busy;                /* something goes on whose progress is not notified */
	struct subject daemon;
	struct watched_drive drive[DRIVE_MAX];
	unsigned drives;
	struct watched_folder folder[DRIVE_MAX];
	unsigned folders;
	struct subject
		burned[EVENTS_BURNED]; /* a ring: the next goes to burnings % EVENTS_BURNED */
	uint64_t burnings;
};

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* ---- subjects ------------------------------------------------------------------------------- */

static void forget(struct subject *s)
{
	json_decref(s->seen);
	free(s->text);
	s->seen = NULL;
	s->text = NULL;
	s->seq = 0;
}

/* Makes the subject's next event from o, which it takes. Without memory there is none. */
static void tell(struct events *ev, struct subject *s, const char *event, json_t *o)
{
	json_t *all = json_pack("{s:s, s:I}", "event", event, "seq", (json_int_t)(ev->seq + 1)),
	       *value;
	const char *key;
	char *text, *line;

	json_object_foreach(o, key, value) json_object_set(all, key, value);
	text = all && o ? answer_text(all) : NULL;
	line = text ? realloc(text, strlen(text) + 2) : NULL;
	json_decref(all);
	json_decref(o);
	if (!line) {
		free(text);
		return;
	}
	strcat(line, "\n");
	free(s->text);
	s->text = line;
	s->seq = ++ev->seq;
}

/* Returns true, and keeps now, if the subject is another one than when it was told. */
static bool differs(struct subject *s, json_t *now)
{
	if (!now || (s->seen && json_equal(s->seen, now))) {
		json_decref(now);
		return false;
	}
	json_decref(s->seen);
	s->seen = now;
	return true;
}

static bool look_at_daemon(struct events *ev)
{
	const struct command_env *e = &ev->env;
	json_t *o = json_pack("{s:s, s:i, s:s, s:s, s:o}", "version", MMCGADGET_VERSION, "api",
		VERB_API, "udc", e->udc ? e->udc(e->ctx) : "", "problem",
		e->problem ? e->problem(e->ctx) : "", "functions",
		e->functions ? e->functions(e->ctx) : json_array());

	if (!differs(&ev->daemon, o))
		return false;
	tell(ev, &ev->daemon, "daemon", json_incref(o));
	return true;
}

/* Counters that change with every command of a host that polls, and free space, which others use */
static const char *const restless[] = {"commands", "errors", "card_free_bytes", "card_full_discs",
	"card_reserved_bytes", "burn_rate_kb_s", "seconds_left", "silent_seconds"};

static bool look_at_drive(struct events *ev, struct watched_drive *w)
{
	json_t *o = status_drive(w->drive, ev->env.uploads), *seen = json_copy(o);

	for (size_t i = 0; i < sizeof(restless) / sizeof(restless[0]); i++)
		json_object_del(seen, restless[i]);
	/* A pause of a burn causes no event, it is seen by the time alone. */
	if (field_flag(o, "writing") || strcmp(field_text(o, "burn"), "burning") == 0 ||
		*field_text(o, "pending") || *field_text(json_object_get(o, "burned"), "state") ||
		*field_text(json_object_get(o, "extracting"), "image"))
		ev->busy = true;
	if (!differs(&w->subject, seen)) {
		json_decref(o);
		return false;
	}
	tell(ev, &w->subject, "drive", json_pack("{s:o}", "drive", o));
	return true;
}

static json_t *drives_of(const struct events *ev, const struct watched_folder *w)
{
	json_t *drives = json_array();

	for (unsigned i = 0; i < ev->drives; i++) {
		if (w->subject.mask & 1u << i)
			json_array_append_new(drives, json_string(drive_name(ev->drive[i].drive)));
	}
	return drives;
}

static bool look_at_folder(struct events *ev, struct watched_folder *w)
{
	json_t *o;
	uint64_t room;
	bool changed = w->content && events_folder_changed(w->content);

	if (!changed && w->subject.text)
		return false;
	w->changes++;
	o = json_pack("{s:s, s:o, s:I}", "folder", w->path, "drives", drives_of(ev, w), "changes",
		(json_int_t)w->changes);
	if (free_room_at(w->path, &room) == 0)
		json_object_set_new(o, "card_free_bytes", json_integer((json_int_t)room));
	tell(ev, &w->subject, "library", o);
	return true;
}

/* All unfinished uploads of the folder, so that the newest text is all that there is to tell. */
static bool look_at_uploads(struct events *ev, struct watched_folder *w)
{
	uint64_t changes = uploads_changes(ev->env.uploads) + 1;
	json_t *o, *seen;

	if (w->upload_changes == changes)
		return false;
	w->upload_changes = changes;
	seen = json_pack("{s:o, s:o}", "uploads", uploads_json(ev->env.uploads, w->path), "ended",
		uploads_ended(ev->env.uploads, w->path));
	/* Uploads of another folder may have changed. */
	if (!differs(&w->uploads, seen))
		return false;
	o = json_pack("{s:s, s:o}", "folder", w->path, "drives", drives_of(ev, w));
	json_object_update(o, seen);
	tell(ev, &w->uploads, "upload", o);
	return true;
}

/* ---- burned discs --------------------------------------------------------------------------- */

static void tell_burned(const struct watched_drive *w, const char *what, const char *image,
	const char *was, const struct postburn_result *result)
{
	struct events *ev = w->events;
	struct subject *s = &ev->burned[ev->burnings % EVENTS_BURNED];
	char problem[POSTBURN_TEXT] = "";
	json_t *o;

	if (!ev->listeners)
		return;
	/* A name in it may have been cut anywhere. */
	if (result) {
		snprintf(problem, sizeof(problem), "%s", result->problem);
		words_clean(problem);
	}
	o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:s, s:I, s:I}", "what", what, "drive",
		drive_name(w->drive), "folder", drive_media(w->drive), "image", image, "was", was,
		"sha256", result ? result->sha256 : "", "verified", result && result->verified,
		"problem", problem, "number", (json_int_t)(ev->burnings + 1), "time",
		(json_int_t)time(NULL));
	forget(s);
	s->mask = 1u << w->at;
	tell(ev, s, "burned", o);
	ev->burnings++;
	ev->changed = now_us();
}

static void on_engine_state(void *ctx, const struct mmc_state *before, const struct mmc_state *now,
	const struct image *in)
{
	struct watched_drive *w = ctx;

	w->written = now->blocks_written;
	if (now->loaded)
		w->overwrites = mmc_state_is_overwritable(now);
	if (in->name && in->recordable && before->loaded && now->loaded && !now->testing &&
		!before->testing && !now->finalised && !w->overwrites &&
		now->sessions > before->sessions)
		tell_burned(w, "session", in->name, "", NULL);
}

static void on_finalised(void *ctx, const struct image *in)
{
	const struct watched_drive *w = ctx;

	if (!w->overwrites)
		tell_burned(w, "done", in->name, "", NULL);
}

static void on_closed(void *ctx, const char *image)
{
	tell_burned(ctx, "done", image, "", NULL);
}

static void on_removed(void *ctx, const struct image *was, const char *next)
{
	const struct watched_drive *w = ctx;

	(void)next;
	if (was->name && was->recordable && w->overwrites && w->written > w->at_insert)
		tell_burned(w, "written", was->name, "", NULL);
}

static void on_inserted(void *ctx, const struct image *in)
{
	struct watched_drive *w = ctx;

	(void)in;
	w->at_insert = w->written;
}

static void on_postburn_done(void *ctx, const struct postburn_result *r)
{
	const struct watched_drive *w = ctx;

	if (strcmp(r->was, r->name) != 0)
		tell_burned(w, "renamed", r->name, r->was, NULL);
	if (r->verified)
		tell_burned(w, "verified", r->name, r->was, r);
	else if (*r->problem)
		tell_burned(w, "failed", r->name, r->was, r);
}

static const struct drive_observer observer = {
	.engine_state = on_engine_state,
	.finalised = on_finalised,
	.closed = on_closed,
	.removed = on_removed,
	.inserted = on_inserted,
	.restored = on_inserted,
	.postburn_done = on_postburn_done,
};

/* ---- looks ---------------------------------------------------------------------------------- */

static void arm(struct events *ev, uint64_t at)
{
	if (ev->armed && ev->armed <= at)
		return;
	ev->armed = at;
	sd_event_source_set_time(ev->timer, at);
	sd_event_source_set_enabled(ev->timer, SD_EVENT_ONESHOT);
}

static void disarm(struct events *ev)
{
	ev->armed = 0;
	sd_event_source_set_enabled(ev->timer, SD_EVENT_OFF);
}

/* Looks at everything, and schedules the next look. */
static void look(struct events *ev)
{
	uint64_t now = now_us();
	bool changed;

	ev->looked = now;
	ev->due = ev->busy = false;
	/* Before the look that may be the last one, so that nothing falls in between. */
	for (unsigned i = 0; now >= ev->changed + QUIET_US - PERIOD_US && i < ev->drives; i++)
		drive_watch_host(ev->drive[i].drive);
	changed = look_at_daemon(ev);
	for (unsigned i = 0; i < ev->drives; i++)
		changed |= look_at_drive(ev, &ev->drive[i]);
	for (unsigned i = 0; i < ev->folders; i++) {
		changed |= look_at_folder(ev, &ev->folder[i]);
		changed |= look_at_uploads(ev, &ev->folder[i]);
	}
	if (changed)
		ev->changed = now;
	disarm(ev);
	if (ev->busy || now < ev->changed + QUIET_US)
		arm(ev, now + PERIOD_US);
}

static void send_news(struct events *ev)
{
	struct listener *next;

	for (struct listener *l = ev->listeners; l; l = next) {
		next = l->next;
		if (l->told < ev->seq)
			control_client_more(l->client);
	}
}

/* The timer only makes the loop run: on_post() follows every event. */
static int on_timer(sd_event_source *s, uint64_t usec, void *events)
{
	struct events *ev = events;

	(void)s;
	(void)usec;
	ev->due = true;
	ev->armed = 0;
	return 0;
}

static int on_post(sd_event_source *s, void *events)
{
	struct events *ev = events;
	uint64_t now = now_us();
	bool quiet = !ev->busy && now >= ev->changed + QUIET_US;

	(void)s;
	/* While nothing changes, no timer is needed for a look that would come too early. */
	if (ev->due || quiet || now >= ev->looked + GAP_US)
		look(ev);
	else
		arm(ev, ev->looked + GAP_US);
	send_news(ev);
	return 0;
}

/* ---- listeners ------------------------------------------------------------------------------ */

/* Takes the older one of *best and s if the listener has not been told it yet. */
static void choose(const struct listener *l, const struct subject *s, const struct subject **best)
{
	if (s->text && s->seq > l->told && (s->mask & l->mask) && (!*best || s->seq < (*best)->seq))
		*best = s;
}

static char *next_text(struct control_stream *stream)
{
	struct listener *l = (struct listener *)stream;
	const struct events *ev = l->events;
	const struct subject *best = NULL;
	char *copy;

	choose(l, &ev->daemon, &best);
	for (unsigned i = 0; i < ev->drives; i++)
		choose(l, &ev->drive[i].subject, &best);
	for (unsigned i = 0; i < ev->folders; i++)
		choose(l, &ev->folder[i].subject, &best);
	for (unsigned i = 0; i < ev->folders; i++)
		choose(l, &ev->folder[i].uploads, &best);
	for (unsigned i = 0; i < EVENTS_BURNED; i++) {
		if (ev->burned[i].seq > l->joined)
			choose(l, &ev->burned[i], &best);
	}
	copy = best ? strdup(best->text) : NULL;
	if (copy)
		l->told = best->seq;
	return copy;
}

static void stop_watching(struct events *ev)
{
	sd_event_source_set_enabled(ev->post, SD_EVENT_OFF);
	disarm(ev);
	for (unsigned i = 0; i < ev->folders; i++) {
		events_folder_free(ev->folder[i].content);
		ev->folder[i].content = NULL;
		forget(&ev->folder[i].subject);
		forget(&ev->folder[i].uploads);
		ev->folder[i].upload_changes = 0;
	}
	for (unsigned i = 0; i < EVENTS_BURNED; i++)
		forget(&ev->burned[i]);
}

static void gone(struct control_stream *stream)
{
	struct listener *l = (struct listener *)stream, **at = &l->events->listeners;

	while (*at != l)
		at = &(*at)->next;
	*at = l->next;
	if (--l->events->count == 0)
		stop_watching(l->events);
	free(l);
}

static void start_watching(struct events *ev)
{
	for (unsigned i = 0; i < ev->folders; i++) {
		struct watched_folder *w = &ev->folder[i];

		/* Without it, changes of the folder are not told: the rest is. */
		(void)events_folder_new(w->path, ev->event, &w->content);
	}
	ev->changed = 0;
	sd_event_source_set_enabled(ev->post, SD_EVENT_ON);
}

void events_listen(struct events *ev, struct control_client *client, int drive)
{
	struct listener *l = ev->count < LISTENERS_MAX ? calloc(1, sizeof(*l)) : NULL;
	json_t *answer;

	if (!l) {
		answer = answer_error("busy",
			"%u programs listen to events already, which is the most; end one of them",
			ev->count);
		control_client_answer(client, answer);
		json_decref(answer);
		return;
	}
	if (ev->count++ == 0)
		start_watching(ev);
	l->base = (struct control_stream){.next = next_text, .gone = gone};
	l->events = ev;
	l->client = client;
	l->mask = drive < 0 ? ~0u : 1u << drive;
	l->next = ev->listeners;
	ev->listeners = l;
	look(ev);
	l->joined = ev->seq;
	answer = answer_ok("events follow");
	json_object_set_new(answer, "api", json_integer(VERB_API));
	control_client_stream(client, answer, &l->base);
	json_decref(answer);
}

/* ---- creation ------------------------------------------------------------------------------- */

static void add_drive(struct events *ev, struct drive *d)
{
	unsigned at = ev->drives++, f = 0;
	struct watched_drive *w = &ev->drive[at];

	*w = (struct watched_drive){
		.events = ev, .drive = d, .at = at, .subject = {.mask = 1u << at}};
	drive_observe(d, &observer, w);
	while (f < ev->folders && strcmp(ev->folder[f].path, drive_media(d)) != 0)
		f++;
	if (f == ev->folders)
		ev->folder[ev->folders++].path = drive_media(d);
	ev->folder[f].subject.mask |= 1u << at;
	ev->folder[f].uploads.mask = ev->folder[f].subject.mask;
}

/* A drive usually ends before its control. */
static void leave_drive(const struct events *ev, const struct watched_drive *w)
{
	const struct drives *set = ev->env.drives;

	for (unsigned i = 0; i < set->count; i++)
		if (set->drive[i] == w->drive)
			drive_unobserve(w->drive, w);
}

int events_new(const struct command_env *env, sd_event *event, struct events **out)
{
	struct events *ev = calloc(1, sizeof(*ev));
	int r;

	if (!ev)
		return -ENOMEM;
	ev->env = *env;
	ev->event = sd_event_ref(event);
	ev->daemon.mask = ~0u;
	r = sd_event_add_post(event, &ev->post, on_post, ev);
	if (r >= 0)
		r = sd_event_source_set_enabled(ev->post, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_add_time(
			event, &ev->timer, CLOCK_MONOTONIC, UINT64_MAX, 10000, on_timer, ev);
	if (r >= 0)
		r = sd_event_source_set_enabled(ev->timer, SD_EVENT_OFF);
	if (r < 0) {
		events_free(ev);
		return r;
	}
	for (unsigned i = 0; i < env->drives->count; i++)
		add_drive(ev, env->drives->drive[i]);
	*out = ev;
	return 0;
}

void events_free(struct events *ev)
{
	if (!ev)
		return;
	sd_event_source_disable_unref(ev->post);
	sd_event_source_disable_unref(ev->timer);
	sd_event_unref(ev->event);
	forget(&ev->daemon);
	for (unsigned i = 0; i < ev->drives; i++) {
		leave_drive(ev, &ev->drive[i]);
		forget(&ev->drive[i].subject);
	}
	for (unsigned i = 0; i < ev->folders; i++) {
		events_folder_free(ev->folder[i].content);
		forget(&ev->folder[i].subject);
		forget(&ev->folder[i].uploads);
	}
	for (unsigned i = 0; i < EVENTS_BURNED; i++)
		forget(&ev->burned[i]);
	free(ev);
}
