// SPDX-License-Identifier: GPL-2.0-or-later
#include "web/basic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/web_secret.h"
#include "protocol/answer.h"
#include "protocol/field.h"
#include "web/api_drive.h"
#include "web/api_session.h"
#include "web/basic_view.h"
#include "web/image_list.h"
#include "web/link.h"
#include "web/text.h"

#define HTML "text/html; charset=utf-8"

/* The page while it is put together: each media folder is listed once, by one of its drives. */
struct page {
	json_t *status;
	json_t *folders; /* as basic_view() takes them */
	size_t listed;   /* so many of them have their list */
	struct image_list list;
};

static void list_next(struct request *r);

static void free_page(struct request *r)
{
	struct page *p = r->work;

	json_decref(p->status);
	json_decref(p->folders);
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
	json_t *list;
	char *text;
	bool ok;

	(void)answer;
	(void)fd;
	text = image_list_end(&p->list, &ok);
	list = text ? json_loads(text, 0, NULL) : NULL;
	free(text);
	image_list_free(&p->list);
	if (list)
		json_object_set_new(json_array_get(p->folders, p->listed), "list", list);
	p->listed++;
	list_next(r);
}

/* Asks for the list of the next folder, or answers if there is none. */
static void list_next(struct request *r)
{
	const struct link_reader reader = {.done = on_list, .piece = on_piece, .ctx = r};
	struct page *p = r->work;
	const json_t *folder = json_array_get(p->folders, p->listed);
	char csrf[COOKIE_CSRF], drive[512];
	const char *const words[] = {"list", drive, NULL};

	image_list_begin(&p->list, &(struct image_filter){.limit = BASIC_DISCS});
	if (folder) {
		snprintf(drive, sizeof(drive), "drive=%.500s",
			json_string_value(json_array_get(json_object_get(folder, "drives"), 0)));
		link_ask_words(r->web->link, words, NULL, &reader);
		return;
	}
	auth_csrf(r->web->auth, &r->session, csrf);
	reply_text(r, 200, HTML, basic_view(r->web->host_name, csrf, p->status, p->folders));
}

/* Returns that folder's object, a new one if it has none yet. */
static json_t *folder_of(json_t *all, const char *path)
{
	json_t *folder;
	size_t i;

	json_array_foreach(all, i, folder)
	{
		if (strcmp(field_text(folder, "folder"), path) == 0)
			return folder;
	}
	folder = json_pack("{s:s, s:[]}", "folder", path, "drives");
	json_array_append_new(all, folder);
	return folder;
}

/* Returns the media folders of the drives, and which drives each has. */
static json_t *folders_of(const json_t *status)
{
	json_t *all = json_array();
	const json_t *drive;
	size_t i;

	json_array_foreach(json_object_get(status, "drives"), i, drive) json_array_append_new(
		json_object_get(folder_of(all, field_text(drive, "folder")), "drives"),
		json_string(field_text(drive, "name")));
	return all;
}

static void on_status(void *request, const json_t *answer, int fd)
{
	struct request *r = request;
	struct page *p = r->work;

	(void)fd;
	if (!answer || !answer_is_ok(answer)) {
		reply_answer(r, 200, answer);
		return;
	}
	p->status = json_deep_copy(answer);
	p->folders = folders_of(answer);
	list_next(r);
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

void basic_prev(struct request *r)
{
	command_run(r, &(struct command){.verb = "prev", .drive = r->name}, on_done);
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
	const char *drive = request_query(r, "drive");
	char name[TEXT_NAME], tag[128] = "", of[512] = "", csrf[COOKIE_CSRF];

	if (r->login != LOGIN_SESSION || !image ||
		!text_decode(image, strlen(image), false, name, sizeof(name))) {
		reply_error(r, "bad-arguments", "Which disc?");
		return;
	}
	if (etag)
		(void)text_decode(etag, strlen(etag), false, tag, sizeof(tag));
	if (drive)
		(void)text_decode(drive, strlen(drive), false, of, sizeof(of));
	auth_csrf(r->web->auth, &r->session, csrf);
	reply_text(r, 200, HTML, basic_view_delete(csrf, name, tag, of));
}

void basic_delete(struct request *r)
{
	char name[TEXT_NAME], tag[128], option[160], drive[512];
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
	/* Tells in which folder it is. */
	if (field(r, "drive", drive, sizeof(drive)) && *drive)
		c.drive = drive;
	command_run(r, &c, on_done);
}
