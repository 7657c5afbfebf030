// SPDX-License-Identifier: GPL-2.0-or-later
#include "web/upload.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol/answer.h"
#include "protocol/field.h"
#include "protocol/words.h"
#include "ctl/client.h"
#include "util/clock.h"
#include "web/api_drive.h"
#include "web/api_image.h"
#include "web/codes.h"
#include "web/link.h"
#include "web/range.h"
#include "web/text.h"
#include "web/writer.h"

#define SILENT_MS                                                                                  \
	5000u /* after which a connection gives way to another one for the same upload             \
	       */

/* An upload that is being sent. */
struct upload {
	char id[WRITER_ID];
	struct writer *writer;
	struct request *request; /* NULL: the client is gone, and the writer ends */
	uint64_t moved;          /* ms of clock_ms() when bytes came last */
};

struct uploads {
	struct upload *slot[UPLOADS_MAX];
	/* Requests that wait until a writer whose client is gone has ended. */
	struct request *waiting[UPLOADS_MAX * 2];
};

int uploads_new(struct uploads **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

static void reply_stopping(struct request *r)
{
	r->work = NULL;
	r->work_free = NULL;
	reply_error(r, "stopping", "the page is being restarted; what was sent is kept");
}

void uploads_free(struct uploads *u)
{
	for (unsigned i = 0; u && i < UPLOADS_MAX; i++) {
		if (!u->slot[i])
			continue;
		writer_stop(u->slot[i]->writer);
		if (u->slot[i]->request)
			reply_stopping(u->slot[i]->request);
		free(u->slot[i]);
	}
	for (unsigned i = 0; u && i < UPLOADS_MAX * 2; i++) {
		if (u->waiting[i])
			reply_stopping(u->waiting[i]);
	}
	free(u);
}

bool uploads_are_idle(const struct uploads *u)
{
	for (unsigned i = 0; i < UPLOADS_MAX; i++) {
		if (u->slot[i])
			return false;
	}
	return true;
}

static struct upload *find(const struct uploads *u, const char *id)
{
	for (unsigned i = 0; i < UPLOADS_MAX; i++) {
		if (u->slot[i] && strcmp(u->slot[i]->id, id) == 0)
			return u->slot[i];
	}
	return NULL;
}

/*
 * The other end may be gone without a word, such as a phone that has left the network. Who wants to
 * go on with the upload then need not wait until that connection's time is up. The library notices
 * its end, and the writer saves what it has.
 */
static void end_if_silent(const struct upload *up)
{
	const struct request *r = up->request;
	const union MHD_ConnectionInfo *info;

	/* While the card is slow, the other end cannot send. */
	if (!r || r->suspended || r->finished || clock_ms() - up->moved < SILENT_MS)
		return;
	info = MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	if (info)
		(void)shutdown(info->connect_fd, SHUT_RDWR);
}

/* Ends all silent connections, if the daemon refused because a process still writes. */
static void end_silent(const struct uploads *u, const json_t *answer)
{
	for (unsigned i = 0; i < UPLOADS_MAX && strcmp(field_text(answer, "code"), "busy") == 0;
		i++) {
		if (u->slot[i])
			end_if_silent(u->slot[i]);
	}
}

/* ---- short answers -------------------------------------------------------------------------- */

static void on_answer(void *request, const json_t *answer, int fd)
{
	(void)fd;
	reply_answer(request, 200, answer);
}

void upload_list(struct request *r)
{
	struct command c = {.verb = "uploads"};
	char drive[512];

	c.option[0] = image_drive_option(r, drive, sizeof(drive));
	command_run(r, &c, on_answer);
}

static void on_created(void *request, const json_t *answer, int fd)
{
	struct request *r = request;
	struct MHD_Response *response;
	json_t *o;
	char *text;

	if (fd >= 0)
		close(fd); /* PATCH gets one of its own */
	request_log(r, "upload", field_text(answer, "image"), field_text(answer, "message"));
	if (!answer || !answer_is_ok(answer)) {
		end_silent(r->web->uploads, answer);
		reply_answer(r, 200, answer);
		return;
	}
	o = json_copy((json_t *)(uintptr_t)answer);
	json_object_set_new(o, "slice", json_integer(UPLOAD_SLICE));
	text = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	response = text ? MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE)
			: NULL;
	if (response) {
		reply_header(response, "Content-Type", "application/json");
		reply_header(response, "Location", "/api/v1/uploads/%s", field_text(answer, "id"));
		reply_header(response, "Upload-Offset", "%" PRIu64, field_number(answer, "offset"));
	}
	reply_response(r, 201, response);
}

/* Answers if the size is one that is not allowed. */
static bool refuse_size(struct request *r, uint64_t size)
{
	if (size <= r->web->config.max_upload)
		return false;
	reply_error(r, "too-large", "uploads of more than %" PRIu64 " GB are not allowed here",
		r->web->config.max_upload / 1000000000);
	return true;
}

void upload_create(struct request *r)
{
	json_t *o = request_json(r), *size = json_object_get(o, "size");
	struct command c = {.verb = "upload", .name = field_text(o, "name")};
	char size_option[32], sum[80], drive[512];

	if (!o)
		return;
	if (!*c.name || !json_is_integer(size) || json_integer_value(size) < 0) {
		reply_error(
			r, "bad-arguments", "the body must be {\"name\":\"NAME\",\"size\":BYTES}");
	} else if (!refuse_size(r, field_number(o, "size"))) {
		snprintf(
			size_option, sizeof(size_option), "size=%" PRIu64, field_number(o, "size"));
		c.option[0] = size_option;
		if (*field_text(o, "sha256")) {
			snprintf(sum, sizeof(sum), "sha256=%.70s", field_text(o, "sha256"));
			c.option[1] = sum;
		}
		if (*field_text(o, "drive")) {
			snprintf(drive, sizeof(drive), "%s", field_text(o, "drive"));
			c.drive = drive;
		}
		command_run(r, &c, on_created);
	}
	json_decref(o);
}

static void on_offset(void *request, const json_t *answer, int fd)
{
	struct request *r = request;
	struct MHD_Response *response;
	char *text;

	(void)fd;
	if (!answer || !answer_is_ok(answer)) {
		reply_answer(r, 200, answer);
		return;
	}
	text = json_dumps(answer, JSON_COMPACT);
	response = text ? MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE)
			: NULL;
	if (response) {
		reply_header(response, "Content-Type", "application/json");
		reply_header(response, "Upload-Offset", "%" PRIu64, field_number(answer, "offset"));
		reply_header(response, "Upload-Length", "%" PRIu64, field_number(answer, "size"));
	}
	reply_response(r, 200, response);
}

static void ask_offset(struct request *r)
{
	command_run(r, &(struct command){.verb = "upload-at", .name = r->name}, on_offset);
}

static void stop_waiting(struct request *r)
{
	struct uploads *u = r->web->uploads;

	for (unsigned i = 0; i < UPLOADS_MAX * 2; i++) {
		if (u->waiting[i] == r)
			u->waiting[i] = NULL;
	}
}

/*
 * If the connection of before has just broken, the offset is known when the card has what came over
 * it.
 */
void upload_get(struct request *r)
{
	struct uploads *u = r->web->uploads;
	const struct upload *up = find(u, r->name);

	for (unsigned i = 0; up && !up->request && i < UPLOADS_MAX * 2; i++) {
		if (u->waiting[i])
			continue;
		u->waiting[i] = r;
		r->work_free = stop_waiting;
		request_wait(r);
		return;
	}
	ask_offset(r);
}

static void on_dropped(void *request, const json_t *answer, int fd)
{
	(void)fd;
	command_log(request, "drop upload", answer);
	if (answer && answer_is_ok(answer))
		reply_empty(request, 204);
	else
		reply_answer(request, 200, answer);
}

void upload_drop(struct request *r)
{
	const struct upload *up = find(r->web->uploads, r->name);

	if (up) {
		end_if_silent(up);
		reply_error(r, "busy", "the upload is being sent; end that first");
	} else {
		command_run(
			r, &(struct command){.verb = "upload-drop", .name = r->name}, on_dropped);
	}
}

static void on_finished(void *request, const json_t *answer, int fd)
{
	(void)fd;
	command_log(request, "end upload", answer);
	reply_answer(request, 201, answer);
}

void upload_finish(struct request *r)
{
	json_t *o = request_json(r);
	struct command c = {.verb = "upload-end", .name = r->name, .seconds = LINK_END};
	char as[TEXT_NAME + 4];

	if (!o)
		return;
	if (*field_text(o, "name")) {
		snprintf(as, sizeof(as), "as=%.4090s", field_text(o, "name"));
		c.option[0] = as;
	}
	command_run(r, &c, on_finished);
	json_decref(o);
}

/* ---- bytes ---------------------------------------------------------------------------------- */

static void free_upload(struct request *r)
{
	struct upload *up = r->work;

	/* The client is gone; the writer saves what is there, and ends by itself. */
	if (up && up->request == r) {
		up->request = NULL;
		writer_abandon(up->writer);
	}
	r->work = NULL;
}

static void on_room(void *upload)
{
	struct upload *up = upload;

	up->moved = clock_ms();
	if (up->request)
		request_go_on(up->request);
}

static void reply_offset(struct request *r, uint64_t offset)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);

	if (response)
		reply_header(response, "Upload-Offset", "%" PRIu64, offset);
	reply_response(r, 204, response);
}

/* An error of an upload also says where to go on. */
static void reply_stopped(struct request *r, const json_t *answer, uint64_t offset)
{
	json_t *o = json_copy((json_t *)(uintptr_t)answer);
	char *text;
	struct MHD_Response *response;

	json_object_set_new(o, "offset", json_integer((json_int_t)offset));
	text = json_dumps(o, JSON_COMPACT);
	response = text ? MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE)
			: NULL;
	if (response) {
		reply_header(response, "Content-Type", "application/json");
		reply_header(response, "Upload-Offset", "%" PRIu64, offset);
	}
	reply_response(r, codes_status(field_text(answer, "code")), response);
	json_decref(o);
}

/* Those who asked for the offset while the writer was at work get it now. */
static void answer_waiting(struct uploads *u, const char *id)
{
	for (unsigned i = 0; i < UPLOADS_MAX * 2; i++) {
		struct request *r = u->waiting[i];

		if (!r || strcmp(r->name, id) != 0)
			continue;
		u->waiting[i] = NULL;
		r->work_free = NULL;
		ask_offset(r);
	}
}

/* An upload, and the table of all uploads that it is in. */
struct slot {
	struct upload up; /* first */
	struct uploads *all;
};

static void on_ended(void *upload, uint64_t offset, const json_t *answer)
{
	struct slot *s = upload;
	struct request *r = s->up.request;
	struct uploads *u = s->all;

	for (unsigned i = 0; i < UPLOADS_MAX; i++) {
		if (u->slot[i] == &s->up)
			u->slot[i] = NULL;
	}
	if (r) {
		r->work = NULL;
		if (answer)
			request_log(r, "upload", field_text(answer, "image"),
				field_text(answer, "message"));
		if (answer && answer_is_ok(answer))
			reply_answer(r, 201, answer);
		else if (answer)
			reply_stopped(r, answer, offset);
		else
			reply_offset(r, offset);
	}
	answer_waiting(u, s->up.id);
	free(s);
}

static size_t take(struct request *r, const char *data, size_t n)
{
	struct upload *up = r->work;
	size_t taken;

	if (!up)
		return n;
	up->moved = clock_ms();
	taken = writer_put(up->writer, data, n);
	if (taken < n)
		request_wait(r);
	return taken;
}

static void taken(struct request *r)
{
	struct upload *up = r->work;

	if (!up)
		return;
	request_wait(r);
	writer_finish(up->writer);
}

/* Begins to write at the daemon's offset. Takes fd, and answers if that cannot be done. */
static void begin(struct request *r, const json_t *answer, int fd)
{
	struct uploads *u = r->web->uploads;
	struct slot *s = NULL;
	struct writer_config config = {.socket = r->web->config.socket,
		.mail = r->web->mail,
		.fd = fd,
		.offset = field_number(answer, "offset"),
		.size = field_number(answer, "size"),
		.room = on_room,
		.ended = on_ended};
	unsigned i = 0;

	while (i < UPLOADS_MAX && u->slot[i])
		i++;
	if (i < UPLOADS_MAX)
		s = calloc(1, sizeof(*s));
	snprintf(config.id, sizeof(config.id), "%.60s", field_text(answer, "id"));
	config.ctx = s;
	if (!s || writer_start(&config, &s->up.writer) < 0) {
		close(fd);
		free(s);
		reply_error(r, "too-many-uploads",
			"%u uploads are being sent already; wait until one has ended", UPLOADS_MAX);
		return;
	}
	strcpy(s->up.id, config.id);
	s->up.request = r;
	s->up.moved = clock_ms();
	s->all = u;
	u->slot[i] = &s->up;
	r->work = &s->up;
	r->work_free = free_upload;
	r->take = take;
	r->taken = taken;
}

static void refuse_offset(struct request *r, const json_t *answer)
{
	uint64_t offset = field_number(answer, "offset");
	json_t *o = answer_error("bad-offset",
		"the upload goes on at %" PRIu64 "; with curl: -C %" PRIu64, offset, offset);

	json_object_set(o, "id", json_object_get(answer, "id"));
	reply_stopped(r, o, offset);
	json_decref(o);
}

/* Answers if the body is not what the descriptor was opened for. */
static bool fits(struct request *r, const json_t *answer, uint64_t from)
{
	uint64_t size = field_number(answer, "size"), offset = field_number(answer, "offset");

	if (from != offset)
		refuse_offset(r, answer);
	else if (r->gate.length > size - offset)
		reply_error(r, "too-large", "the body is longer than the rest of the upload");
	else
		return true;
	return false;
}

static void on_opened(void *request, const json_t *answer, int fd)
{
	struct request *r = request;
	bool good = answer && answer_is_ok(answer) && fd >= 0;

	if (good && fits(r, answer, r->offset)) {
		begin(r, answer, fd);
		request_go_on(r);
		return;
	}
	if (fd >= 0)
		close(fd);
	if (good)
		return;
	end_silent(r->web->uploads, answer);
	reply_answer(r, 200, answer && answer_is_ok(answer) ? NULL : answer);
}

/*
 * Asks the daemon for a descriptor. When it is here, the body begins, which is what comes from
 * there on.
 */
static void ask_and_begin(
	struct request *r, const char *const *words, const bool *literal, uint64_t from)
{
	const struct link_reader reader = {.done = on_opened, .ctx = r};
	char line[WORDS_LINE_MAX + 2];
	char *word[WORDS_MAX];
	int n = 0;

	for (; words[n]; n++)
		memcpy(&word[n], &words[n], sizeof(word[n])); /* client_line() changes none */
	if (client_line(n, word, literal, line, sizeof(line)) < 0) {
		reply_error(r, "bad-name", "no image can have that name");
		return;
	}
	r->offset = from;
	r->begins = true;
	request_wait(r);
	link_ask(r->web->link, line, &reader);
}

void upload_patch_begin(struct request *r)
{
	const char *words[] = {"upload-open", r->name, NULL};
	const bool literal[] = {false, true, false};
	const struct upload *up = find(r->web->uploads, r->name);
	uint64_t from;

	if (!r->gate.field[GATE_UPLOAD_OFFSET] ||
		!range_number(r->gate.field[GATE_UPLOAD_OFFSET], &from)) {
		reply_error(r, "bad-arguments", "the header Upload-Offset must be a number");
		return;
	}
	if (up) {
		end_if_silent(up);
		reply_error(r, "busy", "the upload is being sent over another connection");
		return;
	}
	ask_and_begin(r, words, literal, from);
}

void upload_put_begin(struct request *r)
{
	const char *range = r->gate.field[GATE_CONTENT_RANGE];
	uint64_t from = 0, len = r->gate.length, total = len;
	char size[32], drive[512];
	const char *words[] = {
		"upload", r->name, size, image_drive_option(r, drive, sizeof(drive)), NULL};
	const bool literal[] = {false, true, false, false, false};

	if (range && (!range_content(range, &from, &len, &total) || len != r->gate.length)) {
		reply_error(r, "bad-arguments",
			"Content-Range must be bytes FIRST-LAST/SIZE, and as long as the body");
		return;
	}
	if (refuse_size(r, total))
		return;
	snprintf(size, sizeof(size), "size=%" PRIu64, total);
	ask_and_begin(r, words, literal, from);
}

/* Not called: on_opened() has set taken(), or the request is answered. */
void upload_patch(struct request *r)
{
	reply_error(r, "bad-arguments", "there was no body");
}

void upload_put(struct request *r)
{
	reply_error(r, "bad-arguments", "there was no body");
}
