// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/say.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocol/answer.h"
#include "protocol/words.h"

enum exit_code say_failure(bool json, enum exit_code exit, const char *code, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	words_clean(text);
	if (json)
		say_object(answer_error(code, "%s", text));
	else
		fprintf(stderr, "mmcgadgetctl: %s\n", text);
	return exit;
}

void say_object(json_t *object)
{
	char *text;

	if (object && !json_object_get(object, "format"))
		json_object_set_new(object, "format", json_integer(ANSWER_FORMAT));
	text = object ? answer_text(object) : NULL;
	puts(text ? text
		  : "{\"ok\":false,\"message\":\"out of "
		    "memory\",\"code\":\"io-error\",\"format\":1}");
	free(text);
	json_decref(object);
}

/*
 * True if standard output is a pipe that nobody reads. After a long text stdio has nothing left to
 * flush, so that no errno says it.
 */
static bool reader_has_gone(void)
{
	struct pollfd p = {.fd = STDOUT_FILENO};

	return poll(&p, 1, 0) == 1 && p.revents & POLLERR;
}

enum exit_code say_end(enum exit_code code)
{
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return code;
	if (errno != EPIPE && (errno || !reader_has_gone()))
		fprintf(stderr, "mmcgadgetctl: standard output: %s\n",
			errno ? strerror(errno) : "not everything could be written");
	return code == EXIT_OK ? EXIT_REFUSED : code;
}
