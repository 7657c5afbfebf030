// SPDX-License-Identifier: GPL-2.0-or-later
#include "drive/drive_machine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "drive/drive_answer.h"
#include "drive/drive_operation.h"
#include "util/log.h"

#define RELEASE_POLL 50u /* ms */

static void insert_prepared(struct drive_machine *m);

static void post_eject(struct drive_machine *m)
{
	const struct drive_command *c = m->op.command;
	const struct usb_task task = {
		.kind = USB_TASK_EJECT,
		.force = c->force || m->op.host_absent,
		.only_if_ejected = c->by_host,
		.only_if_idle = c->verb == DRIVE_REPLACE_BURNED && !c->by_host,
		.blocks_moved = c->blocks_moved,
	};

	operation_enter(m, OP_EJECTING, "");
	operation_check_posted(m, operation_services(m)->eject(m->config.ctx, &task));
}

/* ---- open the image ------------------------------------------------------------------------- */

static void open_and_eject(struct drive_machine *m)
{
	json_t *answer = NULL;

	if (operation_open(m, &answer) < 0)
		operation_finish(m, answer);
	else
		post_eject(m);
}

static void find(struct drive_machine *m)
{
	operation_enter(m, OP_FINDING, " (looking for it)");
	operation_services(m)->find_begin(m->config.ctx, m->op.command);
}

void drive_machine_found(struct drive_machine *m, const char *name, json_t *answer)
{
	if (name && !drive_command_set_image(m->op.command, name)) {
		answer = answer_error("io-error", "%s: out of memory", m->config.drive);
		name = NULL;
	}
	if (name)
		open_and_eject(m);
	else
		operation_finish(m, answer);
}

/* Returns 0, with the blank opened if there is to be one; -1: *answer ends the command. */
static int prepare_blank(struct drive_machine *m, json_t **answer)
{
	if (operation_services(m)->choose_blank(m->config.ctx, &m->op.command->image, answer) < 0)
		return -1;
	if (!m->op.command->image || operation_open(m, answer) == 0)
		return 0;
	operation_services(m)->blank_failed(
		m->config.ctx, json_string_value(json_object_get(*answer, "message")));
	json_decref(*answer);
	*answer = answer_ok("%s: later", m->config.drive);
	return -1;
}

static void replace_burned(struct drive_machine *m)
{
	json_t *answer = NULL;

	if (prepare_blank(m, &answer) < 0)
		operation_finish(m, answer);
	else
		post_eject(m);
}

/* ---- close (finalise) ----------------------------------------------------------------------- */

/* Finalises the prepared image on the main thread and closes it again. */
static void close_outside_drive(struct drive_machine *m)
{
	bool was_closed = m->op.prepared.disc->layout.finalised;
	uint64_t bytes;
	int r = disc_opener_finalise(&m->op.prepared, m->config.drive, &bytes);

	if (r == 0 && !was_closed)
		notify_closed(&m->observers, m->op.command->image);
	image_describe(m->op.prepared.disc, m->op.kind, sizeof(m->op.kind));
	operation_finish(m,
		drive_answer_closed(m->config.drive, m->op.command->image, r, m->op.kind, bytes));
}

/* Answers close for the disc in the drive, which the engine has finalised or not. */
static void closed_in_drive(struct drive_machine *m, const struct usb_result *result)
{
	operation_finish(m, drive_answer_closed_in_drive(m->config.drive, m->op.command->image,
				    result->sense, &m->state));
}

static void begin_close(struct drive_machine *m)
{
	json_t *answer = NULL;

	if (m->in.name && strcmp(m->in.name, m->op.command->image) == 0) {
		operation_enter(m, OP_CLOSING, "");
		operation_check_posted(m, operation_services(m)->finalise(m->config.ctx));
		return;
	}
	if (operation_open(m, &answer) < 0)
		operation_finish(m, answer);
	else if (m->op.open_later)
		operation_finish(m,
			answer_error("in-use",
				"%s: \"%s\" is in a drive under another name, or just leaving it",
				m->config.drive, m->op.command->image));
	else
		close_outside_drive(m);
}

/* ---- the host has ejected ------------------------------------------------------------------- */

/*
 * The gap comes before the swap: burning programs reload a disc by eject and load, and
 * must find the disc that they ejected.
 */
static void begin_host_gap(struct drive_machine *m)
{
	operation_enter(m, OP_HOST_GAP, " (the host ejected)");
	operation_services(m)->start_timer(
		m->config.ctx, m->op.command->verb == DRIVE_REPLACE_BURNED ? m->config.reload_wait
									   : m->config.swap_gap);
}

static void host_gap_over(struct drive_machine *m)
{
	if (m->op.command->verb == DRIVE_REPLACE_BURNED)
		replace_burned(m);
	else
		find(m);
}

/*
 * The host has closed the tray in time. Also ends a replacement that did not wait for an eject, if
 * the host has locked the drive or used the disc again; the answer to that is dropped.
 */
static void keep_disc(struct drive_machine *m)
{
	operation_finish(m,
		answer_ok("%s: the host loaded %s again", m->config.drive, operation_disc_name(m)));
}

static void keep_if_loaded(struct drive_machine *m)
{
	if (m->op.command->by_host && !m->state.ejected_by_host)
		keep_disc(m);
}

static void cancel_host_gap(struct drive_machine *m)
{
	operation_finish(m, answer_ok("%s: cancelled by a newer command", m->config.drive));
}

/* ---- begin ---------------------------------------------------------------------------------- */

void drive_machine_begin(struct drive_machine *m, struct drive_command *c)
{
	m->op.command = c;

	switch (c->verb) {
	case DRIVE_CLOSE:
		begin_close(m);
		break;
	case DRIVE_EJECT:
		post_eject(m);
		break;
	case DRIVE_FIND:
		if (operation_services(m)->find_is_exact(m->config.ctx, c->image))
			open_and_eject(m);
		else
			find(m);
		break;
	case DRIVE_NEXT:
	case DRIVE_PREV:
		if (c->by_host)
			begin_host_gap(m);
		else
			find(m);
		break;
	case DRIVE_REPLACE_BURNED:
		if (c->by_host)
			begin_host_gap(m);
		else
			replace_burned(m);
		break;
	case DRIVE_INSERT:
	case DRIVE_BLANK:
		open_and_eject(m);
		break;
	}
}

/* ---- eject ---------------------------------------------------------------------------------- */

static void forget_removed_disc(struct drive_machine *m)
{
	struct image was = m->in;

	memset(&m->in, 0, sizeof(m->in));
	m->finalised = m->unchangeable = false;
	if (was.name)
		notify_removed(&m->observers, &was, m->op.open_later ? m->op.command->image : NULL);
	image_fini(&was);
}

static void ejected(struct drive_machine *m)
{
	const struct drive_command *c = m->op.command;
	const char *note = m->op.host_absent ? " (the host, which had locked it, is not there)"
			   : m->op.eject_requested ? " (the host let go when asked)"
						   : "";
	json_t *answer;

	if (c->verb == DRIVE_EJECT) {
		answer = answer_ok("%s: ejected %s%s", m->config.drive, operation_disc_name(m),
			c->force ? " by force" : note);
		drive_answer_add(answer, m->config.drive, m->in.name);
		log_info("%s: ejected %s", m->config.drive, operation_disc_name(m));
		forget_removed_disc(m);
		notify_left_empty(&m->observers);
		operation_finish(m, answer);
		return;
	}
	forget_removed_disc(m);
	if (c->verb == DRIVE_REPLACE_BURNED && !c->image) {
		notify_left_empty(&m->observers);
		operation_finish(m, answer_ok("%s: the burned disc is out", m->config.drive));
		return;
	}
	operation_services(m)->stop_timer(m->config.ctx);
	operation_enter(m, OP_GAP, " (between two discs)");
	operation_services(m)->start_timer(m->config.ctx, c->by_host ? 0 : m->config.swap_gap);
}

static void cancel_for_newer(struct drive_machine *m)
{
	operation_finish(
		m, answer_error("cancelled", "%s: cancelled by a newer command", m->config.drive));
}

/*
 * The host has locked the drive. Is called again when the time to unlock is up, or if the host
 * unlocked the drive, but locked it again before the next eject.
 */
static void eject_refused(struct drive_machine *m)
{
	if (!m->op.host_absent && operation_services(m)->host_is_absent(m->config.ctx)) {
		m->op.host_absent = true;
		post_eject(m);
		return;
	}
	if (m->op.timed_out) {
		const struct drive_command *c = m->op.command;

		operation_finish(m, drive_answer_locked(m->config.drive,
					    c->image ? NULL : drive_command_verb(c)));
		return;
	}
	if (operation_services(m)->command_waits(m->config.ctx)) {
		cancel_for_newer(m);
		return;
	}
	operation_enter(m, OP_WAIT_UNLOCK, " (waiting for the host to unlock the drive)");
	if (m->op.eject_requested)
		return;
	m->op.eject_requested = true;
	log_info("%s: locked by the host, eject requested", m->config.drive);
	operation_services(m)->start_timer(m->config.ctx, m->config.unlock_wait);
	m->op.command->reply->progress(m->op.command->reply,
		answer_ok("%s: the host has locked the drive; it is asked to eject",
			m->config.drive));
}

/*
 * The drive has been empty for long enough. Inserts the image; if the host must see the empty drive
 * first and has not, waits for that.
 */
static void gap_over(struct drive_machine *m)
{
	if (!m->config.seen_wait || !m->state.removal_unseen ||
		operation_services(m)->host_is_absent(m->config.ctx)) {
		insert_prepared(m);
		return;
	}
	operation_enter(m, OP_UNSEEN, " (until the host has seen the empty drive)");
	operation_services(m)->start_timer(m->config.ctx, m->config.seen_wait);
}

static void eject_done(struct drive_machine *m, const struct usb_result *result)
{
	if (result->kept) {
		keep_disc(m);
		return;
	}
	switch (result->eject) {
	case MMC_EJECT_DONE:
		ejected(m);
		break;
	case MMC_EJECT_EMPTY:
		if (!m->op.prepared.name && !m->op.open_later)
			operation_finish(
				m, answer_ok("%s: there is no disc in the drive", m->config.drive));
		else
			gap_over(m);
		break;
	case MMC_EJECT_REQUESTED:
		eject_refused(m);
		break;
	}
}

static void retry_if_unlocked(struct drive_machine *m)
{
	if (!m->state.locked)
		post_eject(m);
}

/* The host's time is up, but an eject that was posted again may still succeed. */
static void note_timeout(struct drive_machine *m)
{
	m->op.timed_out = true;
}

static void unlock_timeout(struct drive_machine *m)
{
	m->op.timed_out = true;
	eject_refused(m);
}

/* ---- insert --------------------------------------------------------------------------------- */

/* The drive is empty. The image can be inserted, unless the old disc still holds its file. */
static void insert_prepared(struct drive_machine *m)
{
	json_t *answer = NULL;

	operation_services(m)->stop_timer(m->config.ctx);
	if (m->op.open_later) {
		if (operation_services(m)->any_leaving(m->config.ctx)) {
			operation_enter(
				m, OP_WAIT_RELEASE, " (waiting for the old disc to be closed)");
			/* Polls: this drive gets no event when another drive's disc is closed. */
			operation_services(m)->start_timer(m->config.ctx, RELEASE_POLL);
			return;
		}
		if (operation_open(m, &answer) < 0) {
			drive_answer_add_empty(answer, m->config.drive);
			operation_finish(m, answer);
			return;
		}
	}
	operation_enter(m, OP_INSERTING, "");
	operation_check_posted(m, operation_services(m)->insert(m->config.ctx, &m->op.prepared));
}

static void insert_if_seen(struct drive_machine *m)
{
	if (!m->state.removal_unseen)
		insert_prepared(m);
}

static void insert_if_closed(struct drive_machine *m)
{
	if (!operation_services(m)->any_leaving(m->config.ctx))
		insert_prepared(m);
}

static bool is_finalised(const struct mmc_state *s)
{
	return s->finalised && !mmc_state_is_overwritable(s);
}

static void set_finalised(struct drive_machine *m, bool finalised, enum disc_type type)
{
	m->finalised = finalised;
	m->unchangeable = finalised && !disc_medium_of(type)->erasable;
}

static void inserted(struct drive_machine *m, const struct usb_result *result)
{
	struct image *in = &m->in;

	(void)result;
	image_fini(in);
	*in = m->op.prepared;
	memset(&m->op.prepared, 0, sizeof(m->op.prepared));
	/* A rewritable disc may have been finalised before. */
	set_finalised(m, is_finalised(&m->state), m->state.type);
	notify_inserted(&m->observers, in);
	operation_finish(m, drive_answer_inserted(m->config.drive, in, m->op.kind,
				    m->state.capacity, m->op.eject_requested,
				    !operation_services(m)->host_is_absent(m->config.ctx)));
}

/* ---- events --------------------------------------------------------------------------------- */

/* Reactions of each state to each event; NULL = none. */
static const struct {
	void (*task_done)(struct drive_machine *m, const struct usb_result *result);
	void (*engine)(struct drive_machine *m);
	void (*timeout)(struct drive_machine *m);
	void (*newer_command)(struct drive_machine *m);
} reaction[OP_STATES] = {
	[OP_HOST_GAP] = {.engine = keep_if_loaded,
		.timeout = host_gap_over,
		.newer_command = cancel_host_gap},
	[OP_FINDING] = {.engine = keep_if_loaded},
	[OP_EJECTING] = {.task_done = eject_done, .timeout = note_timeout},
	[OP_WAIT_UNLOCK] = {.engine = retry_if_unlocked,
		.timeout = unlock_timeout,
		.newer_command = cancel_for_newer},
	[OP_GAP] = {.timeout = gap_over},
	[OP_UNSEEN] = {.engine = insert_if_seen, .timeout = insert_prepared},
	[OP_WAIT_RELEASE] = {.engine = insert_if_closed, .timeout = insert_prepared},
	[OP_INSERTING] = {.task_done = inserted},
	[OP_CLOSING] = {.task_done = closed_in_drive},
};

/*
 * Notifies observers that the host has ejected, unless a command waits or is under way: that
 * command decides what follows. A close under way does not count.
 */
static void host_ejected(struct drive_machine *m)
{
	if (!m->state.ejected_by_host || operation_services(m)->command_waits(m->config.ctx) ||
		(m->op.command && m->op.command->verb != DRIVE_CLOSE))
		return;
	notify_host_ejected(&m->observers);
}

/* Notes that the host or close has finalised the disc, or the host has erased a finalised one. */
static void see_finalised(struct drive_machine *m, const struct mmc_state *now)
{
	bool finalised = is_finalised(now);

	if (finalised == m->finalised || now->testing || !m->in.recordable || !m->in.name)
		return;
	/* Without a disc the engine reports none as finalised: it was removed, not erased. */
	if (!finalised && !now->loaded && !now->ejected_by_host)
		return;
	set_finalised(m, finalised, now->type);
	if (finalised)
		notify_finalised(&m->observers, &m->in);
	else
		notify_erased(&m->observers, &m->in);
}

/* The disc may have changed after the last event, and before it was removed: that comes first. */
static void see_last(
	struct drive_machine *m, const struct mmc_state *now, const struct mmc_state *last)
{
	if (!m->state.loaded || now->loaded || !last->loaded)
		return;
	notify_engine_state(&m->observers, &m->state, last, &m->in);
	see_finalised(m, last);
	m->state = *last;
}

void drive_machine_engine_event(struct drive_machine *m, const struct mmc_state *now,
	const struct mmc_state *last, const struct usb_result *done)
{
	struct mmc_state before;

	see_last(m, now, last);
	before = m->state;
	notify_engine_state(&m->observers, &before, now, &m->in);
	unfinished_see(&m->unfinished, m->config.drive, &before, last, now, &m->in);
	see_finalised(m, now);
	m->state = *now;
	if (done && reaction[m->op.state].task_done)
		reaction[m->op.state].task_done(m, done);
	if (reaction[m->op.state].engine)
		reaction[m->op.state].engine(m);
	notify_event_handled(&m->observers);
	if (now->ejected_by_host && !before.ejected_by_host)
		host_ejected(m);
}

void drive_machine_timeout(struct drive_machine *m)
{
	if (reaction[m->op.state].timeout)
		reaction[m->op.state].timeout(m);
}

bool drive_machine_newer_command(struct drive_machine *m)
{
	if (!reaction[m->op.state].newer_command)
		return false;
	reaction[m->op.state].newer_command(m);
	return true;
}

void drive_machine_cancel(struct drive_machine *m, const char *code, const char *text)
{
	if (m->op.command)
		operation_finish(m, answer_error(code, "%s: %s", m->config.drive, text));
}

/* ---- creation and queries ------------------------------------------------------------------- */

int drive_machine_new(const struct drive_machine_config *config, struct drive_machine **out)
{
	struct drive_machine *m = calloc(1, sizeof(*m));

	if (!m)
		return -ENOMEM;
	m->config = *config;
	m->state = config->state;
	*out = m;
	return 0;
}

void drive_machine_free(struct drive_machine *m)
{
	if (m)
		image_fini(&m->in);
	free(m);
}

void drive_machine_postburn_done(struct drive_machine *m, const struct postburn_result *result)
{
	notify_postburn_done(&m->observers, result);
}

void drive_machine_observe(struct drive_machine *m, const struct drive_observer *o, void *ctx)
{
	drive_observers_add(&m->observers, o, ctx);
}

void drive_machine_unobserve(struct drive_machine *m, const void *ctx)
{
	drive_observers_remove(&m->observers, ctx);
}

bool drive_machine_has_command(const struct drive_machine *m)
{
	return m->op.command != NULL;
}

bool drive_machine_disc_has_vanished(const struct drive_machine *m)
{
	return m->state.vanished;
}

const char *drive_machine_pending(const struct drive_machine *m)
{
	return m->op.text;
}

struct unfinished *drive_machine_unfinished(struct drive_machine *m)
{
	return &m->unfinished;
}

struct image *drive_machine_in(struct drive_machine *m)
{
	return &m->in;
}

const struct image *drive_machine_prepared(const struct drive_machine *m)
{
	return &m->op.prepared;
}

const bool *drive_machine_unchangeable(const struct drive_machine *m)
{
	return &m->unchangeable;
}

void drive_machine_restore(
	struct drive_machine *m, const struct image *in, const struct mmc_state *state)
{
	m->in = *in;
	m->state = *state;
	/*
	 * If the earlier daemon died before it saw that the host had finalised the disc, the next
	 * state reports it. Not so for an erasable disc, which may have been inserted finalised.
	 */
	m->finalised = is_finalised(state) && disc_medium_of(state->type)->erasable;
	if (in->name)
		notify_restored(&m->observers, &m->in);
}
