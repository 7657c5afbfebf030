// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/client.h"
#include "ctl/doctor.h"
#include "ctl/report.h"
#include "protocol/format.h"
#include "ctl/trace_file.h"
#include "protocol/verbs.h"
#include "ctl/version_note.h"
#include "ctl/watch.h"
#include "util/array.h"
#include "version.h"

#define SLOW_MS   1000 /* after this time, the client prints what the daemon waits for */
#define DOCTOR_MS 3000 /* for the daemon to answer doctor */

enum exit_code { EXIT_OK, EXIT_REFUSED, EXIT_USAGE, EXIT_NO_DAEMON };

struct options {
	const char *socket;
	double wait;
	bool json;
};

static void usage(FILE *out)
{
	fputs("usage: mmcgadgetctl [OPTION]... COMMAND [ARGUMENT]...\n"
	      "Change and show the discs of mmcgadgetd.\n"
	      "\n",
		out);
	for (size_t i = 0; i < VERB_COUNT; i++)
		fprintf(out, "  %s\n      %s\n", verb_table[i].synopsis, verb_table[i].help);
	fputs("  " TRACE_SAVE_SYNOPSIS "\n      " TRACE_SAVE_HELP "\n"
	      "  " TRACE_SHOW_SYNOPSIS "\n      " TRACE_SHOW_HELP "\n"
	      "  " TRACE_SCRIPT_SYNOPSIS "\n      " TRACE_SCRIPT_HELP "\n"
	      "  " WATCH_SYNOPSIS "\n      " WATCH_HELP "\n"
	      "  " DOCTOR_VERB "\n      " DOCTOR_HELP "\n"
	      "  " REPORT_SYNOPSIS "\n      " REPORT_HELP "\n"
	      "\n"
	      "      --json         print the daemon's answer unchanged, a line of JSON\n"
	      "      --socket PATH  socket of the daemon (" CLIENT_SOCKET ")\n"
	      "      --wait SECONDS wait at most this long for the daemon to start (0)\n"
	      "  -V, --version      print the version and exit\n"
	      "  -h, --help         print this help and exit\n"
	      "\n"
	      "Exit code: 0 done, 1 refused or failed, 2 wrong usage, 3 no daemon;\n"
	      "of doctor: 0 all is well, 1 there is something to do.\n",
		out);
}

static bool parse_wait(const char *text, double *wait)
{
	char *end;

	*wait = strtod(text, &end);
	return *text != '\0' && *end == '\0' && *wait >= 0 && *wait <= 86400;
}

/* Returns -1 to continue at optind, otherwise the exit code. */
static int parse(int argc, char **argv, struct options *o)
{
	static const struct option longopts[] = {
		{"json", no_argument, NULL, 'j'},
		{"socket", required_argument, NULL, 's'},
		{"wait", required_argument, NULL, 'w'},
		{"version", no_argument, NULL, 'V'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int c;

	/* "+": all arguments after the verb belong to the verb. */
	while ((c = getopt_long(argc, argv, "+Vh", longopts, NULL)) != -1) {
		switch (c) {
		case 'j':
			o->json = true;
			break;
		case 's':
			o->socket = optarg;
			break;
		case 'w':
			if (parse_wait(optarg, &o->wait))
				break;
			fprintf(stderr, "mmcgadgetctl: --wait takes seconds, not \"%s\"\n", optarg);
			return EXIT_USAGE;
		case 'V':
			puts("mmcgadgetctl " MMCGADGET_VERSION);
			return EXIT_OK;
		case 'h':
			usage(stdout);
			return EXIT_OK;
		default:
			fputs("Try mmcgadgetctl --help.\n", stderr);
			return EXIT_USAGE;
		}
	}
	if (optind < argc)
		return -1;
	usage(stderr);
	return EXIT_USAGE;
}

/* Reports faults in a line as wrong usage (exit code 2), also if no daemon runs. */
static int check_line(const char *line)
{
	char copy[WORDS_LINE_MAX + 2], why[512];
	struct words words;
	struct verb_call call;
	const char *fault, *code;

	strcpy(copy, line);
	fault = words_split(copy, strlen(copy) - 1, &words);
	if (!fault && verb_parse(&words, &call, &code, why, sizeof(why)) == 0)
		return 0;
	fprintf(stderr, "mmcgadgetctl: %s\n", fault ? fault : why);
	return -EINVAL;
}

static int build_line(int argc, char **argv, char *line, size_t size)
{
	char *words[WORDS_MAX + 1];
	static char force[] = "force";
	int r;

	if (argc > (int)ARRAY_LEN(words)) {
		fputs("mmcgadgetctl: too many arguments\n", stderr);
		return -E2BIG;
	}
	for (int i = 0; i < argc; i++) {
		words[i] = argv[i];
		if (i > 0 && strcmp(argv[i], "--force") == 0 && strcmp(argv[0], "eject") == 0)
			words[i] = force;
	}
	r = client_line(argc, words, line, size);
	if (r < 0) {
		fprintf(stderr, "mmcgadgetctl: the arguments %s\n",
			r == -E2BIG ? "are too long" : "hold control characters or are not UTF-8");
		return r;
	}
	return check_line(line);
}

static enum exit_code connect_failed(const char *path, int error)
{
	char group[64];

	if (error == -ENOENT || error == -ECONNREFUSED || error == -ENOTDIR) {
		fprintf(stderr, "mmcgadgetctl: no daemon listens at %s (is mmcgadgetd running?)\n",
			path);
		return EXIT_NO_DAEMON;
	}
	if (error != -EACCES) {
		fprintf(stderr, "mmcgadgetctl: %s: %s\n", path, strerror(-error));
		return EXIT_REFUSED;
	}
	client_group(path, group, sizeof(group));
	if (*group == '\0' || strcmp(group, "root") == 0)
		fprintf(stderr, "mmcgadgetctl: %s: permission denied; only root may use it\n",
			path);
	else
		fprintf(stderr,
			"mmcgadgetctl: %s: permission denied; join the group %s "
			"(usermod -aG %s USER, then log in again) or be root\n",
			path, group, group);
	return EXIT_REFUSED;
}

static enum exit_code show(const struct options *o, const char *text)
{
	json_t *answer = json_loads(text, 0, NULL);
	enum exit_code code = EXIT_REFUSED;
	char note[256];

	if (!json_is_object(answer)) {
		fputs("mmcgadgetctl: the daemon's answer cannot be read\n", stderr);
	} else {
		if (json_is_true(json_object_get(answer, "ok")))
			code = EXIT_OK;
		if (o->json)
			puts(text);
		else if (code != EXIT_OK)
			fprintf(stderr, "mmcgadgetctl: %s\n", format_message(answer));
		else if (!format_details(answer, stdout))
			puts(format_message(answer));
		if (!o->json && version_note(answer, note, sizeof(note)))
			puts(note);
	}
	json_decref(answer);
	if (fflush(stdout) != 0)
		code = EXIT_REFUSED;
	return code;
}

/* A slow answer mostly waits for the host: prints what the daemon is waiting for. */
static void print_pending(const struct options *o)
{
	int fd = client_connect(o->socket, 0);
	const char *pending;
	json_t *answer = NULL, *drive;
	char *text = NULL;
	size_t i;

	if (fd < 0)
		return;
	if (client_send(fd, "status\n") == 0 && client_soon(fd, SLOW_MS) &&
		client_receive(fd, &text) == 0)
		answer = json_loads(text, 0, NULL);
	json_array_foreach(json_object_get(answer, "drives"), i, drive)
	{
		pending = json_string_value(json_object_get(drive, "pending"));
		if (pending && *pending)
			fprintf(stderr, "mmcgadgetctl: %s: %s\n",
				json_string_value(json_object_get(drive, "name")), pending);
	}
	json_decref(answer);
	free(text);
	close(fd);
}

/* Asks the daemon for its status. 0 or -errno; -ETIMEDOUT: it hangs, which doctor reports. */
static int ask_status(const struct options *o, const char *socket, json_t **status)
{
	int r, fd = client_connect(socket, o->wait);
	char *text = NULL;

	if (fd < 0)
		return fd;
	r = client_send(fd, "status\n");
	if (r == 0 && !client_soon(fd, DOCTOR_MS))
		r = -ETIMEDOUT;
	if (r == 0)
		r = client_receive(fd, &text);
	if (r == 0)
		*status = json_loads(text, 0, NULL);
	free(text);
	close(fd);
	return r;
}

/* What doctor and report examine. Must not be copied. */
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
	e->env.error = ask_status(o, e->env.socket, &e->status);
	e->env.status = e->status;
	doctor_examine(&e->env, &e->report);
}

/* report FILE does not overwrite a file; without FILE it prints. */
static enum exit_code report(const struct options *o, int argc, char **argv)
{
	bool to_file = argc > 1 && strcmp(argv[1], "-") != 0;
	struct examination e;
	FILE *out = stdout;
	bool good;

	if (argc > 2) {
		fputs("mmcgadgetctl: report: too many arguments (usage: " REPORT_SYNOPSIS ")\n",
			stderr);
		return EXIT_USAGE;
	}
	if (to_file)
		out = fopen(argv[1], "wxe");
	if (!out) {
		fprintf(stderr, "mmcgadgetctl: %s: %s\n", argv[1], strerror(errno));
		return EXIT_REFUSED;
	}
	examine(o, &e);
	report_write(&e.env, &e.report, out);
	json_decref(e.status);
	good = (to_file ? fclose(out) : fflush(out)) == 0;
	if (!good)
		fprintf(stderr, "mmcgadgetctl: %s: %s\n", to_file ? argv[1] : "output",
			strerror(errno));
	else if (to_file)
		printf("wrote %s; look through it before you send it\n", argv[1]);
	return good ? EXIT_OK : EXIT_REFUSED;
}

/* doctor is a verb of the client alone, as it must work without a daemon. */
static enum exit_code doctor(const struct options *o, int arguments)
{
	struct examination e;
	json_t *all;

	if (arguments > 0) {
		fputs("mmcgadgetctl: doctor: too many arguments (usage: doctor)\n", stderr);
		return EXIT_USAGE;
	}
	examine(o, &e);
	if (o->json) {
		all = doctor_json(&e.report);
		json_dumpf(all, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(all);
	} else {
		doctor_print(&e.report, stdout);
	}
	json_decref(e.status);
	if (fflush(stdout) != 0)
		return EXIT_REFUSED;
	return e.report.bad ? EXIT_REFUSED : EXIT_OK;
}

/* watch takes the arguments of status: the drive. */
static enum exit_code watch(const struct options *o, int argc, char **argv)
{
	static char status[] = "status";
	char line[WORDS_LINE_MAX + 2];
	enum watch_end end;
	int fd;

	argv[0] = status;
	if (argc > 2 || build_line(argc, argv, line, sizeof(line)) < 0) {
		fputs("mmcgadgetctl: usage: " WATCH_SYNOPSIS "\n", stderr);
		return EXIT_USAGE;
	}
	fd = client_connect(o->socket, o->wait);
	if (fd < 0)
		return connect_failed(o->socket, fd);
	end = watch_run(fd, line, o->json);
	close(fd);
	return end == WATCH_STOPPED     ? EXIT_OK
	       : end == WATCH_NO_DAEMON ? EXIT_NO_DAEMON
					: EXIT_REFUSED;
}

static enum exit_code trace_file(const struct options *o, int argc, char **argv)
{
	bool save = strcmp(argv[1], "save") == 0;
	const char *drive = argc == 4 ? argv[3] : NULL;
	int fd, r;

	if (argc < 3 || argc > (save ? 4 : 3) || (drive && strncmp(drive, "drive=", 6) != 0)) {
		fputs("mmcgadgetctl: usage: " TRACE_SAVE_SYNOPSIS ", " TRACE_SHOW_SYNOPSIS
		      ", " TRACE_SCRIPT_SYNOPSIS "\n",
			stderr);
		return EXIT_USAGE;
	}
	if (!save)
		return trace_file_show(argv[2], strcmp(argv[1], "script") == 0) < 0 ? EXIT_REFUSED
										    : EXIT_OK;
	fd = client_connect(o->socket, o->wait);
	if (fd < 0)
		return connect_failed(o->socket, fd);
	r = trace_file_save(fd, argv[2], drive);
	close(fd);
	return r < 0 ? EXIT_REFUSED : EXIT_OK;
}

int main(int argc, char **argv)
{
	struct options o = {.socket = CLIENT_SOCKET};
	char line[WORDS_LINE_MAX + 2], *answer;
	enum exit_code code;
	int fd, r = parse(argc, argv, &o);

	if (r >= 0)
		return r;
	if (strcmp(argv[optind], DOCTOR_VERB) == 0)
		return doctor(&o, argc - optind - 1);
	if (strcmp(argv[optind], REPORT_VERB) == 0)
		return report(&o, argc - optind, argv + optind);
	if (strcmp(argv[optind], WATCH_VERB) == 0)
		return watch(&o, argc - optind, argv + optind);
	if (argc - optind > 1 && strcmp(argv[optind], "trace") == 0 &&
		trace_file_is(argv[optind + 1]))
		return trace_file(&o, argc - optind, argv + optind);
	if (build_line(argc - optind, argv + optind, line, sizeof(line)) < 0)
		return EXIT_USAGE;
	fd = client_connect(o.socket, o.wait);
	if (fd < 0)
		return connect_failed(o.socket, fd);
	r = client_send(fd, line);
	if (r == 0 && !client_soon(fd, SLOW_MS) && !o.json)
		print_pending(&o);
	if (r == 0)
		r = client_receive(fd, &answer);
	close(fd);
	if (r < 0) {
		fprintf(stderr, "mmcgadgetctl: %s\n",
			r == -EPIPE ? "the daemon hung up without an answer" : strerror(-r));
		return EXIT_NO_DAEMON;
	}
	code = show(&o, answer);
	free(answer);
	return code;
}
