// SPDX-License-Identifier: GPL-2.0-or-later
#include "web/api_session.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "protocol/answer.h"
#include "protocol/field.h"
#include "util/clock.h"
#include "web/hub.h"

void api_health(struct request *r)
{
	reply_empty(r, 204);
}

/* Clients without a password can send these as fast as the network is, so not each is logged. */
static void log_refused(struct request *r)
{
	unsigned count = tally_add(&r->web->refused, clock_ms());
	char text[64];

	if (count == 0)
		return;
	snprintf(text, sizeof(text), "too many tries (%u since the last line of this kind)", count);
	request_log(r, "log-in", "", text);
}

static void refuse(struct request *r, unsigned seconds)
{
	json_t *o = answer_error("too-many-tries", "too many tries; wait %u second%s", seconds,
		seconds == 1 ? "" : "s");

	json_object_set_new(o, "retry_after", json_integer(seconds));
	log_refused(r);
	if (r->pages) {
		json_decref(o);
		reply_error(r, "too-many-tries", "Too many tries; wait %u seconds.", seconds);
		return;
	}
	reply_json(r, 429, o);
}

static void on_tried(void *request, const struct cookie *session)
{
	struct request *r = request;
	void (*good)(struct request * r);

	memcpy(&good, &r->work, sizeof(good));
	r->work = NULL;
	if (!session) {
		request_log(r, "log-in", "", "wrong password");
		reply_error(r, "bad-password", "the password is wrong");
		return;
	}
	r->session = *session;
	r->new_cookie = true;
	snprintf(r->who, sizeof(r->who), "session %02x%02x", session->id[0], session->id[1]);
	request_log(r, "log-in", "", "logged in");
	good(r);
}

void session_log_in(struct request *r, const char *password, void (*good)(struct request *r))
{
	unsigned seconds = auth_wait(r->web->auth, &r->peer);

	if (seconds > 0) {
		refuse(r, seconds);
		return;
	}
	memcpy(&r->work, &good, sizeof(good));
	request_wait(r);
	if (!auth_log_in(r->web->auth, &r->peer, password, on_tried, r))
		refuse(r, 1);
}

static void logged_in(struct request *r)
{
	reply_empty(r, 204);
}

void api_log_in(struct request *r)
{
	json_t *o = request_json(r);

	if (!o)
		return;
	if (*field_text(o, "password"))
		session_log_in(r, field_text(o, "password"), logged_in);
	else
		reply_error(r, "bad-arguments", "the body must be {\"password\":\"...\"}");
	json_decref(o);
}

void api_session(struct request *r)
{
	json_t *o = answer_ok("logged in");
	char csrf[COOKIE_CSRF] = "";

	if (r->login == LOGIN_SESSION) {
		auth_csrf(r->web->auth, &r->session, csrf);
		json_object_set_new(o, "until", json_integer((json_int_t)r->session.until));
	}
	json_object_set_new(o, "csrf", json_string(csrf));
	json_object_set_new(o, "read_only", json_boolean(r->login == LOGIN_READER));
	json_object_set_new(o, "host", json_string(r->web->host_name));
	json_object_set_new(o, "who", json_string(r->who));
	reply_json(r, 200, o);
}

void session_log_out(struct request *r, struct MHD_Response *response)
{
	char cookie[AUTH_COOKIE];

	if (r->login == LOGIN_SESSION) {
		auth_log_out(r->web->auth, &r->session);
		hub_end_old(r->web->hub);
		request_log(r, "session", "", "logged out");
	}
	r->new_cookie = false;
	auth_no_cookie(strcmp(r->scheme, "https") == 0, cookie);
	if (response)
		reply_header(response, "Set-Cookie", "%s", cookie);
}

void api_log_out(struct request *r)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);

	session_log_out(r, response);
	reply_response(r, 204, response);
}
