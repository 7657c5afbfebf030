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

void operation_finish(struct drive_machine *m, json_t *answer)
{
	struct drive_command *command = m->op.command;

	operation_services(m)->stop_timer(m->config.ctx);
	operation_services(m)->find_cancel(m->config.ctx);
	image_fini(&m->op.prepared);
	memset(&m->op, 0, sizeof(m->op));
	/* It was inserted again, or is finished now. */
	if (answer_is_ok(answer) && command->image)
		unfinished_drop(&m->unfinished, command->image);
	unfinished_tell(&m->unfinished, answer);
	if (answer && !answer_is_ok(answer))
		log_warn("%s", json_string_value(json_object_get(answer, "message")));
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
