// SPDX-License-Identifier: GPL-2.0-or-later
#include "drive/drive_commands.h"

#include <errno.h>
#include <stdlib.h>

struct drive_commands {
	struct drive_commands_config config;
	struct drive_command *first; /* of those that wait */
	unsigned waiting;
	bool starting; /* drive_commands_next() is on the stack, or all are cancelled */
	bool take_out; /* see drive_commands_take_out() */
};

int drive_commands_new(const struct drive_commands_config *config, struct drive_commands **out)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	(*out)->config = *config;
	return 0;
}

void drive_commands_free(struct drive_commands *c)
{
	free(c);
}

static void append(struct drive_commands *c, struct drive_command *command)
{
	struct drive_command **at = &c->first;

	while (*at)
		at = &(*at)->next;
	*at = command;
	c->waiting++;
}

/* Returns NULL if none waits. */
static struct drive_command *take_first(struct drive_commands *c)
{
	struct drive_command *command = c->first;

	if (!command)
		return NULL;
	c->first = command->next;
	command->next = NULL;
	c->waiting--;
	return command;
}

/* Returns NULL if the command was refused and answered. */
static struct drive_command *enqueue(
	struct drive_commands *c, enum drive_verb verb, const char *image, struct reply *r)
{
	struct drive_command *command;

	if (c->waiting >= DRIVE_QUEUE) {
		r->final(r,
			answer_error("busy", "%s: too many commands are waiting", c->config.drive));
		return NULL;
	}
	command = drive_command_new(verb, image, r);
	if (command) {
		if (c->config.blank)
			command->blank.medium = c->config.blank;
		append(c, command);
	} else {
		r->final(r, answer_error("io-error", "%s: out of memory", c->config.drive));
	}
	return command;
}

void drive_commands_submit(struct drive_commands *c, enum drive_verb verb, const char *image,
	const struct image_blank *blank, enum image_as as, bool force, struct reply *r)
{
	struct drive_command *command = enqueue(c, verb, image, r);

	if (!command)
		return;
	command->force = force;
	command->as = as;
	if (blank)
		command->blank = *blank;
	if (!drive_machine_newer_command(c->config.machine))
		drive_commands_next(c);
}

static void drop(struct reply *r, json_t *answer)
{
	(void)r;
	json_decref(answer);
}

/* Starts a command of the drive's own. Its answer is dropped, and it cancels no other command. */
static void start_internal(
	struct drive_commands *c, enum drive_verb verb, bool by_host, uint64_t blocks_moved)
{
	static struct reply dropped = {.progress = drop, .final = drop};
	struct drive_command *command = enqueue(c, verb, NULL, &dropped);

	if (command) {
		command->internal = true;
		command->force = verb == DRIVE_EJECT;
		command->by_host = by_host;
		command->blocks_moved = blocks_moved;
	}
	drive_commands_next(c);
}

void drive_commands_replace_burned(struct drive_commands *c, bool by_host, uint64_t blocks_moved)
{
	start_internal(c, DRIVE_REPLACE_BURNED, by_host, blocks_moved);
}

void drive_commands_next(struct drive_commands *c)
{
	if (c->starting)
		return;
	c->starting = true;
	while (!drive_machine_has_command(c->config.machine) && c->first)
		drive_machine_begin(c->config.machine, take_first(c));
	c->starting = false;
	if (!c->take_out || !drive_commands_is_idle(c))
		return;
	c->take_out = false;
	/* The command that was under way may have taken the disc out. */
	if (drive_machine_disc_has_vanished(c->config.machine))
		start_internal(c, DRIVE_EJECT, false, 0);
}

void drive_commands_take_out(struct drive_commands *c)
{
	c->take_out = true;
	drive_commands_next(c);
}

static void on_host_ejected(void *ctx)
{
	struct drive_commands *c = ctx;

	if (c->config.brings_next)
		start_internal(c, DRIVE_NEXT, true, 0);
}

const struct drive_observer drive_commands_observer = {.host_ejected = on_host_ejected};

void drive_commands_cancel(struct drive_commands *c, const char *code, const char *text)
{
	struct drive_command *command;

	c->starting = true;
	drive_machine_cancel(c->config.machine, code, text);
	while ((command = take_first(c)) != NULL) {
		command->reply->final(
			command->reply, answer_error(code, "%s: %s", c->config.drive, text));
		drive_command_free(command);
	}
	c->starting = false;
}

bool drive_commands_any_waits(const struct drive_commands *c)
{
	return c->first != NULL;
}

bool drive_commands_is_idle(const struct drive_commands *c)
{
	return !drive_machine_has_command(c->config.machine) && !c->first;
}
