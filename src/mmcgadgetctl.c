// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/ask.h"
#include "ctl/client.h"
#include "ctl/doctor.h"
#include "ctl/events.h"
#include "ctl/fault.h"
#include "ctl/get.h"
#include "ctl/help.h"
#include "ctl/loopback.h"
#include "ctl/options.h"
#include "ctl/own_verbs.h"
#include "ctl/report.h"
#include "ctl/run_program.h"
#include "ctl/say.h"
#include "ctl/trace_file.h"
#include "ctl/upload.h"
#include "ctl/wait.h"
#include "ctl/watch.h"
#include "ctl/web.h"
#include "protocol/answer.h"
#include "protocol/verbs.h"
#include "util/stream.h"
#include "version.h"

#define DOCTOR_MS 3000  /* for the daemon to answer doctor */
#define DRIVE_MS  10000 /* for the drive of loopback to appear, or to be unlocked */

static enum exit_code usage_error(const struct options *o, const char *text)
{
	return say_failure(o->json, EXIT_USAGE, "usage", "%s", text);
}

/* Prints the help of a verb, or of all; nothing else is done. */
static enum exit_code help(const struct options *o, const char *verb)
{
	/* All of it is written at the end, which can then say why it was not. */
	static char buffer[16384];
	json_t *answer = o->json ? help_json(verb) : NULL;
	char why[160];

	(void)setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	if (answer)
		say_object(answer);
	else if (!verb && !o->json)
		help_usage(stdout);
	else if (o->json || !help_verb(verb, stdout)) {
		verb_unknown(verb ? verb : "", help_own_verbs, why, sizeof(why));
		return say_end(usage_error(o, why));
	}
	return say_end(EXIT_OK);
}

static enum exit_code version(const struct options *o)
{
	static const char text[] = "mmcgadgetctl " MMCGADGET_VERSION;
	json_t *answer;

	if (o->json) {
		answer = answer_ok("%s", text);
		json_object_set_new(answer, "version", json_string(MMCGADGET_VERSION));
		say_object(answer);
	} else {
		puts(text);
	}
	return say_end(EXIT_OK);
}

/* The system that doctor and report examine, and what they find. Must not be copied. */
struct examination {
	struct doctor_env env;
	struct doctor_report report;
	char socket[4096];
	json_t *status;
};

static void examine(const struct options *o, struct examination *e)
{
	const char *root = getenv("MMCGADGET_ROOT");

	e->env = (struct doctor_env){.root = root ? root : "", .socket = o->socket};
	if (strcmp(o->socket, CLIENT_SOCKET) == 0) {
		snprintf(e->socket, sizeof(e->socket), "%s" CLIENT_SOCKET, e->env.root);
		e->env.socket = e->socket;
	}
	e->status = NULL;
	e->env.error = ask_status(e->env.socket, o->wait, DOCTOR_MS, &e->status);
	e->env.status = e->status;
	doctor_examine(&e->env, &e->report);
}

static enum exit_code loopback(const struct options *o)
{
	const char *root = getenv("MMCGADGET_ROOT"), *caller = getenv("SUDO_UID");
	struct loopback_env env = {
		.root = root ? root : "",
		.socket = o->socket,
		.uid = geteuid(),
		.caller = caller ? caller : getenv("PKEXEC_UID"),
		.wait_ms = DRIVE_MS,
		.run = run_program,
	};

	return loopback_run(o, &env);
}

static enum exit_code web(const struct options *o)
{
	const char *root = getenv("MMCGADGET_ROOT");
	const struct web_env env = {.root = root ? root : "", .in = stdin, .run = run_program};

	return web_run(o, &env);
}

/* report FILE does not overwrite a file; without FILE it prints. */
static enum exit_code report(const struct options *o)
{
	const char *file = o->count > 1 && strcmp(o->word[1], "-") != 0 ? o->word[1] : NULL;
	struct examination e;
	FILE *out = stdout;
	int r;

	if (o->count > 2 || o->drive || o->force)
		return usage_error(o, "report: too many arguments (usage: " REPORT_SYNOPSIS ")");
	if (o->json && !file)
		return usage_error(o, "--json: a report on standard output is no JSON");
	if (file)
		out = fopen(file, "wxe");
	if (!out)
		return say_failure(
			o->json, EXIT_REFUSED, "io-error", "%s: %s", file, strerror(errno));
	examine(o, &e);
	report_write(&e.env, &e.report, out);
	json_decref(e.status);
	if (!file)
		return say_end(EXIT_OK);
	r = stream_close(out);
	if (r < 0)
		return say_failure(o->json, EXIT_REFUSED, "io-error", "%s: %s", file, strerror(-r));
	if (o->json)
		say_object(answer_ok("wrote %s; look through it before you send it", file));
	else
		printf("wrote %s; look through it before you send it\n", file);
	return say_end(EXIT_OK);
}

/* doctor is a verb of the client alone, as it must work without a daemon. */
static enum exit_code doctor(const struct options *o)
{
	struct examination e;
	json_t *all;

	if (o->count > 1 || o->drive || o->force)
		return usage_error(o, "doctor: too many arguments (usage: doctor)");
	examine(o, &e);
	if (o->json) {
		all = doctor_json(&e.report);
		if (e.report.bad)
			json_object_set_new(all, "code", json_string("not-ready"));
		say_object(all);
	} else {
		doctor_print(&e.report, stdout);
	}
	json_decref(e.status);
	return say_end(e.report.bad ? EXIT_REFUSED : EXIT_OK);
}

/* watch takes the arguments of status: the drive. */
static enum exit_code watch(const struct options *o)
{
	char line[ASK_LINE];
	enum exit_code code = ask_line(o, "status", line);
	enum watch_end end;
	int fd;

	if (code != EXIT_OK)
		return code;
	fd = ask_connect(o, &code);
	if (fd < 0)
		return code;
	end = watch_run(fd, line, o->json);
	close(fd);
	switch (end) {
	case WATCH_STOPPED:
		return say_end(EXIT_OK);
	case WATCH_NO_DAEMON:
		return say_end(
			say_failure(o->json, EXIT_NO_DAEMON, "no-daemon", "the daemon has ended"));
	case WATCH_MISUSED:
		return say_end(EXIT_USAGE);
	default:
		return say_end(EXIT_REFUSED);
	}
}

/* Returns the drive of a "trace save", as drive=NAME, in out. False: the words are wrong. */
static bool trace_drive(const struct options *o, char *out, size_t size)
{
	const char *drive = o->drive, *word = o->count == 4 ? o->word[3] : NULL;

	if (o->count > 4 || (word && drive))
		return false;
	if (word)
		drive = strncasecmp(word, "drive=", 6) == 0 ? word + 6 : word;
	snprintf(out, size, "%s%s", drive ? "drive=" : "", drive ? drive : "");
	return true;
}

static enum exit_code trace_file(const struct options *o)
{
	bool save = strcmp(o->word[1], "save") == 0, script = strcmp(o->word[1], "script") == 0;
	char drive[256];
	enum exit_code code;
	int fd, r;

	if (o->count < 3 || o->force || !trace_drive(o, drive, sizeof(drive)) ||
		(!save && (o->count > 3 || *drive)))
		return usage_error(o, "usage: " TRACE_SAVE_SYNOPSIS ", " TRACE_SHOW_SYNOPSIS
				      ", " TRACE_SCRIPT_SYNOPSIS);
	if (o->json && (!save || strcmp(o->word[2], "-") == 0))
		return usage_error(o, "--json: a trace on standard output is no JSON");
	if (!save)
		return say_end(trace_file_show(o->word[2], script) < 0 ? EXIT_REFUSED : EXIT_OK);
	fd = ask_connect(o, &code);
	if (fd < 0)
		return code;
	r = trace_file_save(fd, o->word[2], *drive ? drive : NULL, o->json);
	close(fd);
	return say_end(r < 0 ? EXIT_REFUSED : EXIT_OK);
}

/* Returns true if the word in that place is `text`, and not a name after "--". */
static bool word_is(const struct options *o, unsigned at, const char *text)
{
	return at < o->count && !(at > 0 && o->literal[at]) && strcmp(o->word[at], text) == 0;
}

/* Returns the verb that help was asked for: "-h VERB", "VERB -h", "help VERB", "VERB help". */
static const char *helped_verb(const struct options *o)
{
	if (word_is(o, 0, "help"))
		return o->count > 1 ? o->word[1] : NULL;
	return o->count > 0 ? o->word[0] : NULL;
}

/*
 * The next file or socket would take the place of a standard descriptor that is closed, and what
 * is printed would go there. What takes it here cannot be printed to, which is reported.
 */
static void hold_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0)
			(void)!open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
	}
}

int main(int argc, char **argv)
{
	struct options o = {.socket = CLIENT_SOCKET};
	char why[256], line[ASK_LINE];
	int r = options_parse(argc, argv, &o, why, sizeof(why));
	enum exit_code code;

	hold_standard_descriptors();
	/* Asked for help, the client does nothing else, whatever the other words are. */
	if (o.help || word_is(&o, 0, "help") || (o.count == 2 && word_is(&o, 1, "help")))
		return help(&o, helped_verb(&o));
	if (r < 0)
		return usage_error(&o, why);
	if (o.version || word_is(&o, 0, VERSION_VERB))
		return version(&o);
	if (o.count == 0) {
		if (o.json)
			return usage_error(&o, "no command; try help");
		help_usage(stderr);
		return EXIT_USAGE;
	}
	if (word_is(&o, 0, DOCTOR_VERB))
		return doctor(&o);
	if (word_is(&o, 0, REPORT_VERB))
		return report(&o);
	if (word_is(&o, 0, LOOPBACK_VERB) || word_is(&o, 0, NETWORK_VERB))
		return loopback(&o);
	if (word_is(&o, 0, WEB_VERB))
		return web(&o);
	if (word_is(&o, 0, WATCH_VERB))
		return watch(&o);
	if (word_is(&o, 0, "events"))
		return events_run(&o);
	if (word_is(&o, 0, UPLOAD_VERB))
		return upload_run(&o);
	if (word_is(&o, 0, GET_VERB))
		return get_run(&o);
	if (word_is(&o, 0, "open"))
		return usage_error(&o, "open is for programs; get copies an image to a file, and "
				       "eject opens the tray");
	if (word_is(&o, 0, WAIT_VERB))
		return wait_run(&o);
	if (o.count > 1 && word_is(&o, 0, "trace") && trace_file_is(o.word[1]))
		return trace_file(&o);
	code = word_is(&o, 0, "fault") ? fault_words(&o) : EXIT_OK;
	if (code == EXIT_OK)
		code = ask_line(&o, o.word[0], line);
	return code == EXIT_OK ? ask(&o, line) : code;
}
