// SPDX-License-Identifier: GPL-2.0-or-later
#include "web/request.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "protocol/answer.h"
#include "protocol/field.h"
#include "protocol/format.h"
#include "util/array.h"
#include "util/log.h"
#include "web/codes.h"
#include "web/text.h"

/* Every answer has them, if it does not say otherwise. */
static const struct {
	const char *name, *value;
} common[] = {
	{"X-Content-Type-Options", "nosniff"},
	{"X-Frame-Options", "DENY"},
	{"Referrer-Policy", "no-referrer"},
	{"Cross-Origin-Resource-Policy", "same-origin"},
	{"Cross-Origin-Opener-Policy", "same-origin"},
	{"Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"},
	{"Content-Security-Policy",
		"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
		"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
		"require-trusted-types-for 'script'"},
};

void request_free(struct request *r)
{
	if (r->work_free)
		r->work_free(r);
	if (r->response)
		MHD_destroy_response(r->response);
	free(r->body.text);
	free(r->name);
	free(r);
}

void request_wait(struct request *r)
{
	if (!r->suspended)
		MHD_suspend_connection(r->connection);
	r->suspended = true;
}

void request_go_on(struct request *r)
{
	if (!r->suspended)
		return;
	MHD_resume_connection(r->connection);
	r->suspended = false;
	r->web->resumed = true;
}

/* ---- answers -------------------------------------------------------------------------------- */

void reply_header(struct MHD_Response *response, const char *name, const char *fmt, ...)
{
	char text[16384];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (MHD_add_response_header(response, name, text) != MHD_YES)
		log_error("the header %s could not be sent", name);
}

static bool has_header(struct MHD_Response *response, const char *name)
{
	return MHD_get_response_header(response, name) != NULL;
}

void reply_response(struct request *r, unsigned status, struct MHD_Response *response)
{
	char cookie[AUTH_COOKIE];

	if (r->status) {
		if (response)
			MHD_destroy_response(response);
		return;
	}
	if (!response) {
		response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
		status = 500;
	}
	for (size_t i = 0; i < ARRAY_LEN(common); i++) {
		if (!has_header(response, common[i].name))
			reply_header(response, common[i].name, "%s", common[i].value);
	}
	if (!has_header(response, "Cache-Control"))
		reply_header(response, "Cache-Control", "no-store");
	if (r->new_cookie) {
		auth_cookie(r->web->auth, &r->session, strcmp(r->scheme, "https") == 0, cookie);
		reply_header(response, "Set-Cookie", "%s", cookie);
	}
	/* The other end may not know how far its request was read. */
	if (status == 400 || status == 411 || status == 421 || status == 431)
		reply_header(response, "Connection", "close");
	r->status = status;
	r->response = response;
	request_go_on(r);
}

void reply_empty(struct request *r, unsigned status)
{
	reply_response(r, status, MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT));
}

void reply_text(struct request *r, unsigned status, const char *type, char *text)
{
	struct MHD_Response *response =
		text ? MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE)
		     : NULL;

	if (response)
		reply_header(response, "Content-Type", "%s", type);
	else
		free(text);
	/* With "no-referrer", browsers send forms with "Origin: null", as from another site. */
	if (response && strncmp(type, "text/html", 9) == 0)
		reply_header(response, "Referrer-Policy", "same-origin");
	reply_response(r, status, response);
}

void reply_json(struct request *r, unsigned status, json_t *o)
{
	char *text = o ? json_dumps(o, JSON_COMPACT) : NULL, *line;
	struct MHD_Response *response;
	size_t n = text ? strlen(text) : 0;
	uint64_t wait = field_number(o, "retry_after");

	line = text ? realloc(text, n + 2) : NULL;
	if (!line) {
		free(text);
		json_decref(o);
		reply_response(r, 500, NULL);
		return;
	}
	strcpy(line + n, "\n");
	response = MHD_create_response_from_buffer(n + 1, line, MHD_RESPMEM_MUST_FREE);
	if (response) {
		reply_header(response, "Content-Type", "application/json");
		if (wait)
			reply_header(response, "Retry-After", "%u", (unsigned)wait);
	} else {
		free(line);
	}
	json_decref(o);
	reply_response(r, status, response);
}

/* An error as a page, for forms. */
static char *error_page(unsigned status, const char *message)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	fprintf(f,
		"<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\">"
		"<meta name=\"viewport\" content=\"width=device-width\">"
		"<link rel=\"stylesheet\" href=\"/app.css\">"
		"<title>%s</title>\n<main><h1>%s</h1>\n<p>",
		codes_words(status), codes_words(status));
	text_html(f, message);
	fprintf(f, "</p>\n<p><a href=\"/basic\" class=\"button\">Back</a></p></main>\n</html>\n");
	if (fclose(f) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

static void reply_failure(struct request *r, json_t *o)
{
	const char *code = field_text(o, "code");
	unsigned status = codes_status(code);

	if (r->pages) {
		reply_text(r, status, "text/html; charset=utf-8",
			error_page(status, format_message(o)));
		json_decref(o);
		return;
	}
	if (status == 503 && !json_object_get(o, "retry_after"))
		json_object_set_new(o, "retry_after", json_integer(2));
	reply_json(r, status, o);
}

void reply_error(struct request *r, const char *code, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	reply_failure(r, answer_error(code, "%s", text));
}

void reply_answer(struct request *r, unsigned status, const json_t *answer)
{
	if (!json_is_object(answer))
		reply_error(r, "no-daemon",
			"the daemon does not answer; on the board: systemctl status mmcgadgetd");
	else if (answer_is_ok(answer))
		reply_json(r, status, json_copy((json_t *)(uintptr_t)answer));
	else
		reply_failure(r, json_copy((json_t *)(uintptr_t)answer));
}

/* ---- questions ------------------------------------------------------------------------------ */

const char *request_query(const struct request *r, const char *key)
{
	return MHD_lookup_connection_value(r->connection, MHD_GET_ARGUMENT_KIND, key);
}

json_t *request_json(struct request *r)
{
	json_error_t e;
	json_t *o;

	if (r->body.len == 0)
		return json_object();
	if (!gate_type_is(r->gate.field[GATE_TYPE], "application/json")) {
		reply_error(r, "bad-content-type", "the body must be application/json");
		return NULL;
	}
	o = json_loadb(r->body.text, r->body.len, JSON_REJECT_DUPLICATES, &e);
	if (!json_is_object(o)) {
		json_decref(o);
		reply_error(r, "bad-arguments", "the body must be an object in JSON");
		return NULL;
	}
	return o;
}

void request_log(const struct request *r, const char *what, const char *name, const char *result)
{
	char from[INET6_ADDRSTRLEN];

	peer_text(&r->peer, from, sizeof(from));
	log_info("%s %s%s%s: %s, by %s from %s", r->method, what, *name ? " " : "", name, result,
		r->who, from);
}
