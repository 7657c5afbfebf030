// SPDX-License-Identifier: GPL-2.0-or-later
#include "web/api_state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/doctor.h"
#include "protocol/answer.h"
#include "protocol/field.h"
#include "version.h"
#include "web/assets.h"
#include "web/hub.h"
#include "web/link.h"

/* Asks the daemon; done() answers the request. */
static void ask(
	struct request *r, const char *line, void (*done)(void *r, const json_t *answer, int fd))
{
	const struct link_reader reader = {.done = done, .ctx = r};

	request_wait(r);
	link_ask(r->web->link, line, &reader);
}

static void on_status(void *request, const json_t *answer, int fd)
{
	struct request *r = request;
	json_t *copy;

	(void)fd;
	if (!answer || !answer_is_ok(answer)) {
		reply_answer(r, 200, answer);
		return;
	}
	copy = json_object();
	json_object_update(copy, (json_t *)(uintptr_t)answer);
	json_object_set_new(copy, "web",
		json_pack("{s:s, s:s, s:i, s:s}", "version", MMCGADGET_VERSION, "page",
			asset_version(), "listeners", (int)hub_count(r->web->hub), "host",
			r->web->host_name));
	reply_json(r, 200, copy);
}

void api_status(struct request *r)
{
	ask(r, "status\n", on_status);
}

static void on_drives(void *request, const json_t *answer, int fd)
{
	struct request *r = request;
	json_t *drives = json_object_get(answer, "drives"), *o;

	(void)fd;
	if (!answer || !answer_is_ok(answer)) {
		reply_answer(r, 200, answer);
		return;
	}
	o = answer_ok(
		"%zu drive%s", json_array_size(drives), json_array_size(drives) == 1 ? "" : "s");
	json_object_set(o, "drives", drives);
	reply_json(r, 200, o);
}

void api_drives(struct request *r)
{
	ask(r, "status\n", on_drives);
}

static void on_drive(void *request, const json_t *answer, int fd)
{
	struct request *r = request;
	json_t *drive, *o;
	size_t i;

	(void)fd;
	if (!answer || !answer_is_ok(answer)) {
		reply_answer(r, 200, answer);
		return;
	}
	json_array_foreach(json_object_get(answer, "drives"), i, drive)
	{
		if (strcmp(field_text(drive, "name"), r->name) != 0)
			continue;
		o = answer_ok("%s", r->name);
		json_object_set(o, "drive", drive);
		reply_json(r, 200, o);
		return;
	}
	reply_error(r, "no-such-drive", "there is no drive \"%s\"", r->name);
}

void api_drive(struct request *r)
{
	ask(r, "status\n", on_drive);
}

static void on_answer(void *request, const json_t *answer, int fd)
{
	(void)fd;
	reply_answer(request, 200, answer);
}

void api_stats(struct request *r)
{
	ask(r, "stats\n", on_answer);
}

void api_events(struct request *r)
{
	struct MHD_Response *response;
	struct auth_pass pass;

	if (strcmp(r->method, "HEAD") == 0) {
		reply_empty(r, 200);
		return;
	}
	auth_keep(&r->gate, &r->session, &pass);
	response = hub_listen(r->web->hub, r->connection, &pass);
	if (!response) {
		reply_error(r, "too-many-listeners", "%u pages listen already; close one",
			HUB_LISTENERS);
		return;
	}
	reply_header(response, "Content-Type", "text/event-stream");
	reply_header(response, "X-Accel-Buffering", "no");
	reply_response(r, 200, response);
}

static void on_doctor(void *request, const json_t *answer, int fd)
{
	struct request *r = request;
	struct doctor_env env = {.root = "",
		.socket = r->web->config.socket,
		.error = answer ? 0 : -ECONNREFUSED,
		.status = answer};
	struct doctor_report *report = calloc(1, sizeof(*report));
	const char *root = getenv("MMCGADGET_ROOT");

	(void)fd;
	if (!report) {
		reply_response(r, 500, NULL);
		return;
	}
	if (root)
		env.root = root;
	doctor_examine(&env, report);
	reply_json(r, 200, doctor_json(report));
	free(report);
}

void api_doctor(struct request *r)
{
	ask(r, "status\n", on_doctor);
}
