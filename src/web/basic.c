// SPDX-License-Identifier: GPL-2.0-or-later
#include "web/basic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/web_secret.h"
#include "protocol/answer.h"
#include "web/api_drive.h"
#include "web/api_session.h"
#include "web/basic_view.h"
#include "web/image_list.h"
#include "web/link.h"
#include "web/text.h"

#define HTML "text/html; charset=utf-8"

/* The page while it is put together. */
struct page {
	json_t *status;
	struct image_list list;
};

static void free_page(struct request *r)
{
	struct page *p = r->work;

	json_decref(p->status);
	image_list_free(&p->list);
	free(p);
}

static bool on_piece(void *request, const char *data, size_t n)
{
	struct page *p = ((struct request *)request)->work;

	return image_list_feed(&p->list, data, n);
}

static void on_list(void *request, const json_t *answer, int fd)
{
	struct request *r = request;
	struct page *p = r->work;
	char csrf[COOKIE_CSRF], *text;
	json_t *list;
	bool ok;

	(void)answer;
	(void)fd;
	text = image_list_end(&p->list, &ok);
	list = text ? json_loads(text, 0, NULL) : NULL;
	free(text);
	auth_csrf(r->web->auth, &r->session, csrf);
	reply_text(r, 200, HTML, basic_view(r->web->host_name, csrf, p->status, list));
	json_decref(list);
}

static void on_status(void *request, const json_t *answer, int fd)
{
	struct request *r = request;
	const struct link_reader reader = {.done = on_list, .piece = on_piece, .ctx = r};
	struct page *p = r->work;

	(void)fd;
	if (!answer || !answer_is_ok(answer)) {
		reply_answer(r, 200, answer);
		return;
	}
	p->status = json_deep_copy(answer);
	image_list_begin(&p->list, &(struct image_filter){.limit = 1000});
	link_ask(r->web->link, "list\n", &reader);
}

void basic_page(struct request *r)
{
	const struct link_reader reader = {.done = on_status, .ctx = r};

	/* Tokens have no session, whose token the forms need. */
	if (r->login != LOGIN_SESSION) {
		reply_text(r, 200, HTML, basic_view_login(r->web->host_name));
		return;
	}
	r->work = calloc(1, sizeof(struct page));
	if (!r->work) {
		reply_response(r, 500, NULL);
		return;
	}
	r->work_free = free_page;
	request_wait(r);
	link_ask(r->web->link, "status\n", &reader);
}

/* ---- forms ---------------------------------------------------------------------------------- */

static bool field(const struct request *r, const char *name, char *out, size_t size)
{
	return r->body.text && text_form(r->body.text, r->body.len, name, out, size);
}

/* Back to the page, which shows what has become of it. */
static void back(struct request *r)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);

	if (response)
		reply_header(response, "Location", "/basic");
	reply_response(r, 303, response);
}

void basic_log_in(struct request *r)
{
	char password[WEB_PASSWORD_MOST + 1];

	if (field(r, "password", password, sizeof(password)))
		session_log_in(r, password, back);
	else
		reply_error(r, "bad-password", "The password is missing.");
	explicit_bzero(password, sizeof(password));
}

void basic_log_out(struct request *r)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);

	if (response)
		reply_header(response, "Location", "/basic");
	session_log_out(r, response);
	reply_response(r, 303, response);
}

static void on_done(void *request, const json_t *answer, int fd)
{
	struct request *r = request;

	(void)fd;
	command_log(r, "form", answer);
	if (answer && answer_is_ok(answer))
		back(r);
	else
		reply_answer(r, 200, answer);
}

void basic_insert(struct request *r)
{
	char name[TEXT_NAME];

	if (!field(r, "image", name, sizeof(name)))
		reply_error(r, "bad-arguments", "No disc was chosen.");
	else
		command_run(r, &(struct command){.verb = "insert", .name = name, .drive = r->name},
			on_done);
}

void basic_eject(struct request *r)
{
	char force[8];
	bool forced = field(r, "force", force, sizeof(force));

	command_run(r,
		&(struct command){
			.verb = "eject", .drive = r->name, .keyword = forced ? "force" : NULL},
		on_done);
}

void basic_next(struct request *r)
{
	command_run(r, &(struct command){.verb = "next", .drive = r->name}, on_done);
}

void basic_blank(struct request *r)
{
	char name[TEXT_NAME], type[32], option[64];
	struct command c = {.verb = "blank", .name = name, .drive = r->name};

	if (!field(r, "name", name, sizeof(name))) {
		reply_error(r, "bad-arguments", "The blank needs a name, such as blank-1.iso.");
		return;
	}
	if (field(r, "type", type, sizeof(type))) {
		snprintf(option, sizeof(option), "type=%s", type);
		c.option[0] = option;
	}
	command_run(r, &c, on_done);
}

void basic_ask_delete(struct request *r)
{
	const char *image = request_query(r, "image"), *etag = request_query(r, "etag");
	char name[TEXT_NAME], tag[128] = "", csrf[COOKIE_CSRF];

	if (r->login != LOGIN_SESSION || !image ||
		!text_decode(image, strlen(image), false, name, sizeof(name))) {
		reply_error(r, "bad-arguments", "Which disc?");
		return;
	}
	if (etag)
		(void)text_decode(etag, strlen(etag), false, tag, sizeof(tag));
	auth_csrf(r->web->auth, &r->session, csrf);
	reply_text(r, 200, HTML, basic_view_delete(csrf, name, tag));
}

void basic_delete(struct request *r)
{
	char name[TEXT_NAME], tag[128], option[160];
	struct command c = {.verb = "delete", .name = name};

	if (!field(r, "image", name, sizeof(name))) {
		reply_error(r, "bad-arguments", "Which disc?");
		return;
	}
	/* Deletes the image only if it is the one that the page showed. */
	if (field(r, "etag", tag, sizeof(tag))) {
		snprintf(option, sizeof(option), "etag=%s", tag);
		c.option[0] = option;
	}
	command_run(r, &c, on_done);
}
