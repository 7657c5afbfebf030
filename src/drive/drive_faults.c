// SPDX-License-Identifier: GPL-2.0-or-later
#include "drive/drive_faults.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "util/log.h"

#define NEVER UINT64_MAX

/* A change under way. The main thread frees it. */
struct change {
	struct change *next;
	struct drive_faults *faults;
	struct mmc_faults list;
	unsigned at; /* the place of the first one of them */
	bool add;
	bool done; /* with the lock */
	struct reply *reply;
};

struct drive_faults {
	const char *drive;
	struct engine_thread *engine;
	struct mmc_faults live; /* the engine's thread */

	pthread_mutex_t lock; /* a leaf lock; guards what follows */
	struct mmc_fault copy[MMC_FAULTS_MAX];
	unsigned count;
	uint32_t ended;   /* one bit a fault: its time is up, and the engine is told */
	uint64_t held;    /* number of a command that waits; 0: none that is new */
	uint32_t held_ms; /* for so long */
	uint64_t release; /* number of the command whose time is up */

	/* The main thread. */
	struct change *first;                    /* in the order in which they were posted */
	unsigned planned;                        /* faults after all of them */
	uint64_t end_at[MMC_FAULTS_MAX];         /* us, CLOCK_MONOTONIC; or NEVER */
	struct mmc_fault logged[MMC_FAULTS_MAX]; /* as they were at the last look */
	sd_event_source *end_timer, *hold_timer;
};

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* ---- the engine's thread -------------------------------------------------------------------- */

/* The main thread logs the beginning and the end; status reads the copy. */
static void on_struck(void *ctx, unsigned i)
{
	struct drive_faults *f = ctx;
	const struct mmc_fault *fault = &f->live.fault[i];

	pthread_mutex_lock(&f->lock);
	f->copy[i] = *fault;
	pthread_mutex_unlock(&f->lock);
	if (fault->struck == 1 || !mmc_fault_is_live(fault))
		engine_thread_wake(f->engine);
}

static void on_hold(void *ctx, uint64_t command, uint32_t ms)
{
	struct drive_faults *f = ctx;

	pthread_mutex_lock(&f->lock);
	f->held = command;
	f->held_ms = ms;
	pthread_mutex_unlock(&f->lock);
	engine_thread_wake(f->engine);
}

/* The live faults have changed otherwise than by a strike. */
static void publish(struct drive_faults *f)
{
	pthread_mutex_lock(&f->lock);
	memcpy(f->copy, f->live.fault, sizeof(f->copy));
	f->count = f->live.count;
	pthread_mutex_unlock(&f->lock);
}

static void apply(void *arg)
{
	struct change *c = arg;
	struct drive_faults *f = c->faults;
	bool keeps = c->add && f->live.count > 0;

	if (!keeps)
		f->live.count = 0;
	memcpy(f->live.fault + f->live.count, c->list.fault,
		c->list.count * sizeof(c->list.fault[0]));
	f->live.count += c->list.count;
	/* If faults stay, the engine has them, and a command that they delay goes on waiting. */
	if (!keeps)
		mmc_set_faults(engine_thread_engine(f->engine), &f->live);
	publish(f);
	pthread_mutex_lock(&f->lock);
	c->done = true;
	pthread_mutex_unlock(&f->lock);
	engine_thread_wake(f->engine);
}

static void end_faults(void *arg)
{
	struct drive_faults *f = arg;
	uint32_t ended;

	pthread_mutex_lock(&f->lock);
	ended = f->ended;
	f->ended = 0;
	pthread_mutex_unlock(&f->lock);
	for (unsigned i = 0; i < f->live.count; i++)
		f->live.fault[i].over |= (ended >> i & 1) != 0;
	publish(f);
	engine_thread_wake(f->engine);
}

static void release(void *arg)
{
	struct drive_faults *f = arg;
	uint64_t command;

	pthread_mutex_lock(&f->lock);
	command = f->release;
	pthread_mutex_unlock(&f->lock);
	mmc_fault_release(engine_thread_engine(f->engine), command);
}

/* ---- time ----------------------------------------------------------------------------------- */

static int on_hold_over(sd_event_source *s, uint64_t usec, void *faults)
{
	struct drive_faults *f = faults;

	(void)s;
	(void)usec;
	/* If the thread is gone, so is the command. */
	(void)engine_thread_call(f->engine, release, f);
	return 0;
}

static void start_hold(struct drive_faults *f, uint64_t command, uint32_t ms)
{
	pthread_mutex_lock(&f->lock);
	f->release = command;
	pthread_mutex_unlock(&f->lock);
	sd_event_source_set_time_relative(f->hold_timer, (uint64_t)ms * 1000);
	sd_event_source_set_enabled(f->hold_timer, SD_EVENT_ONESHOT);
}

/* Sets the timer to the first end that is to come. */
static void set_end_timer(struct drive_faults *f)
{
	uint64_t first = NEVER;

	for (unsigned i = 0; i < MMC_FAULTS_MAX; i++)
		first = f->end_at[i] < first ? f->end_at[i] : first;
	sd_event_source_set_time(f->end_timer, first);
	sd_event_source_set_enabled(f->end_timer, first == NEVER ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
}

static int on_end(sd_event_source *s, uint64_t usec, void *faults)
{
	struct drive_faults *f = faults;
	uint64_t now = now_us();
	uint32_t ended = 0;

	(void)s;
	(void)usec;
	for (unsigned i = 0; i < MMC_FAULTS_MAX; i++) {
		if (f->end_at[i] > now)
			continue;
		f->end_at[i] = NEVER;
		ended |= UINT32_C(1) << i;
	}
	pthread_mutex_lock(&f->lock);
	f->ended |= ended;
	pthread_mutex_unlock(&f->lock);
	if (ended)
		(void)engine_thread_call(f->engine, end_faults, f);
	set_end_timer(f);
	return 0;
}

/* The change has been made: the time of its faults begins. */
static void start_ends(struct drive_faults *f, const struct change *c)
{
	for (unsigned i = 0; i < c->list.count; i++) {
		uint32_t seconds = c->list.fault[i].seconds;

		f->end_at[c->at + i] = seconds ? now_us() + (uint64_t)seconds * 1000000 : NEVER;
	}
	set_end_timer(f);
}

static void forget_ends(struct drive_faults *f)
{
	for (unsigned i = 0; i < MMC_FAULTS_MAX; i++)
		f->end_at[i] = NEVER;
	set_end_timer(f);
	memset(f->logged, 0, sizeof(f->logged));
}

/* ---- changes -------------------------------------------------------------------------------- */

static void answer(struct drive_faults *f, struct reply *r, unsigned count)
{
	if (count == 0)
		r->final(r, answer_ok("%s: it has no faults", f->drive));
	else
		r->final(r, answer_ok("%s: it has %u fault%s, until \"fault clear\"", f->drive,
				    count, count == 1 ? "" : "s"));
}

static void log_change(const struct drive_faults *f, const struct change *c)
{
	char text[MMC_FAULT_LINE];

	if (!c->add)
		log_info("%s: all faults are cleared", f->drive);
	for (unsigned i = 0; i < c->list.count; i++)
		log_warn("%s: a fault was requested: %s", f->drive,
			mmc_fault_print(&c->list.fault[i], text));
}

/* Takes the change at the head off the list. */
static struct change *take_first(struct drive_faults *f)
{
	struct change *c = f->first;

	f->first = c->next;
	return c;
}

void drive_faults_change(struct drive_faults *f, const char *text, bool add, struct reply *r)
{
	struct change *c = calloc(1, sizeof(*c)), **at = &f->first;
	unsigned before;
	char why[256];
	int e;

	if (!c) {
		r->final(r, answer_error("io-error", "%s: out of memory", f->drive));
		return;
	}
	c->faults = f;
	c->add = add;
	c->reply = r;
	e = mmc_faults_parse(text, &c->list, why, sizeof(why));
	if (e == 0 && add && f->planned + c->list.count > MMC_FAULTS_MAX) {
		snprintf(why, sizeof(why), "a drive can have %u faults; it has %u", MMC_FAULTS_MAX,
			f->planned);
		e = -1;
	}
	if (e < 0) {
		r->final(r, answer_error("bad-fault", "%s: %s", f->drive, why));
		free(c);
		return;
	}
	c->at = add ? f->planned : 0;
	before = f->planned;
	f->planned = c->at + c->list.count;
	/* The ends of faults that go must not meet those that come. */
	if (!add)
		forget_ends(f);
	log_change(f, c);
	while (*at)
		at = &(*at)->next;
	*at = c;
	e = engine_thread_call(f->engine, apply, c);
	if (e == 0) {
		drive_faults_look(f);
		return;
	}
	*at = NULL;
	f->planned = before;
	r->final(r, answer_error("io-error", "%s: %s", f->drive, strerror(-e)));
	free(c);
}

void drive_faults_cancel(struct drive_faults *f, const char *code, const char *text)
{
	while (f && f->first) {
		struct change *c = take_first(f);

		c->reply->final(c->reply, answer_error(code, "%s: %s", f->drive, text));
		free(c);
	}
}

/* ---- looks ---------------------------------------------------------------------------------- */

static void answer_changes(struct drive_faults *f)
{
	for (;;) {
		struct change *c = f->first;
		unsigned count;
		bool done;

		pthread_mutex_lock(&f->lock);
		done = c && c->done;
		count = f->count;
		pthread_mutex_unlock(&f->lock);
		if (!done)
			return;
		take_first(f);
		if (!c->add)
			forget_ends(f);
		start_ends(f, c);
		answer(f, c->reply, count);
		free(c);
	}
}

/* Logs what has begun or ended since the last look. */
static void log_strikes(struct drive_faults *f)
{
	struct mmc_fault now[MMC_FAULTS_MAX];
	unsigned count = drive_faults_get(f, now);
	char text[MMC_FAULT_LINE];

	for (unsigned i = 0; i < count; i++) {
		struct mmc_fault *was = &f->logged[i];
		const char *line = mmc_fault_print(&now[i], text);

		if (now[i].struck > 0 && was->struck == 0)
			log_warn("%s: the fault \"%s\" has struck", f->drive, line);
		if (!mmc_fault_is_live(&now[i]) && !was->over)
			log_warn("%s: the fault \"%s\" is over; it has struck %u time%s", f->drive,
				line, now[i].struck, now[i].struck == 1 ? "" : "s");
		was->struck = now[i].struck;
		was->over = !mmc_fault_is_live(&now[i]);
	}
}

void drive_faults_look(struct drive_faults *f)
{
	uint64_t held;
	uint32_t ms;

	if (!f)
		return;
	pthread_mutex_lock(&f->lock);
	held = f->held;
	ms = f->held_ms;
	f->held = 0;
	pthread_mutex_unlock(&f->lock);
	if (held)
		start_hold(f, held, ms);
	answer_changes(f);
	if (!f->first)
		log_strikes(f);
}

unsigned drive_faults_get(struct drive_faults *f, struct mmc_fault out[MMC_FAULTS_MAX])
{
	unsigned count;

	if (!f)
		return 0;
	pthread_mutex_lock(&f->lock);
	count = f->count;
	memcpy(out, f->copy, count * sizeof(out[0]));
	pthread_mutex_unlock(&f->lock);
	return count;
}

/* ---- creation ------------------------------------------------------------------------------- */

int drive_faults_new(
	const char *drive, struct engine_thread *engine, sd_event *event, struct drive_faults **out)
{
	struct drive_faults *f = calloc(1, sizeof(*f));
	int r;

	if (!f)
		return -ENOMEM;
	pthread_mutex_init(&f->lock, NULL);
	f->drive = drive;
	f->engine = engine;
	f->live.hold = on_hold;
	f->live.struck = on_struck;
	f->live.ctx = f;
	r = sd_event_add_time(event, &f->end_timer, CLOCK_MONOTONIC, NEVER, 1000, on_end, f);
	if (r >= 0)
		r = sd_event_add_time(
			event, &f->hold_timer, CLOCK_MONOTONIC, NEVER, 1, on_hold_over, f);
	if (r < 0) {
		drive_faults_free(f);
		return r;
	}
	sd_event_source_set_enabled(f->hold_timer, SD_EVENT_OFF);
	forget_ends(f);
	*out = f;
	return 0;
}

void drive_faults_free(struct drive_faults *f)
{
	if (!f)
		return;
	/* The engine may outlive its faults. */
	mmc_set_faults(engine_thread_engine(f->engine), NULL);
	sd_event_source_disable_unref(f->end_timer);
	sd_event_source_disable_unref(f->hold_timer);
	pthread_mutex_destroy(&f->lock);
	free(f);
}
