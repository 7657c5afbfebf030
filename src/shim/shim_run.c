// SPDX-License-Identifier: GPL-2.0-or-later
#include "shim/shim_run.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shim/shim_program.h"
#include "shim/shim_server.h"

#define LIBRARY "libmmcshim.so"

/* Exit codes of the server's process. */
enum { SERVED, SERVED_NOBODY, SERVER_FAILED };

struct run {
	const struct shim_options *o;
	struct shim_drive drive;
	char program[PATH_MAX], library[PATH_MAX + 64];
	/* A private directory and the socket in it; "": not made. */
	char dir[64], socket[sizeof(((struct sockaddr_un *)0)->sun_path)];
	char trace[PATH_MAX]; /* the file of --trace, or one in dir for --script; "": none */
	int listener;
	int ready[2]; /* a pipe: the server writes a byte when the drive is there */
	int until[2]; /* a pipe: the server ends when [1] is closed */
	pid_t server;
};

static volatile sig_atomic_t program_pid;

static int fail(int code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int fail(int code, const char *fmt, ...)
{
	va_list ap;

	fputs("mmcgadget-shim: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return code;
}

/* ---- before ------------------------------------------------------------------------------- */

static int find_program(struct run *r, const char *name)
{
	int e = shim_program_find(name, r->program, sizeof(r->program));
	const char *why;

	if (e == -ENOENT)
		return fail(SHIM_EXIT_NOT_FOUND, "%s: there is no such program", name);
	if (e < 0)
		return fail(SHIM_EXIT_CANNOT_RUN, "%s: %s", name, strerror(-e));
	why = shim_program_obstacle(r->program);
	return why ? fail(SHIM_EXIT_CANNOT_RUN, "%s cannot get a drive: %s", name, why) : 0;
}

/*
 * In a build directory the library is beside this program, installed it is below the same prefix or
 * where the Makefile was told.
 */
static int find_library(struct run *r)
{
	static const char *const places[] = {"/", "/../lib/mmcgadget/"};
	char here[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", here, sizeof(here) - 1);

	here[n > 0 ? n : 0] = '\0';
	char *slash = strrchr(here, '/');
	for (size_t i = 0; slash && i < sizeof(places) / sizeof(places[0]); i++) {
		*slash = '\0';
		snprintf(r->library, sizeof(r->library), "%s%s" LIBRARY, here, places[i]);
		if (access(r->library, R_OK) == 0)
			break;
		r->library[0] = '\0';
	}
	if (!r->library[0])
		strcpy(r->library, SHIMDIR "/" LIBRARY);
	if (access(r->library, R_OK) < 0)
		return fail(SHIM_EXIT_FAILED, "%s: %s", r->library, strerror(errno));
	if (strpbrk(r->library, " :"))
		return fail(SHIM_EXIT_FAILED,
			"\"%s\" has a blank or a colon in its name, which LD_PRELOAD cannot hold",
			r->library);
	return 0;
}

static int make_directory(struct run *r)
{
	const char *tmp = getenv("TMPDIR");

	/* The name of a socket must be short, so an unusually long TMPDIR is not used. */
	if (!tmp || !tmp[0] || strlen(tmp) > sizeof(r->dir) - sizeof("/mmcgadget-shim.XXXXXX"))
		tmp = "/tmp";
	snprintf(r->dir, sizeof(r->dir), "%s/mmcgadget-shim.XXXXXX", tmp);
	if (!mkdtemp(r->dir)) {
		r->dir[0] = '\0';
		return fail(SHIM_EXIT_FAILED, "no directory in %s: %s", tmp, strerror(errno));
	}
	snprintf(r->socket, sizeof(r->socket), "%s/socket", r->dir);
	if (r->o->trace)
		snprintf(r->trace, sizeof(r->trace), "%s", r->o->trace);
	else if (r->o->script)
		snprintf(r->trace, sizeof(r->trace), "%s/trace", r->dir);
	return 0;
}

/* Carries out "verb words", the control line that the option --verb stands for. */
static int control(struct run *r, const char *verb, const char *words)
{
	char text[1024], answer[SHIM_ANSWER_MAX], name[16], *rest = text;
	char *word[SHIM_WORDS_MAX] = {name};
	int n = 1;

	snprintf(name, sizeof(name), "%s", verb);
	if (snprintf(text, sizeof(text), "%s", words) >= (int)sizeof(text))
		return fail(SHIM_EXIT_FAILED, "--%s: too long", verb);
	while (n < SHIM_WORDS_MAX && (word[n] = strsep(&rest, " ")))
		n += word[n][0] != '\0';
	if (shim_control(&r->drive, n, word, answer, sizeof(answer)) == 0)
		return 0;
	return fail(SHIM_EXIT_FAILED, "%s", answer);
}

static int make_disc(struct run *r)
{
	const struct shim_options *o = r->o;
	char answer[SHIM_ANSWER_MAX] = "ok";
	int refused = 0;

	if (o->blank)
		refused =
			shim_blank(&r->drive, o->blank, o->type, o->blocks, answer, sizeof(answer));
	else if (o->insert)
		refused = shim_insert(&r->drive, o->insert, false, answer, sizeof(answer));
	if (refused)
		return fail(SHIM_EXIT_FAILED, "%s", answer);
	if (strcmp(answer, "ok") != 0)
		fail(0, "%s: %s", o->blank ? o->blank : o->insert, answer);
	return 0;
}

static int make_drive(struct run *r)
{
	const struct shim_options *o = r->o;
	char why[512];
	int e = shim_drive_make(&r->drive, o->finalised_dvd_plus_r);

	if (e < 0)
		return fail(SHIM_EXIT_FAILED, "%s", strerror(-e));
	if (o->log && (e = shim_drive_log(&r->drive, o->log)) < 0)
		return fail(SHIM_EXIT_FAILED, "%s: %s", o->log, strerror(-e));
	e = make_disc(r);
	if (e == 0 && o->refuse)
		e = control(r, "refuse", o->refuse);
	if (e == 0 && o->fault)
		e = control(r, "fault", o->fault);
	if (e == 0 && o->faults && shim_faults_load(&r->drive, o->faults, why, sizeof(why)) != 0)
		e = fail(SHIM_EXIT_FAILED, "%s", why);
	if (e)
		return e;
	if (r->trace[0] && (e = shim_trace_open(&r->drive, r->trace)) < 0)
		return fail(SHIM_EXIT_FAILED, "%s: %s", r->trace, strerror(-e));
	return 0;
}

/* ---- the server --------------------------------------------------------------------------- */

static int write_status(const struct run *r)
{
	char text[SHIM_ANSWER_MAX];
	bool output = strcmp(r->o->status, "-") == 0;
	FILE *f = output ? stdout : fopen(r->o->status, "we");

	shim_status(&r->drive, true, text, sizeof(text));
	if (f && fprintf(f, "%s\n", text) > 0 && (output ? fflush(f) : fclose(f)) == 0)
		return SERVED;
	return fail(SERVER_FAILED, "%s: %s", r->o->status, strerror(errno));
}

/* The process of the server, which alone has the disc's files. Its exit code. */
static int serve(struct run *r)
{
	/* The program may act on these; the drive stays until the program has ended. */
	static const int ignored[] = {SIGINT, SIGQUIT, SIGHUP, SIGTERM};
	int code, e;

	close(r->ready[0]);
	close(r->until[1]);
	if (make_drive(r) != 0 || write(r->ready[1], "", 1) != 1)
		return SERVER_FAILED;
	close(r->ready[1]);
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	e = shim_serve(&r->drive, r->listener, r->until[0]);
	code = e < 0 ? fail(SERVER_FAILED, "the drive failed: %s", strerror(-e))
	       : e   ? SERVED
		     : SERVED_NOBODY;
	if (r->o->status && write_status(r) != SERVED)
		code = SERVER_FAILED;
	e = shim_drive_unmake(&r->drive);
	if (e < 0)
		code = fail(SERVER_FAILED, "log or trace: %s", strerror(-e));
	return code;
}

static int start_server(struct run *r)
{
	char byte;

	r->listener = shim_listen(r->socket);
	if (r->listener < 0)
		return fail(SHIM_EXIT_FAILED, "%s: %s", r->socket, strerror(-r->listener));
	if (pipe2(r->ready, O_CLOEXEC) < 0 || pipe2(r->until, O_CLOEXEC) < 0)
		return fail(SHIM_EXIT_FAILED, "pipe: %s", strerror(errno));
	/* Without this, both processes would write the buffered output. */
	fflush(NULL);
	r->server = fork();
	if (r->server < 0)
		return fail(SHIM_EXIT_FAILED, "fork: %s", strerror(errno));
	if (r->server == 0)
		_exit(serve(r));
	close(r->ready[1]);
	close(r->until[0]);
	close(r->listener);
	/* If no byte comes, the server has failed and printed why. */
	if (read(r->ready[0], &byte, 1) == 1)
		return 0;
	waitpid(r->server, NULL, 0);
	return SHIM_EXIT_FAILED;
}

/* ---- the program -------------------------------------------------------------------------- */

static void forward(int signal)
{
	if (program_pid > 0)
		kill((pid_t)program_pid, signal);
}

static void set_environment(const struct run *r)
{
	const char *old = getenv("LD_PRELOAD");
	char list[PATH_MAX * 2];

	snprintf(
		list, sizeof(list), "%s%s%s", r->library, old && old[0] ? ":" : "", old ? old : "");
	setenv("LD_PRELOAD", list, 1);
	setenv("MMCSHIM_SOCKET", r->socket, 1);
	setenv("MMCSHIM_NODE", r->o->device, 1);
}

static void run_program(const struct run *r, char **argv, const sigset_t *mask)
{
	set_environment(r);
	sigprocmask(SIG_SETMASK, mask, NULL);
	execvp(r->program, argv);
	fail(0, "%s: %s", argv[0], strerror(errno));
	_exit(errno == ENOENT ? SHIM_EXIT_NOT_FOUND : SHIM_EXIT_CANNOT_RUN);
}

/* Runs the program to its end. Its exit code as a shell counts it, or SHIM_EXIT_FAILED. */
static int start_program(const struct run *r, char **argv)
{
	struct sigaction to_program = {.sa_handler = forward, .sa_flags = SA_RESTART},
			 none = {.sa_handler = SIG_IGN};
	sigset_t signals, mask;
	int status;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGQUIT);
	/* No signal may arrive before program_pid is set. */
	sigprocmask(SIG_BLOCK, &signals, &mask);
	pid_t pid = fork();
	if (pid == 0)
		run_program(r, argv, &mask);
	if (pid < 0)
		return fail(SHIM_EXIT_FAILED, "fork: %s", strerror(errno));
	program_pid = pid;
	sigaction(SIGTERM, &to_program, NULL);
	sigaction(SIGHUP, &to_program, NULL);
	/* The terminal sends these to the program as well. */
	sigaction(SIGINT, &none, NULL);
	sigaction(SIGQUIT, &none, NULL);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return fail(SHIM_EXIT_FAILED, "wait: %s", strerror(errno));
	program_pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* ---- after -------------------------------------------------------------------------------- */

/*
 * Ends the server. Returns code, the program's exit code; but if that is 0 and the server failed,
 * SHIM_EXIT_FAILED.
 */
static int stop_server(struct run *r, int code)
{
	int status, failed = code ? code : SHIM_EXIT_FAILED;

	close(r->until[1]);
	while (waitpid(r->server, &status, 0) < 0)
		if (errno != EINTR)
			return fail(failed, "wait: %s", strerror(errno));
	if (!WIFEXITED(status))
		return fail(failed, "the drive ended with signal %d", WTERMSIG(status));
	if (WEXITSTATUS(status) == SERVER_FAILED)
		return failed;
	if (WEXITSTATUS(status) == SERVED_NOBODY)
		fail(0,
			"no program has opened %s; programs that are linked statically or "
			"set-user-ID "
			"do not see it",
			r->o->device);
	return code;
}

static int write_script(const struct run *r, int code)
{
	const char *why = shim_trace_to_script(r->trace, r->o->script);

	return why ? fail(code ? code : SHIM_EXIT_FAILED, "%s: %s", r->o->script, why) : code;
}

static void remove_directory(const struct run *r)
{
	if (!r->dir[0])
		return;
	unlink(r->socket);
	if (!r->o->trace && r->trace[0])
		unlink(r->trace);
	rmdir(r->dir);
}

int shim_run(const struct shim_options *o, char **argv)
{
	static struct run r;
	int code;

	r = (struct run){.o = o};
	code = find_program(&r, argv[0]);
	if (!code)
		code = find_library(&r);
	if (!code)
		code = make_directory(&r);
	if (!code)
		code = start_server(&r);
	if (!code) {
		code = stop_server(&r, start_program(&r, argv));
		if (o->script)
			code = write_script(&r, code);
	}
	remove_directory(&r);
	return code;
}
