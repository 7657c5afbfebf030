// SPDX-License-Identifier: GPL-2.0-or-later
#include "web/download.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "protocol/answer.h"
#include "protocol/field.h"
#include "web/api_drive.h"
#include "web/api_image.h"
#include "web/range.h"
#include "web/text.h"

static void set_headers(
	struct request *r, struct MHD_Response *response, const json_t *answer, const char *tag)
{
	time_t changed = (time_t)field_number(answer, "mtime");
	char value[3 * TEXT_NAME + 128], name[TEXT_NAME + 16], date[64];
	const char *kind = field_text(answer, "kind");
	size_t n = strlen(r->name);
	struct tm tm;

	/* More can still be burned on the disc: the name of an .iso says so. */
	if ((strcmp(kind, "appendable") == 0 || strcmp(kind, "open") == 0) && n > 4 &&
		strcmp(r->name + n - 4, ".iso") == 0)
		snprintf(name, sizeof(name), "%.*s-unfinished.iso", (int)n - 4, r->name);
	else
		snprintf(name, sizeof(name), "%s", r->name);
	text_disposition(name, value, sizeof(value));
	reply_header(response, "Content-Type", "application/octet-stream");
	reply_header(response, "Content-Disposition", "%s", value);
	reply_header(response, "Accept-Ranges", "bytes");
	reply_header(response, "ETag", "%s", tag);
	reply_header(response, "Cache-Control", "private, no-cache");
	if (gmtime_r(&changed, &tm) &&
		strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &tm) > 0)
		reply_header(response, "Last-Modified", "%s", date);
}

/* Answers that need no byte of the disc. True: it was answered. */
static bool reply_condition(struct request *r, const char *tag)
{
	const char *match = r->gate.field[GATE_IF_MATCH], *none = r->gate.field[GATE_IF_NONE_MATCH];
	struct MHD_Response *response;

	if (match && !range_tag_matches(match, tag, false)) {
		reply_error(r, "changed", "the disc has changed since");
		return true;
	}
	if (!none || !range_tag_matches(none, tag, true))
		return false;
	response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	if (response)
		reply_header(response, "ETag", "%s", tag);
	reply_response(r, 304, response);
	return true;
}

static void reply_outside(struct request *r, uint64_t size)
{
	json_t *o = answer_error("range", "the disc has %" PRIu64 " bytes", size);
	char *text = json_dumps(o, JSON_COMPACT);
	struct MHD_Response *response =
		text ? MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE)
		     : NULL;

	json_decref(o);
	if (response) {
		reply_header(response, "Content-Type", "application/json");
		reply_header(response, "Content-Range", "bytes */%" PRIu64, size);
	}
	reply_response(r, 416, response);
}

/* Sends the disc, or the part of it that was asked for. Takes fd. */
static void send_disc(struct request *r, const json_t *answer, int fd)
{
	uint64_t size = field_number(answer, "size"), from = 0, len = size;
	const char *if_range = r->gate.field[GATE_IF_RANGE];
	enum range_result range;
	struct MHD_Response *response;
	char tag[128];

	snprintf(tag, sizeof(tag), "\"%.100s\"", field_text(answer, "etag"));
	if (reply_condition(r, tag)) {
		close(fd);
		return;
	}
	/* Only GET has ranges (RFC 9110, 14.2). */
	range = strcmp(r->method, "GET") == 0
			? range_of(r->gate.field[GATE_RANGE], size, &from, &len)
			: RANGE_ALL;
	/* The client has a part of another disc: it gets this one whole. */
	if (if_range && strcmp(if_range, tag) != 0)
		range = RANGE_ALL;
	if (range == RANGE_OUTSIDE) {
		close(fd);
		reply_outside(r, size);
		return;
	}
	if (range == RANGE_ALL) {
		from = 0;
		len = size;
	}
	response = MHD_create_response_from_fd_at_offset64(len, fd, from);
	if (!response) {
		close(fd);
		reply_response(r, 500, NULL);
		return;
	}
	set_headers(r, response, answer, tag);
	if (range == RANGE_PART)
		reply_header(response, "Content-Range", "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64,
			from, from + len - 1, size);
	reply_response(r, range == RANGE_PART ? 206 : 200, response);
}

static void on_open(void *request, const json_t *answer, int fd)
{
	struct request *r = request;

	if (answer && answer_is_ok(answer) && fd >= 0) {
		send_disc(r, answer, fd);
		return;
	}
	if (fd >= 0)
		close(fd);
	if (answer && answer_is_ok(answer))
		reply_error(r, "io-error", "the daemon gave no file");
	else
		reply_answer(r, 200, answer);
}

void download(struct request *r)
{
	const char *unfinished = request_query(r, "unfinished");
	struct command c = {.verb = "open", .name = r->name};
	char drive[512];

	c.option[0] = image_drive_option(r, drive, sizeof(drive));
	if (unfinished && strcmp(unfinished, "1") == 0)
		c.option[1] = "unfinished=yes";
	command_run(r, &c, on_open);
}
