// SPDX-License-Identifier: GPL-2.0-or-later
#include "web/api_image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/answer.h"
#include "protocol/field.h"
#include "web/api_drive.h"
#include "web/image_list.h"
#include "web/link.h"
#include "web/range.h"
#include "web/text.h"

/* ---- the list ------------------------------------------------------------------------------- */

/* A list that is on its way. */
struct listing {
	struct image_list list;
	char part[512], kind[128], after[TEXT_NAME], drive[512];
};

static void free_listing(struct request *r)
{
	struct listing *l = r->work;

	image_list_free(&l->list);
	free(l);
}

static bool on_piece(void *request, const char *data, size_t n)
{
	struct request *r = request;
	struct listing *l = r->work;

	return image_list_feed(&l->list, data, n);
}

/* Returns the whole answer as text; NULL: the request was answered, with an error. */
static char *end_list(struct request *r)
{
	struct listing *l = r->work;
	bool ok;
	char *text = image_list_end(&l->list, &ok);
	json_t *answer;

	if (ok && text)
		return text;
	answer = text ? json_loads(text, 0, NULL) : NULL;
	reply_answer(r, 200, answer);
	json_decref(answer);
	free(text);
	return NULL;
}

static void on_list(void *request, const json_t *answer, int fd)
{
	struct request *r = request;
	char *text = end_list(r);

	(void)answer;
	(void)fd;
	if (text)
		reply_text(r, 200, "application/json", text);
}

static void on_one(void *request, const json_t *answer, int fd)
{
	struct request *r = request;
	char *text = end_list(r);
	json_t *all = text ? json_loads(text, 0, NULL) : NULL, *image, *o;

	(void)answer;
	(void)fd;
	image = json_array_get(json_object_get(all, "images"), 0);
	if (text && image) {
		o = answer_ok("%s", r->name);
		json_object_set(o, "image", image);
		reply_json(r, 200, o);
	} else if (text) {
		reply_error(r, "no-such-image", "there is no image \"%s\"", r->name);
	}
	json_decref(all);
	free(text);
}

/* Takes a parameter of the query. NULL: it is not there; false in *good: it is no text. */
static const char *parameter(
	const struct request *r, const char *key, char *out, size_t size, bool *good)
{
	const char *value = request_query(r, key);

	if (!value || *value == '\0')
		return NULL;
	if (!text_decode(value, strlen(value), false, out, size))
		*good = false;
	return out;
}

const char *image_drive_option(const struct request *r, char *out, size_t size)
{
	static const char key[] = "drive=";
	bool good = true;

	strcpy(out, key);
	if (!parameter(r, "drive", out + strlen(key), size - strlen(key), &good))
		return NULL;
	return out; /* what is no text is a drive that does not exist */
}

static void ask_list(struct request *r, struct listing *l,
	void (*done)(void *request, const json_t *answer, int fd))
{
	const struct link_reader reader = {.done = done, .piece = on_piece, .ctx = r};
	const char *words[3] = {"list", image_drive_option(r, l->drive, sizeof(l->drive)), NULL};

	r->work = l;
	r->work_free = free_listing;
	request_wait(r);
	link_ask_words(r->web->link, words, NULL, &reader);
}

void api_images(struct request *r)
{
	struct listing *l = calloc(1, sizeof(*l));
	const char *limit = request_query(r, "limit");
	uint64_t most = IMAGE_LIST_LIMIT;
	struct image_filter f;
	bool good = true;

	if (!l) {
		reply_response(r, 500, NULL);
		return;
	}
	f = (struct image_filter){.part = parameter(r, "q", l->part, sizeof(l->part), &good),
		.kind = parameter(r, "kind", l->kind, sizeof(l->kind), &good),
		.after = parameter(r, "after", l->after, sizeof(l->after), &good)};
	if (limit && (!range_number(limit, &most) || most == 0 || most > 1000))
		good = false;
	if (!good) {
		free(l);
		reply_error(r, "bad-arguments",
			"q, kind and after must be text, and limit a number up to 1000");
		return;
	}
	f.limit = (unsigned)most;
	image_list_begin(&l->list, &f);
	ask_list(r, l, on_list);
}

void api_image(struct request *r)
{
	struct listing *l = calloc(1, sizeof(*l));

	if (!l) {
		reply_response(r, 500, NULL);
		return;
	}
	image_list_begin(&l->list, &(struct image_filter){.name = r->name, .limit = 2});
	ask_list(r, l, on_one);
}

/* ---- effects -------------------------------------------------------------------------------- */

const char *image_etag_option(const struct request *r, char *out, size_t size)
{
	const char *tag = r->gate.field[GATE_IF_MATCH];
	size_t n;

	if (!tag || strcmp(tag, "*") == 0)
		return NULL;
	/* What is no tag, such as a weak one, matches nothing; scripts may leave the quotes out. */
	tag += *tag == '"';
	n = strcspn(tag, "\"");
	snprintf(out, size, "etag=%.*s", n > 100 ? 100 : (int)n, tag);
	return out;
}

static void on_renamed(void *request, const json_t *answer, int fd)
{
	(void)fd;
	command_log(request, "rename", answer);
	reply_answer(request, 200, answer);
}

void api_rename(struct request *r)
{
	json_t *o = request_json(r);
	struct command c = {.verb = "rename", .name = r->name};
	char drive[512], etag[128];

	if (!o)
		return;
	c.second = field_text(o, "name");
	c.option[0] = image_drive_option(r, drive, sizeof(drive));
	c.option[1] = image_etag_option(r, etag, sizeof(etag));
	if (*c.second)
		command_run(r, &c, on_renamed);
	else
		reply_error(r, "bad-arguments", "the body must be {\"name\":\"NEW NAME\"}");
	json_decref(o);
}

static void on_deleted(void *request, const json_t *answer, int fd)
{
	struct request *r = request;

	(void)fd;
	command_log(r, "delete", answer);
	if (answer && answer_is_ok(answer))
		reply_empty(r, 204);
	else
		reply_answer(r, 200, answer);
}

void api_delete(struct request *r)
{
	struct command c = {.verb = "delete", .name = r->name};
	char drive[512], etag[128];

	c.option[0] = image_drive_option(r, drive, sizeof(drive));
	c.option[1] = image_etag_option(r, etag, sizeof(etag));
	command_run(r, &c, on_deleted);
}

static void on_changed(void *request, const json_t *answer, int fd)
{
	struct request *r = request;

	(void)fd;
	command_log(r, r->work, answer);
	r->work = NULL;
	reply_answer(r, 200, answer);
}

/* A verb whose only argument is the image. */
static void change(struct request *r, const char *verb)
{
	struct command c = {.verb = verb, .name = r->name};
	char drive[512];

	c.option[0] = image_drive_option(r, drive, sizeof(drive));
	memcpy(&r->work, &verb, sizeof(verb));
	command_run(r, &c, on_changed);
}

void api_close(struct request *r)
{
	change(r, "close");
}

void api_erase(struct request *r)
{
	change(r, "erase");
}

/* "HEX  NAME" as of sha256sum; 202 while it is computed. */
static void on_sum(void *request, const json_t *answer, int fd)
{
	struct request *r = request;
	const char *sum = field_text(answer, "sha256");
	char *text;

	(void)fd;
	if (!answer || !answer_is_ok(answer) || !*sum) {
		reply_answer(r, 202, answer);
		return;
	}
	if (asprintf(&text, "%s  %s\n", sum, r->name) < 0)
		text = NULL;
	reply_text(r, 200, "text/plain; charset=utf-8", text);
}

static void ask_sum(struct request *r, const char *keyword)
{
	struct command c = {.verb = "sum", .name = r->name, .keyword = keyword};
	char drive[512];

	c.option[0] = image_drive_option(r, drive, sizeof(drive));
	command_run(r, &c, on_sum);
}

void api_sum(struct request *r)
{
	ask_sum(r, NULL);
}

void api_sum_start(struct request *r)
{
	ask_sum(r, "start");
}
