// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/events.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/ask.h"
#include "ctl/client.h"
#include "ctl/line_reader.h"
#include "protocol/answer.h"
#include "protocol/field.h"
#include "protocol/format.h"

/* Takes the answer to the line. EXIT_OK: events follow; otherwise a failure, which was printed. */
static enum exit_code take_answer(const struct options *o, const char *text)
{
	json_t *answer = json_loads(text, 0, NULL), *shown = answer_shown(answer);
	enum exit_code code = EXIT_OK;

	if (!json_is_object(shown))
		code = say_failure(
			o->json, EXIT_REFUSED, "io-error", "the daemon's answer cannot be read");
	else if (strcmp(field_text(shown, "code"), "unknown-verb") == 0)
		code = say_failure(o->json, EXIT_REFUSED, "unknown-verb",
			"the daemon that runs is older than mmcgadgetctl and has no events; "
			"restart it: sudo systemctl restart mmcgadgetd");
	else if (!answer_is_ok(shown))
		code = say_failure(o->json,
			json_object_get(shown, "usage") ? EXIT_USAGE : EXIT_REFUSED,
			field_text(shown, "code"), "%s", format_message(shown));
	json_decref(shown);
	json_decref(answer);
	return code;
}

/* Prints the lines of one connection. *ended: the daemon has ended. */
static enum exit_code print_events(const struct options *o, int fd, const char *line, bool *ended)
{
	struct line_reader reader = {.fd = fd};
	enum line_result r = LINE_END;
	enum exit_code code = EXIT_OK;
	char *text;

	if (client_send(fd, line) == 0)
		r = line_next(&reader, UINT64_MAX, NULL, &text);
	if (r == LINE_READ)
		code = take_answer(o, text);
	while (r == LINE_READ && code == EXIT_OK) {
		r = line_next(&reader, UINT64_MAX, NULL, &text);
		if (r == LINE_READ && (puts(text) == EOF || fflush(stdout) != 0))
			r = LINE_NO_READER;
	}
	line_reader_free(&reader);
	*ended = r == LINE_END;
	return r == LINE_NO_READER ? EXIT_REFUSED : code;
}

enum exit_code events_run(const struct options *o)
{
	char line[ASK_LINE];
	enum exit_code code = ask_line(o, "events", line);
	bool ended;
	int fd;

	if (code != EXIT_OK)
		return code;
	signal(SIGPIPE, SIG_IGN);
	do {
		fd = ask_connect(o, &code);
		if (fd < 0)
			return say_end(code);
		code = print_events(o, fd, line, &ended);
		close(fd);
	} while (ended && o->wait > 0);
	if (ended)
		code = say_failure(o->json, EXIT_NO_DAEMON, "no-daemon",
			"the daemon has ended; with --wait SECONDS, events go on with the next "
			"one");
	return say_end(code);
}
