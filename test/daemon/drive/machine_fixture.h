/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state machine of a drive with fake services. Each call of an observer, and of a service
 * that does more than answer a question, appends a word to a journal, which the tests compare.
 */
#ifndef DAEMON_MACHINE_FIXTURE_H
#define DAEMON_MACHINE_FIXTURE_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "drive/drive_machine.h"
#include "util/array.h"
#include "util/log.h"

static struct drive_machine *machine;
static struct mmc_state now; /* state of the engine */

/* Results that the fake services return; last, what the machine has started and not stopped. */
static struct {
	enum disc_opening opening;
	bool leaving, host_absent, command_waits, exact;
	int post;          /* -errno of eject, insert, finalise */
	const char *blank; /* of choose_blank; NULL = no disc follows */
	bool blank_refused;
	bool timer_on, searching;
} fake;

static char journal[512];

__attribute__((format(printf, 1, 2))) static inline void note(const char *fmt, ...)
{
	size_t len = strlen(journal);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(journal + len, sizeof(journal) - len, fmt, ap);
	va_end(ap);
	assert_true(strlen(journal) < sizeof(journal) - 2);
	strcat(journal, " ");
}

/* Compares the journal with want, and begins a new one. */
static inline void expect_at(const char *want, const char *what, const char *file, int line)
{
	size_t len = strlen(journal);

	if (len > 0)
		journal[len - 1] = '\0';
	if (strcmp(journal, want) != 0)
		print_error("%s: \"%s\", not \"%s\"\n", what, journal, want);
	_assert_string_equal(journal, want, file, line);
	journal[0] = '\0';
}
#define EXPECT(want) expect_at(want, __func__, __FILE__, __LINE__)

/* ---- services ------------------------------------------------------------------------------- */

static bool find_is_exact(void *ctx, const char *name)
{
	(void)ctx;
	(void)name;
	return fake.exact;
}

static void find_begin(void *ctx, const struct drive_command *command)
{
	(void)ctx;
	(void)command;
	fake.searching = true;
	note("find");
}

static void find_cancel(void *ctx)
{
	(void)ctx;
	if (fake.searching)
		note("forget");
	fake.searching = false;
}

static void on_release(struct disc *disc, void *ctx)
{
	(void)ctx;
	note("close");
	disc_destroy(disc);
}

static enum disc_opening open_image(void *ctx, const char *name, const struct image_blank *blank,
	enum image_as as, bool may_wait, struct image *out, json_t **answer)
{
	(void)ctx;
	(void)as;
	note("%s(%s)", blank ? "blank" : "open", name);
	if (fake.opening == DISC_HELD_BY_OLD && may_wait)
		return DISC_HELD_BY_OLD;
	if (fake.opening != DISC_OPENED) {
		*answer = answer_error("no-such-image", "no %s", name);
		return DISC_REFUSED;
	}
	out->name = strdup(name);
	out->disc = disc_new(media_mem_new(4, false), 0, on_release, NULL);
	out->size = 8192;
	return DISC_OPENED;
}

static bool any_leaving(void *ctx)
{
	(void)ctx;
	return fake.leaving;
}

static int eject(void *ctx, const struct usb_task *task)
{
	(void)ctx;
	assert_int_equal(task->kind, USB_TASK_EJECT);
	note("eject%s%s%s", task->force ? "-force" : "", task->only_if_ejected ? "-if-out" : "",
		task->only_if_idle ? "-if-idle" : "");
	return fake.post;
}

static int insert(void *ctx, struct image *image)
{
	(void)ctx;
	note("insert(%s)", image->name);
	if (fake.post < 0)
		return fake.post;
	/* The engine would keep the disc; the fake frees it at once. */
	disc_destroy(image->disc);
	image->disc = NULL;
	return 0;
}

static int finalise(void *ctx)
{
	(void)ctx;
	note("finalise");
	return fake.post;
}

static bool host_is_absent(void *ctx)
{
	(void)ctx;
	return fake.host_absent;
}

static void start_timer(void *ctx, unsigned ms)
{
	(void)ctx;
	fake.timer_on = true;
	note("timer(%u)", ms);
}

static void stop_timer(void *ctx)
{
	(void)ctx;
	if (fake.timer_on)
		note("stop");
	fake.timer_on = false;
}

static bool command_waits(void *ctx)
{
	(void)ctx;
	return fake.command_waits;
}

static void finished(void *ctx)
{
	(void)ctx;
	note("next");
}

static int choose_blank(void *ctx, char **name, json_t **answer)
{
	(void)ctx;
	note("choose");
	if (fake.blank_refused) {
		*answer = answer_ok("later");
		return -ENOSPC;
	}
	*name = fake.blank ? strdup(fake.blank) : NULL;
	return 0;
}

static void blank_failed(void *ctx, const char *problem)
{
	(void)ctx;
	note("failed(%s)", problem);
}

static const struct drive_services services = {
	.find_is_exact = find_is_exact,
	.find_begin = find_begin,
	.find_cancel = find_cancel,
	.open = open_image,
	.any_leaving = any_leaving,
	.eject = eject,
	.insert = insert,
	.finalise = finalise,
	.host_is_absent = host_is_absent,
	.start_timer = start_timer,
	.stop_timer = stop_timer,
	.command_waits = command_waits,
	.finished = finished,
	.choose_blank = choose_blank,
	.blank_failed = blank_failed,
};

/* ---- observers ------------------------------------------------------------------------------ */

/* ctx is a prefix of the observer's words. */

static void on_finalised(void *ctx, const struct image *in)
{
	note("%sfinalised(%s)", (const char *)ctx, in->name);
}

static void on_removed(void *ctx, const struct image *was, const char *next)
{
	/* The disc is not in the drive any more. */
	assert_null(drive_machine_in(machine)->name);
	note("%sremoved(%s%s%s)", (const char *)ctx, was->name, next ? "," : "", next ? next : "");
}

static void on_left_empty(void *ctx)
{
	note("%sempty", (const char *)ctx);
}

static void on_inserted(void *ctx, const struct image *in)
{
	assert_ptr_equal(in, drive_machine_in(machine));
	note("%sinserted(%s)", (const char *)ctx, in->name);
}

static void on_restored(void *ctx, const struct image *in)
{
	note("%srestored(%s)", (const char *)ctx, in->name);
}

static void on_event_handled(void *ctx)
{
	note("%s.", (const char *)ctx);
}

static void on_host_ejected(void *ctx)
{
	note("%shost-ejected", (const char *)ctx);
}

static const struct drive_observer observer = {
	.finalised = on_finalised,
	.removed = on_removed,
	.left_empty = on_left_empty,
	.inserted = on_inserted,
	.restored = on_restored,
	.event_handled = on_event_handled,
	.host_ejected = on_host_ejected,
};
static const struct drive_observer empty_observer = {0};

/* ---- commands ------------------------------------------------------------------------------- */

static char message[512];

static void on_progress(struct reply *r, json_t *a)
{
	(void)r;
	note("progress");
	json_decref(a);
}

static void on_final(struct reply *r, json_t *a)
{
	const char *code = json_string_value(json_object_get(a, "code"));

	(void)r;
	note("%s", answer_is_ok(a) ? "ok" : code);
	snprintf(message, sizeof(message), "%s", json_string_value(json_object_get(a, "message")));
	json_decref(a);
}

static struct reply reply = {.progress = on_progress, .final = on_final};

static inline void begin(enum drive_verb verb, const char *image, bool by_host)
{
	struct drive_command *c = drive_command_new(verb, image, &reply);

	assert_non_null(c);
	c->by_host = by_host;
	drive_machine_begin(machine, c);
}

static inline void engine_event(void)
{
	drive_machine_engine_event(machine, &now, &now, NULL);
}

static inline void task_done(struct usb_result result)
{
	drive_machine_engine_event(machine, &now, &now, &result);
}

static inline void ejected(enum mmc_eject how)
{
	task_done((struct usb_result){.eject = how});
}

static inline void timeout(void)
{
	fake.timer_on = false;
	drive_machine_timeout(machine);
}

/* Makes a machine whose drive has the recordable disc "old". */
static inline void make_machine(void)
{
	struct drive_machine_config config = {
		.drive = "d",
		.swap_gap = 20,
		.seen_wait = 500,
		.unlock_wait = 1000,
		.reload_wait = 300,
		.services = &services,
		.state = {.loaded = true, .profile = 0x1b},
	};
	struct image in = {.name = strdup("old"), .recordable = true};

	memset(&fake, 0, sizeof(fake));
	fake.opening = DISC_OPENED;
	now = config.state;
	assert_int_equal(drive_machine_new(&config, &machine), 0);
	drive_machine_observe(machine, &empty_observer, NULL);
	drive_machine_observe(machine, &observer, (void *)(uintptr_t) "");
	drive_machine_restore(machine, &in, &now);
	journal[0] = '\0';
}

static inline void free_machine(void)
{
	drive_machine_cancel(machine, "stopping", "the daemon stops");
	drive_machine_free(machine);
	journal[0] = '\0';
}

static inline int setup(void **state)
{
	(void)state;
	log_set_level(LOG_LEVEL_ERROR);
	make_machine();
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	free_machine();
	return 0;
}

/* ---- states -------------------------------------------------------------------------------- */

enum state {
	IDLE,
	HOST_GAP,
	FINDING,
	EJECTING,
	WAIT_UNLOCK,
	GAP,
	UNSEEN,
	WAIT_RELEASE,
	INSERTING,
	CLOSING,
	STATES
};

/* Words that status shows in each state. */
static const char *const pending[STATES] = {
	[IDLE] = "",
	[HOST_GAP] = "next (the host ejected)",
	[FINDING] = "insert new (looking for it)",
	[EJECTING] = "insert new",
	[WAIT_UNLOCK] = "insert new (waiting for the host to unlock the drive)",
	[GAP] = "insert new (between two discs)",
	[UNSEEN] = "insert new (until the host has seen the empty drive)",
	[WAIT_RELEASE] = "insert new (waiting for the old disc to be closed)",
	[INSERTING] = "insert new",
	[CLOSING] = "close old",
};

static inline void enter_state(enum state s)
{
	switch (s) {
	case IDLE:
		break;
	case HOST_GAP:
		now.ejected_by_host = true;
		now.loaded = false;
		engine_event();
		begin(DRIVE_NEXT, NULL, true);
		break;
	case FINDING:
		begin(DRIVE_FIND, "new", false);
		break;
	case WAIT_RELEASE:
		fake.opening = DISC_HELD_BY_OLD;
		fake.leaving = true;
		begin(DRIVE_INSERT, "new", false);
		ejected(MMC_EJECT_DONE);
		timeout();
		fake.opening = DISC_OPENED;
		break;
	case UNSEEN:
		begin(DRIVE_INSERT, "new", false);
		now.removal_unseen = true;
		ejected(MMC_EJECT_DONE);
		timeout();
		break;
	case CLOSING:
		begin(DRIVE_CLOSE, "old", false);
		break;
	case EJECTING:
	case WAIT_UNLOCK:
	case GAP:
	case INSERTING:
		begin(DRIVE_INSERT, "new", false);
		if (s == WAIT_UNLOCK) {
			now.locked = true;
			ejected(MMC_EJECT_REQUESTED);
		} else if (s != EJECTING) {
			ejected(MMC_EJECT_DONE);
		}
		if (s == INSERTING)
			timeout();
		break;
	case STATES:
		fail();
	}
	journal[0] = '\0';
	assert_string_equal(drive_machine_pending(machine), pending[s]);
}

#endif
