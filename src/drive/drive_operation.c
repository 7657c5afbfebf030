// SPDX-License-Identifier: GPL-2.0-or-later
#include "drive/drive_operation.h"

#include <string.h>

#include "drive/drive_answer.h"
#include "util/log.h"

const struct drive_services *operation_services(const struct drive_machine *m)
{
	return m->config.services;
}

const char *operation_disc_name(const struct drive_machine *m)
{
	return m->in.name ? m->in.name : "the disc";
}

void operation_enter(struct drive_machine *m, enum op_state state, const char *stage)
{
	m->op.state = state;
	drive_command_describe(m->op.command, stage, m->op.text, sizeof(m->op.text));
}

/*
 * Logs a refused command: as a warning if storage failed, or if no user gave the command. Otherwise
 * the user has the answer, and it is logged as information.
 */
static void log_refusal(const struct drive_command *c, const json_t *answer)
{
	const char *code = json_string_value(json_object_get(answer, "code"));
	const char *text = json_string_value(json_object_get(answer, "message"));
	const char *quote = c->image ? "\"" : "";
	bool broken = code && (strcmp(code, "io-error") == 0 || strcmp(code, "no-room") == 0);

	log_write(c->internal || broken ? LOG_LEVEL_WARN : LOG_LEVEL_INFO, "%s%s%s%s%s: %s",
		drive_command_verb(c), c->image ? " " : "", quote, c->image ? c->image : "", quote,
		text);
}

void operation_finish(struct drive_machine *m, json_t *answer)
{
	struct drive_command *command = m->op.command;

	operation_services(m)->stop_timer(m->config.ctx);
	operation_services(m)->find_cancel(m->config.ctx);
	image_fini(&m->op.prepared);
	memset(&m->op, 0, sizeof(m->op));
	/* The unfinished disc was inserted again, or close has finalised it. */
	if (answer_is_ok(answer) && command->image)
		unfinished_drop(&m->unfinished, command->image);
	/* A command of the drive's own has no client that reads the answer. */
	if (!command->internal)
		unfinished_tell(&m->unfinished, answer);
	unfinished_replaced(&m->unfinished, &m->in);
	if (answer && !answer_is_ok(answer))
		log_refusal(command, answer);
	command->reply->final(command->reply, answer);
	drive_command_free(command);
	operation_services(m)->finished(m->config.ctx);
}

void operation_check_posted(struct drive_machine *m, int r)
{
	if (r < 0)
		operation_finish(m, drive_answer_not_posted(m->config.drive, r));
}

int operation_open(struct drive_machine *m, json_t **answer)
{
	struct operation *op = &m->op;
	enum disc_opening r = operation_services(m)->open(m->config.ctx, op->command->image,
		drive_command_blank(op->command), op->command->as, !op->open_later, &op->prepared,
		answer);

	op->open_later = r == DISC_HELD_BY_OLD;
	if (r == DISC_OPENED)
		image_describe(op->prepared.disc, op->kind, sizeof(op->kind));
	return r == DISC_REFUSED ? -1 : 0;
}
