// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/wait.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "ctl/ask.h"
#include "ctl/client.h"
#include "ctl/own_verbs.h"
#include "protocol/answer.h"
#include "protocol/field.h"
#include "protocol/format.h"
#include "util/array.h"

#define PERIOD_MS 500

static const char *const names[] = {"burned", "empty", "host"};

/* ---- what the status says ------------------------------------------------------------------- */

static bool is_closed(const char *state)
{
	return strcmp(state, "complete") == 0 || strcmp(state, "appendable") == 0;
}

static enum wait_result look_for_burn(struct wait_state *w, const json_t *drive)
{
	const char *image = field_text(drive, "image");
	const json_t *after = json_object_get(drive, "burned");
	bool gone = *w->image && strcmp(w->image, image) != 0, out = gone;

	/* A disc that came out as it went in was not burned: the next one is waited for. */
	if (!w->recorded || !out) {
		snprintf(w->image, sizeof(w->image), "%s", image);
		w->recorded = *image && (is_closed(field_text(drive, "state")) ||
						field_number(drive, "recorded_blocks") > 0);
		out = strcmp(field_text(drive, "state"), "ejected") == 0;
	}
	if (!w->recorded || (!out && !is_closed(field_text(drive, "state"))))
		return WAIT_NOT_YET;
	if (*field_text(after, "state") || field_number(after, "waiting"))
		return WAIT_NOT_YET;
	/* Of a disc that is still in the drive nothing is told there, only of one before it. */
	return gone && *field_text(after, "problem") ? WAIT_PROBLEM : WAIT_DONE;
}

enum wait_result wait_look(struct wait_state *w, enum wait_for what, const json_t *drive)
{
	const json_t *host = json_object_get(drive, "host");

	switch (what) {
	case WAIT_BURNED:
		return look_for_burn(w, drive);
	case WAIT_EMPTY:
		return strcmp(field_text(drive, "state"), "empty") == 0 ? WAIT_DONE : WAIT_NOT_YET;
	case WAIT_HOST:
		break;
	}
	return field_flag(host, "connected") && !field_flag(host, "suspended") ? WAIT_DONE
									       : WAIT_NOT_YET;
}

/* ---- the verb ------------------------------------------------------------------------------- */

struct wait_request {
	enum wait_for what;
	double timeout; /* seconds; negative: none */
	char line[ASK_LINE];
};

static enum exit_code misused(const struct options *o)
{
	return say_failure(o->json, EXIT_USAGE, "usage", "usage: " WAIT_SYNOPSIS);
}

static bool parse_timeout(const char *text, double *seconds)
{
	char *end;

	*seconds = strtod(text, &end);
	return *text != '\0' && *end == '\0' && *seconds >= 0 && *seconds <= 1e9;
}

/* Takes what wait alone has out of the words; the rest is a status command. */
static enum exit_code parse(const struct options *o, struct wait_request *r)
{
	struct options rest = *o;
	bool known = false;

	r->timeout = -1;
	rest.count = 1;
	for (unsigned i = 1; i < o->count; i++) {
		bool taken = false;

		for (size_t n = 0; !known && n < ARRAY_LEN(names); n++) {
			if (strcmp(o->word[i], names[n]) != 0)
				continue;
			r->what = (enum wait_for)n;
			known = taken = true;
			break;
		}
		if (!taken && strncasecmp(o->word[i], "timeout=", 8) == 0) {
			if (r->timeout >= 0 || !parse_timeout(o->word[i] + 8, &r->timeout))
				return misused(o);
			taken = true;
		}
		if (!taken) {
			rest.literal[rest.count] = false;
			rest.word[rest.count++] = o->word[i];
		}
	}
	if (!known || rest.count > 2)
		return misused(o);
	return ask_line(&rest, "status", r->line);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Waits for the answer until the end, if there is one. */
static bool is_answered(const struct wait_request *r, int fd, double end)
{
	double left = end - now();

	return client_soon(fd, r->timeout < 0 ? -1
			       : left < 1     ? 1000
			       : left > 1e6   ? 1000000000
					      : (int)(left * 1000));
}

/* Asks once. Returns the answer, NULL after a failure that was reported with *code. */
static json_t *ask_once(const struct options *o, int fd, const struct wait_request *r, double end,
	enum exit_code *code)
{
	json_t *answer = NULL;
	char *text = NULL, why[512] = "the daemon's answer cannot be read";

	if (client_send(fd, r->line) < 0 || !is_answered(r, fd, end) ||
		client_receive(fd, &text) < 0) {
		*code = say_failure(o->json, EXIT_NO_DAEMON, "no-daemon",
			"the daemon has ended, or does not answer");
		return NULL;
	}
	answer = json_loads(text, 0, NULL);
	free(text);
	if (answer_is_ok(answer) && json_array_size(json_object_get(answer, "drives")) > 0)
		return answer;
	if (json_is_object(answer))
		ask_as_typed(WAIT_VERB, format_message(answer), why, sizeof(why));
	*code = say_failure(o->json, json_object_get(answer, "usage") ? EXIT_USAGE : EXIT_REFUSED,
		*field_text(answer, "code") ? field_text(answer, "code") : "io-error", "%s", why);
	json_decref(answer);
	return NULL;
}

static enum exit_code report(
	const struct options *o, enum wait_for what, const struct wait_state *w, json_t *drive)
{
	const json_t *after = json_object_get(drive, "burned");
	const char *image = what == WAIT_BURNED ? w->image : field_text(drive, "image");
	json_t *answer, *shown;

	if (what == WAIT_BURNED && *field_text(after, "problem"))
		return say_failure(o->json, EXIT_REFUSED, "burned-problem", "%s: %s",
			field_text(drive, "name"), field_text(after, "problem"));
	answer = answer_ok(
		"%s: %s%s%s", field_text(drive, "name"), names[what], *image ? ": " : "", image);
	json_object_set(answer, "drive", json_object_get(drive, "name"));
	json_object_set_new(answer, "image", json_string(image));
	json_object_set(answer, "state", json_object_get(drive, "state"));
	if (o->json) {
		say_object(answer);
		return EXIT_OK;
	}
	shown = answer_shown(answer);
	puts(format_message(shown));
	json_decref(shown);
	json_decref(answer);
	return EXIT_OK;
}

enum exit_code wait_run(const struct options *o)
{
	static const struct timespec pause = {.tv_nsec = PERIOD_MS * 1000000L};
	struct wait_state state = {.image = ""};
	struct wait_request r;
	enum exit_code code = parse(o, &r);
	double end = now() + r.timeout;
	json_t *answer = NULL, *drive;
	int fd;

	if (code != EXIT_OK)
		return code;
	fd = ask_connect(o, &code);
	if (fd < 0)
		return code;
	while ((answer = ask_once(o, fd, &r, end, &code)) != NULL) {
		drive = json_array_get(json_object_get(answer, "drives"), 0);
		if (wait_look(&state, r.what, drive) != WAIT_NOT_YET) {
			code = report(o, r.what, &state, drive);
			break;
		}
		if (r.timeout >= 0 && now() >= end) {
			code = say_failure(o->json, EXIT_REFUSED, "timeout",
				"%s: not yet after %g seconds: %s", field_text(drive, "name"),
				r.timeout, names[r.what]);
			break;
		}
		json_decref(answer);
		nanosleep(&pause, NULL);
	}
	json_decref(answer);
	close(fd);
	return say_end(code);
}
