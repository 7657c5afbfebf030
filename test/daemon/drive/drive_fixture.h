/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two drives with a fake USB thread, and control commands for them. */
#ifndef DAEMON_DRIVE_FIXTURE_H
#define DAEMON_DRIVE_FIXTURE_H

#include "daemon/fake_usb.h"

#include "util/log.h"

static sd_event *event;
static struct drives set;
static struct fake_usb usb[2];

/* A reply that records what it is given. */
struct record {
	struct reply base;
	char progress[256], message[512], code[64];
	bool ok, done;
};

static inline void on_progress(struct reply *r, json_t *a)
{
	struct record *rec = (struct record *)r;

	assert_false(rec->done);
	strcpy(rec->progress, json_string_value(json_object_get(a, "message")));
	json_decref(a);
}

static inline void on_final(struct reply *r, json_t *a)
{
	struct record *rec = (struct record *)r;
	const char *code = json_string_value(json_object_get(a, "code"));

	assert_false(rec->done);
	rec->done = true;
	rec->ok = answer_is_ok(a);
	strcpy(rec->message, json_string_value(json_object_get(a, "message")));
	strcpy(rec->code, code ? code : "");
	json_decref(a);
}

static inline void submit(
	unsigned i, struct record *rec, enum drive_verb verb, const char *name, bool force)
{
	memset(rec, 0, sizeof(*rec));
	rec->base.progress = on_progress;
	rec->base.final = on_final;
	drive_submit(usb[i].drive, verb, name, force, &rec->base);
}

/* Submits and waits for the answer. */
static inline void run(
	unsigned i, struct record *rec, enum drive_verb verb, const char *name, bool force)
{
	submit(i, rec, verb, name, force);
	turn(event, usb, 2, 20000, &rec->done);
	assert_true(rec->done);
}

#define EXPECT(rec, what) assert_string_equal((rec)->message, what)

static inline struct drive_info info(unsigned i)
{
	struct drive_info in;

	drive_get_info(usb[i].drive, &in);
	return in;
}

static inline int setup(void **state)
{
	if (scratch_make(state) < 0 || sd_event_new(&event) < 0)
		return -1;
	mkdir(in_scratch("media"), 0755);
	put_size("media/a.iso", 4096);
	put_size("media/b.iso", 6000);
	fake_drive(&usb[0], "drive0", event, &set, 200);
	fake_drive(&usb[1], "drive1", event, &set, 200);
	log_set_level(LOG_LEVEL_ERROR);
	return 0;
}

static inline int teardown(void **state)
{
	for (unsigned i = 0; i < 2; i++) {
		drive_detach(usb[i].drive);
		drive_free(usb[i].drive);
	}
	sd_event_unref(event);
	return set.count == 0 ? scratch_remove(state) : -1;
}

#endif
