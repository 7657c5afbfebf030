// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Insert, blank and eject as a small machine:
 *
 *   [find] -> open image -> eject -> [host asked, up to 10 s] -> [gap] -> insert -> answer
 *
 * The image is opened first, so that a name that is wrong leaves the disc in
 * the drive alone.
 */
#include "drive/drive_int.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/words.h"
#include "util/log.h"

#define RELEASE_POLL 50u /* ms */

void drive_cmd_free(struct drive_cmd *cmd)
{
	if (cmd)
		free(cmd->image);
	free(cmd);
}

void drive_op_describe(struct drive *d, const char *stage)
{
	static const char *const names[] = {
		"insert", "insert", "next", "prev", "blank", "eject", "close", "put away"};
	const struct drive_cmd *c = d->op.cmd;

	snprintf(d->op.text, sizeof(d->op.text), "%s%s%.200s%s", names[c->verb],
		c->image ? " " : "", c->image ? c->image : "", stage);
	words_clean(d->op.text);
}

/* Ends the command; the answer goes out, the next one may start. */
void drive_op_finish(struct drive *d, json_t *answer)
{
	struct drive_cmd *cmd = d->op.cmd;

	drive_stop_timer(d);
	catalog_forget(d->catalog, &d->finding.base);
	if (d->op.disc)
		disc_put(d->op.disc);
	image_fini(&d->op.next);
	memset(&d->op, 0, sizeof(d->op));
	if (answer && !answer_is_ok(answer))
		log_warn("%s", json_string_value(json_object_get(answer, "message")));
	cmd->reply->final(cmd->reply, answer);
	drive_cmd_free(cmd);
	drive_op_next(d);
}

static void post(struct drive *d, enum op_state state)
{
	int r;

	d->op.state = state;
	r = drive_post(d);
	if (r < 0)
		drive_op_finish(d, answer_error("io-error", "%s: %s", d->name, strerror(-r)));
}

void drive_op_post_eject(struct drive *d)
{
	drive_op_describe(d, "");
	d->job.kind = JOB_EJECT;
	d->job.force = d->op.cmd->force || d->op.away;
	d->job.if_out = d->op.cmd->by_host;
	d->job.if_idle = d->op.cmd->verb == DRIVE_REPLACE_BURNED && !d->op.cmd->by_host;
	d->job.used = d->burned.used;
	post(d, OP_EJECTING);
}

static void post_insert(struct drive *d)
{
	drive_op_describe(d, "");
	d->job.kind = JOB_INSERT;
	d->job.disc = d->op.disc;
	d->op.disc = NULL;
	image_write_behind(&d->policy, d->job.disc);
	drive_handover_name(&d->job.image, &d->op.next);
	post(d, OP_INSERTING);
}

/* The drive that has the file, for a better word than "another program". */
static const struct drive *holder(const struct drive *d, const struct image *image)
{
	for (unsigned i = 0; d->set && i < d->set->count; i++) {
		if (drive_holds(d->set->drive[i], image->dev, image->ino))
			return d->set->drive[i];
	}
	return NULL;
}

/* Discs that were taken out and are not closed yet, for a command or a slow storage. */
static bool any_leaving(const struct drive *d)
{
	for (unsigned i = 0; d->set && i < d->set->count; i++) {
		const struct drive *each = d->set->drive[i];
		unsigned kept = (each->in.name ? 1u : 0u) + (each->op.disc ? 1u : 0u);

		if (disc_closer_open_discs(each->closer) > kept)
			return true;
	}
	return false;
}

/* 0: op.disc is there, or op.reopen is set. Else *answer says why not. */
int drive_op_open(struct drive *d, json_t **answer)
{
	struct drive_op *op = &d->op;
	struct refusal why;
	const struct drive *has;
	int r;

	if (op->cmd->verb == DRIVE_BLANK || op->cmd->verb == DRIVE_REPLACE_BURNED) {
		r = image_create_blank(d->folder, d->media, op->cmd->image, &why);
		if (r < 0) {
			*answer = answer_error(why.code, "%s", why.text);
			return r;
		}
	}
	r = image_open(d->folder, d->media, op->cmd->image, &d->policy, &op->next, &why);
	if (op->next.disc)
		disc_closer_count(d->closer);
	if (r < 0) {
		has = r == -EBUSY ? holder(d, &op->next) : NULL;
		image_fini(&op->next);
		op->reopen = !op->reopen && r == -EBUSY && (has == d || (!has && any_leaving(d)));
		if (op->reopen)
			return 0;
		*answer = has ? answer_error("in-use", "\"%s\" is in %s", op->cmd->image, has->name)
			      : answer_error(why.code, "%s", why.text);
		return r;
	}
	op->disc = op->next.disc;
	op->next.disc = NULL;
	/* A burned disc that somebody wants back is left alone. */
	for (unsigned i = 0; d->set && i < d->set->count; i++) {
		if (postburn_claim(d->set->drive[i]->burned.postburn, op->next.dev, op->next.ino) ==
			POSTBURN_IDLE)
			continue;
		*answer = answer_error("in-use",
			"\"%s\" was just burned and gets its name; ask again", op->cmd->image);
		return -EBUSY;
	}
	image_describe(op->disc, op->kind, sizeof(op->kind));
	return 0;
}

/* ---- close -------------------------------------------------------------------------------- */

static json_t *closed_answer(const struct drive *d, int result, const char *kind, uint32_t end)
{
	const char *image = d->op.cmd->image;

	switch (result) {
	case 0:
		return answer_ok("%s: closed %s (%s, %" PRIu64 " bytes)", d->name, image, kind,
			(uint64_t)end * MEDIA_BLOCK);
	case -ENODATA:
		return answer_error("blank", "%s: nothing is recorded on \"%s\"", d->name, image);
	case -EBUSY:
		return answer_error("locked",
			"%s: the host has locked the drive, it may be burning \"%s\"; eject it "
			"first",
			d->name, image);
	default:
		return answer_error("io-error", "%s: \"%s\" could not be closed: %s", d->name,
			image, strerror(-result));
	}
}

/* In no drive: opened, finalised and closed here. */
static void close_outside_drive(struct drive *d)
{
	struct disc *disc = d->op.disc;
	int r = disc_finalise(disc);
	uint32_t end = disc_end(disc);

	image_describe(disc, d->op.kind, sizeof(d->op.kind));
	if (r > 0)
		r = r == DISC_NO_SUCH_TRACK ? -ENODATA : -EIO;
	drive_op_finish(d, closed_answer(d, r, d->op.kind, end));
}

/* On the USB thread the engine has finalised what is in the drive. */
static void closed_in_drive(struct drive *d)
{
	unsigned key = d->job.sense >> 16 & 0x0f, asc = d->job.sense >> 8 & 0xff;
	int r = d->job.sense == 0 ? 0 : asc == 0x53 ? -EBUSY : asc == 0x72 ? -ENODATA : -EIO;
	char kind[64] = "DVD-ROM";

	if (key == 0x2) /* taken out by the host meanwhile */
		r = -EBUSY;
	if (d->seen.sessions > 1)
		snprintf(kind, sizeof(kind), "DVD-ROM, %u sessions", d->seen.sessions);
	drive_op_finish(d, closed_answer(d, r, kind, d->seen.end));
}

static void begin_close(struct drive *d)
{
	json_t *answer = NULL;
	struct drive *has = d->in.name ? d : NULL;

	if (has && strcmp(d->in.name, d->op.cmd->image) == 0) {
		drive_op_describe(d, "");
		d->job.kind = JOB_CLOSE;
		post(d, OP_CLOSING);
		return;
	}
	if (drive_op_open(d, &answer) < 0)
		drive_op_finish(d, answer);
	else if (d->op.reopen)
		drive_op_finish(d,
			answer_error("in-use",
				"%s: \"%s\" is in a drive under another name, or just leaving it",
				d->name, d->op.cmd->image));
	else
		close_outside_drive(d);
}

void drive_op_insert(struct drive *d)
{
	json_t *answer = NULL;

	if (drive_op_open(d, &answer) < 0)
		drive_op_finish(d, answer);
	else
		drive_op_post_eject(d);
}

/*
 * The gap comes first here: programs reload a disc by eject and load, and must find
 * the one that they ejected.
 */
static void begin_host_gap(struct drive *d)
{
	d->op.state = OP_HOST_GAP;
	drive_op_describe(d, " (the host ejected)");
	drive_start_timer(
		d, d->op.cmd->verb == DRIVE_REPLACE_BURNED ? d->burned.config.reload : d->swap_gap);
}

/* The host has closed the tray, so the disc is its again. */
static void host_keeps_it(struct drive *d)
{
	drive_op_finish(d, answer_ok("%s: the host loaded %s again", d->name,
				   d->in.name ? d->in.name : "the disc"));
}

static void begin(struct drive *d)
{
	switch (d->op.cmd->verb) {
	case DRIVE_CLOSE:
		begin_close(d);
		break;
	case DRIVE_EJECT:
		drive_op_post_eject(d);
		break;
	case DRIVE_FIND:
		if (drive_find_is_exact(d, d->op.cmd->image))
			drive_op_insert(d);
		else
			drive_find_begin(d);
		break;
	case DRIVE_NEXT:
	case DRIVE_PREV:
		if (d->op.cmd->by_host)
			begin_host_gap(d);
		else
			drive_find_begin(d);
		break;
	case DRIVE_REPLACE_BURNED:
		if (d->op.cmd->by_host)
			begin_host_gap(d);
		else
			drive_burned_replace(d);
		break;
	case DRIVE_INSERT:
	case DRIVE_BLANK:
		drive_op_insert(d);
		break;
	}
}

void drive_op_next(struct drive *d)
{
	if (d->starting)
		return;
	d->starting = true;
	while (!d->op.cmd && d->queue) {
		d->op.cmd = d->queue;
		d->queue = d->queue->next;
		begin(d);
	}
	d->starting = false;
}

void drive_op_disc_removed(struct drive *d)
{
	struct image was = d->in;

	memset(&d->in, 0, sizeof(d->in));
	if (was.name)
		drive_burned_removed(d, &was);
	image_fini(&was);
}

static void ejected(struct drive *d)
{
	const char *note = d->op.away    ? " (the host, which had locked it, is not there)"
			   : d->op.asked ? " (the host let go when asked)"
					 : "";
	json_t *answer;

	if (d->op.cmd->verb == DRIVE_EJECT) {
		answer =
			answer_ok("%s: ejected %s%s", d->name, d->in.name ? d->in.name : "the disc",
				d->op.cmd->force ? " by force" : note);
		log_info("%s: ejected %s", d->name, d->in.name ? d->in.name : "the disc");
		drive_op_disc_removed(d);
		drive_remember(d, NULL);
		drive_op_finish(d, answer);
		return;
	}
	drive_op_disc_removed(d);
	if (d->op.cmd->verb == DRIVE_REPLACE_BURNED && !d->op.cmd->image) {
		drive_remember(d, NULL);
		drive_op_finish(d, answer_ok("%s: the burned disc is out", d->name));
		return;
	}
	drive_stop_timer(d);
	d->op.state = OP_GAP;
	drive_op_describe(d, " (between two discs)");
	drive_start_timer(d, d->op.cmd->by_host ? 0 : d->swap_gap);
}

/*
 * A host that is unplugged or asleep cannot answer, and its lock protects
 * nothing: a Pi has no VBUS sense, SUSPEND is all it sees of a pulled cable.
 */
static bool host_is_away(struct drive *d)
{
	struct ffs_state usb;

	if (!d->attached || !d->port.get_state)
		return false;
	d->port.get_state(d->port.usb, &usb);
	return !usb.enabled || usb.suspended;
}

/* With room for a second look: an unlock seen late may already be a lock again. */
static void refused(struct drive *d)
{
	if (!d->op.away && host_is_away(d)) {
		d->op.away = true;
		drive_op_post_eject(d);
		return;
	}
	d->op.state = OP_WAIT_UNLOCK;
	if (d->op.expired) {
		drive_op_finish(d,
			answer_error("locked",
				"%s: the host keeps the drive locked; use eject force", d->name));
		return;
	}
	if (d->queue) {
		drive_op_finish(
			d, answer_error("cancelled", "%s: given up for a newer command", d->name));
		return;
	}
	drive_op_describe(d, " (waiting for the host to unlock the drive)");
	if (d->op.asked)
		return;
	d->op.asked = true;
	log_info("%s: locked by the host, eject requested", d->name);
	drive_start_timer(d, d->unlock_wait);
	d->op.cmd->reply->progress(d->op.cmd->reply,
		answer_ok("%s: the host has locked the drive; it is asked to eject", d->name));
}

/* The drive is empty and the old disc closed as far as it matters. */
static void fill(struct drive *d)
{
	json_t *answer = NULL;

	drive_stop_timer(d);
	if (d->op.reopen) {
		if (any_leaving(d)) {
			d->op.state = OP_WAIT_RELEASE;
			drive_op_describe(d, " (waiting for the old disc to be closed)");
			/* Another drive's disc is no event of this one. */
			drive_start_timer(d, RELEASE_POLL);
			return;
		}
		if (drive_op_open(d, &answer) < 0) {
			json_object_set_new(answer, "message",
				json_sprintf("%s; %s is empty now",
					json_string_value(json_object_get(answer, "message")),
					d->name));
			drive_op_finish(d, answer);
			return;
		}
	}
	post_insert(d);
}

static void inserted(struct drive *d)
{
	struct image *in = &d->in;
	const char *note = d->op.asked ? " (the host let go of the old disc when asked)" : "";
	uint64_t size;
	json_t *answer;

	image_fini(in);
	*in = d->op.next;
	memset(&d->op.next, 0, sizeof(d->op.next));
	drive_burned_inserted(d);
	size = in->recordable ? (uint64_t)d->seen.capacity * MEDIA_BLOCK : in->size;
	answer = answer_ok("%s: inserted %s (%s, %" PRIu64 " bytes)%s%s", d->name, in->name,
		d->op.kind, size, note, in->warning);
	log_info("%s", json_string_value(json_object_get(answer, "message")));
	drive_op_finish(d, answer);
}

void drive_op_job_done(struct drive *d)
{
	if (d->op.state == OP_INSERTING) {
		inserted(d);
		return;
	}
	if (d->op.state == OP_CLOSING) {
		closed_in_drive(d);
		return;
	}
	if (d->op.state != OP_EJECTING)
		return;
	if (d->job.stays) {
		host_keeps_it(d);
		return;
	}
	switch (d->job.result) {
	case MMC_EJECT_DONE:
		ejected(d);
		break;
	case MMC_EJECT_EMPTY:
		if (!d->op.disc && !d->op.reopen)
			drive_op_finish(d, answer_ok("%s: there is no disc in the drive", d->name));
		else
			fill(d);
		break;
	case MMC_EJECT_REQUESTED:
		refused(d);
		break;
	}
}

void drive_op_event(struct drive *d)
{
	if (d->op.state == OP_WAIT_UNLOCK && !d->seen.locked)
		drive_op_post_eject(d);
	else if (d->op.state == OP_WAIT_RELEASE && !any_leaving(d))
		fill(d);
	else if ((d->op.state == OP_HOST_GAP || d->op.state == OP_FINDING) && d->op.cmd->by_host &&
		 !d->seen.ejected_by_host)
		host_keeps_it(d);
}

void drive_op_timeout(struct drive *d)
{
	if (d->op.state == OP_GAP || d->op.state == OP_WAIT_RELEASE) {
		fill(d);
	} else if (d->op.state == OP_HOST_GAP) {
		if (d->op.cmd->verb == DRIVE_REPLACE_BURNED)
			drive_burned_replace(d);
		else
			drive_find_begin(d);
	} else if (d->op.state == OP_WAIT_UNLOCK || d->op.state == OP_EJECTING) {
		d->op.expired = true;
		if (d->op.state == OP_WAIT_UNLOCK)
			refused(d);
	}
}

void drive_op_cancel(struct drive *d, const char *code, const char *text)
{
	struct drive_cmd *cmd;

	d->starting = true;
	if (d->op.cmd)
		drive_op_finish(d, answer_error(code, "%s: %s", d->name, text));
	while (d->queue) {
		cmd = d->queue;
		d->queue = cmd->next;
		cmd->reply->final(cmd->reply, answer_error(code, "%s: %s", d->name, text));
		drive_cmd_free(cmd);
	}
	d->starting = false;
}

static void append(struct drive *d, struct drive_cmd *cmd)
{
	struct drive_cmd **at = &d->queue;

	while (*at)
		at = &(*at)->next;
	*at = cmd;
}

/* A command that waits for the host, and for nothing else, is not what is wanted any more. */
static bool give_way(struct drive *d)
{
	if (d->op.state == OP_WAIT_UNLOCK)
		drive_op_finish(
			d, answer_error("cancelled", "%s: given up for a newer command", d->name));
	else if (d->op.state == OP_HOST_GAP)
		drive_op_finish(d, answer_ok("%s: a command came before the next disc", d->name));
	else
		return false;
	return true;
}

/* NULL: it has been answered. */
static struct drive_cmd *enqueue(
	struct drive *d, enum drive_verb verb, const char *image, struct reply *r)
{
	struct drive_cmd *cmd;
	unsigned waiting = 0;

	for (cmd = d->queue; cmd; cmd = cmd->next)
		waiting++;
	if (waiting >= DRIVE_QUEUE) {
		r->final(r, answer_error("busy", "%s: too many commands are waiting", d->name));
		return NULL;
	}
	cmd = calloc(1, sizeof(*cmd));
	if (cmd && image)
		cmd->image = strdup(image);
	if (!cmd || (image && !cmd->image)) {
		drive_cmd_free(cmd);
		r->final(r, answer_error("io-error", "%s: out of memory", d->name));
		return NULL;
	}
	cmd->verb = verb;
	cmd->reply = r;
	append(d, cmd);
	return cmd;
}

void drive_submit(
	struct drive *d, enum drive_verb verb, const char *image, bool force, struct reply *r)
{
	struct drive_cmd *cmd = enqueue(d, verb, image, r);

	if (!cmd)
		return;
	cmd->force = force;
	if (!give_way(d))
		drive_op_next(d);
}

static void drop(struct reply *r, json_t *answer)
{
	(void)r;
	json_decref(answer);
}

void drive_op_start_internal(struct drive *d, enum drive_verb verb, bool by_host)
{
	static struct reply nobody = {.progress = drop, .final = drop};
	struct drive_cmd *cmd = enqueue(d, verb, NULL, &nobody);

	if (cmd)
		cmd->by_host = by_host;
	drive_op_next(d);
}

void drive_op_host_ejected(struct drive *d)
{
	/* What a command asked the host for is no wish of the host's. */
	if (!d->seen.ejected_by_host || d->queue || (d->op.cmd && d->op.cmd->verb != DRIVE_CLOSE))
		return;
	if (d->brings_next || d->burned.finished)
		drive_op_start_internal(
			d, d->brings_next ? DRIVE_NEXT : DRIVE_REPLACE_BURNED, true);
}
