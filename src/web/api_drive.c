// SPDX-License-Identifier: GPL-2.0-or-later
#include "web/api_drive.h"

#include <stdio.h>
#include <string.h>

#include "protocol/answer.h"
#include "protocol/field.h"
#include "protocol/format.h"
#include "protocol/words.h"
#include "web/link.h"

void command_run(struct request *r, const struct command *c,
	void (*done)(void *request, const json_t *answer, int fd))
{
	const struct link_reader reader = {.done = done, .ctx = r, .seconds = c->seconds};
	const char *words[WORDS_MAX + 1];
	bool literal[WORDS_MAX + 1] = {false};
	char drive[512];
	size_t n = 0;

	words[n++] = c->verb;
	for (int i = 0; i < 2; i++) {
		const char *name = i == 0 ? c->name : c->second;

		if (!name)
			continue;
		literal[n] = true;
		words[n++] = name;
	}
	if (c->keyword)
		words[n++] = c->keyword;
	for (int i = 0; i < 3; i++) {
		if (c->option[i])
			words[n++] = c->option[i];
	}
	if (c->drive) {
		snprintf(drive, sizeof(drive), "drive=%.500s", c->drive);
		words[n++] = drive;
	}
	words[n] = NULL;
	request_wait(r);
	link_ask_words(r->web->link, words, literal, &reader);
}

void command_log(const struct request *r, const char *verb, const json_t *answer)
{
	request_log(r, verb, r->name ? r->name : "",
		answer ? format_message(answer) : "the daemon did not answer");
}

static void on_done(void *request, const json_t *answer, int fd)
{
	struct request *r = request;

	(void)fd;
	command_log(r, r->work, answer);
	r->work = NULL;
	reply_answer(r, 200, answer);
}

static void run(struct request *r, struct command *c, const char *log_as)
{
	c->drive = r->name;
	memcpy(&r->work, &log_as, sizeof(log_as));
	command_run(r, c, on_done);
}

/* Options whose values are words, never names of files. */
static const char *word_option(
	const json_t *o, const char *member, const char *key, char *out, size_t size)
{
	const char *value = field_text(o, member);

	if (!*value)
		return NULL;
	snprintf(out, size, "%s=%s", key, value);
	return out;
}

static const char *force_option(const json_t *o)
{
	return field_flag(o, "force") ? "force=yes" : NULL;
}

void api_insert(struct request *r)
{
	json_t *o = request_json(r);
	struct command c = {.verb = "insert"};
	char as[64];

	if (!o)
		return;
	c.name = field_text(o, "image");
	c.option[0] = word_option(o, "as", "as", as, sizeof(as));
	c.option[1] = force_option(o);
	if (*c.name)
		run(r, &c, "insert");
	else
		reply_error(r, "bad-arguments", "the body must be {\"image\":\"NAME\"}");
	json_decref(o);
}

void api_eject(struct request *r)
{
	json_t *o = request_json(r);
	struct command c = {.verb = "eject"};

	if (!o)
		return;
	if (field_flag(o, "force"))
		c.keyword = "force";
	run(r, &c, c.keyword ? "eject by force" : "eject");
	json_decref(o);
}

void api_blank(struct request *r)
{
	json_t *o = request_json(r);
	struct command c = {.verb = "blank"};
	char type[64], minutes[64];

	if (!o)
		return;
	c.name = field_text(o, "name");
	c.option[0] = word_option(o, "type", "type", type, sizeof(type));
	if (field_number(o, "minutes")) {
		snprintf(minutes, sizeof(minutes), "minutes=%u",
			(unsigned)field_number(o, "minutes"));
		c.option[1] = minutes;
	}
	c.option[2] = force_option(o);
	if (*c.name)
		run(r, &c, "blank");
	else
		reply_error(r, "bad-arguments", "the body must be {\"name\":\"NAME\"}");
	json_decref(o);
}

static void step(struct request *r, const char *verb)
{
	json_t *o = request_json(r);
	struct command c = {.verb = verb};

	if (!o)
		return;
	c.option[0] = force_option(o);
	run(r, &c, verb);
	json_decref(o);
}

void api_next(struct request *r)
{
	step(r, "next");
}

void api_prev(struct request *r)
{
	step(r, "prev");
}
