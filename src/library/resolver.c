// SPDX-License-Identifier: GPL-2.0-or-later
#include "library/resolver.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cd/check.h"
#include "cdimage/wire.h"
#include "util/array.h"
#include "util/log.h"
#include "util/utf8.h"

#define QUESTIONS_MAX 4096u /* of the resolver, for one text */

#define RESOLVER "mmcgadget-resolver"

static const char *program; /* NULL: the installed or the built one */
static unsigned wait_ms = RESOLVER_WAIT;

void resolver_use(const char *other, unsigned ms)
{
	program = other;
	wait_ms = ms ? ms : RESOLVER_WAIT;
}

bool resolver_reads(const char *name)
{
	return cdimage_kind_of(name) != CDIMAGE_NONE;
}

bool resolver_is_text(const char *name, uint64_t size)
{
	return size > 0 && size <= CDIMAGE_TEXT_MAX && resolver_reads(name);
}

/* One text that is being resolved. */
struct job {
	const struct library_file *text;
	struct resolver_disc *out;
	struct refusal *why;
	int fd[CD_MAX_FILES]; /* the files that were found, open for reading */
	unsigned files;
	bool odd; /* a file was there and could not be opened */
	int socket;
	pid_t pid;
	uint64_t until; /* ms */
	char program[PATH_MAX];
	struct wire_message in, answer;
};

static uint64_t clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* ---- the process -------------------------------------------------------------------------- */

/*
 * In a build directory the program is beside the daemon, installed it is below the same prefix or
 * where the Makefile was told.
 */
static const char *find_program(char path[PATH_MAX])
{
	static const char *const places[] = {"", "../lib/mmcgadget/"};
	char self[PATH_MAX];
	ssize_t n;

	if (program)
		return program;
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	while (n > 0 && self[n - 1] != '/')
		n--;
	for (size_t i = 0; n > 0 && i < ARRAY_LEN(places); i++) {
		if (snprintf(path, PATH_MAX, "%.*s%s%s", (int)n, self, places[i], RESOLVER) <
				PATH_MAX &&
			access(path, X_OK) == 0)
			return path;
	}
	snprintf(path, PATH_MAX, "%s", LIBEXECDIR "/" RESOLVER);
	return path;
}

static int start_process(struct job *j, int other)
{
	static char name[] = RESOLVER;
	char *argv[] = {name, NULL}, *env[] = {NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;
	int r = posix_spawn_file_actions_init(&actions);

	if (r != 0)
		return -r;
	r = posix_spawnattr_init(&attributes);
	if (r != 0) {
		posix_spawn_file_actions_destroy(&actions);
		return -r;
	}
	sigemptyset(&none);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	r = posix_spawn_file_actions_adddup2(&actions, other, 0);
	if (r == 0)
		r = posix_spawn_file_actions_addclosefrom_np(&actions, 1);
	if (r == 0)
		r = posix_spawn(
			&j->pid, find_program(j->program), &actions, &attributes, argv, env);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return -r;
}

static int start(struct job *j)
{
	int pair[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	r = start_process(j, pair[1]);
	close(pair[1]);
	if (r < 0) {
		close(pair[0]);
		j->pid = -1;
		return r;
	}
	j->socket = pair[0];
	return 0;
}

/* Ends the process, whatever it does. Returns its status as waitpid() has it, -1: unknown. */
static int end(struct job *j)
{
	int status = -1;

	if (j->pid <= 0)
		return -1;
	close(j->socket);
	kill(j->pid, SIGKILL);
	while (waitpid(j->pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -1;
	}
	return status;
}

/* Receives a message. Its size; 0: the process has ended; -ETIMEDOUT, -errno. */
static ssize_t receive(struct job *j)
{
	struct pollfd p = {.fd = j->socket, .events = POLLIN};
	uint64_t now = clock_ms();
	ssize_t n;
	int r;

	do {
		r = poll(&p, 1, now < j->until ? (int)(j->until - now) : 0);
		now = clock_ms();
	} while (r < 0 && errno == EINTR);
	if (r <= 0)
		return r < 0 ? -errno : -ETIMEDOUT;
	n = recv(j->socket, &j->in, sizeof(j->in), MSG_DONTWAIT);
	return n < 0 ? (errno == ECONNRESET ? 0 : -errno) : n;
}

static bool send_message(struct job *j, size_t size)
{
	return send(j->socket, &j->answer, size, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)size;
}

/* ---- files -------------------------------------------------------------------------------- */

/*
 * Windows and CD programs on it take upper and lower case for the same: finds the only name in the
 * folder that differs in that alone.
 */
static bool find_case(int folder, const char *name, char out[256])
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	unsigned found = 0;
	struct dirent *e;

	if (!d) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	while ((e = readdir(d))) {
		if (strcasecmp(e->d_name, name) != 0)
			continue;
		snprintf(out, 256, "%s", e->d_name);
		found++;
	}
	closedir(d);
	return found == 1;
}

static bool is_name(const char name[CDIMAGE_NAME_MAX])
{
	return memchr(name, '\0', CDIMAGE_NAME_MAX) && name[0] && name[0] != '.' &&
	       !strchr(name, '/');
}

/* Finds and opens a file that the text names. 0 or -errno. */
static int find(struct job *j, const char name[CDIMAGE_NAME_MAX], uint64_t *size)
{
	struct resolver_file *out;
	struct library_file f;
	int r;

	if (!is_name(name) || j->files == CD_MAX_FILES)
		return -EINVAL;
	out = &j->out->file[j->files];
	snprintf(out->name, sizeof(out->name), "%s", name);
	r = library_find(j->text->dir_fd, out->name, &f);
	if (r == -ENOENT && find_case(j->text->dir_fd, name, out->name))
		r = library_find(j->text->dir_fd, out->name, &f);
	if (r < 0)
		return r;
	/* The text is no part of itself. */
	if (f.dev == j->text->dev && f.ino == j->text->ino)
		r = -EINVAL;
	else
		r = library_open(&f);
	if (r >= 0) {
		j->fd[j->files++] = r;
		out->size = *size = f.size;
		out->dev = f.dev;
		out->ino = f.ino;
		r = 0;
	}
	library_forget(&f);
	return r;
}

static int read_bytes(struct job *j, const struct wire_read *r, uint8_t *out)
{
	ssize_t n;

	if (r->file >= j->files || r->length > CDIMAGE_READ_MAX || r->offset > INT64_MAX)
		return -EINVAL;
	do {
		n = pread(j->fd[r->file], out, r->length, (off_t)r->offset);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : (int)n;
}

/* ---- the conversation --------------------------------------------------------------------- */

static int send_text(struct job *j)
{
	struct wire_parse *p = &j->answer.parse;
	int fd = library_open(j->text);
	ssize_t n;

	if (fd < 0)
		return image_refuse_open(j->why, fd, j->text->base, "the media folder");
	n = pread(fd, p->text, sizeof(p->text), 0);
	close(fd);
	if (n < 0)
		return image_refuse_open(j->why, -errno, j->text->base, "the media folder");
	if (j->text->size > sizeof(p->text))
		return image_refuse(j->why, -EBADMSG, "bad-disc",
			"\"%s\" is too long for a text that describes a disc", j->text->base);
	j->answer.type = WIRE_PARSE;
	p->version = WIRE_VERSION;
	p->kind = (uint32_t)cdimage_kind_of(j->text->base);
	p->length = (uint32_t)n;
	snprintf(p->name, sizeof(p->name), "%s", j->text->base);
	/* A process that is dead already is found by receive(). */
	(void)send_message(j, offsetof(struct wire_message, parse.text) + (size_t)n);
	return 0;
}

static int misbehaved(struct job *j, const char *how)
{
	return image_refuse(j->why, -ENOEXEC, "resolver-failed",
		"\"%s\" could not be read: mmcgadget-resolver %s", j->text->base, how);
}

/* Checks the map: nothing that the process says is believed. */
static int take_disc(struct job *j)
{
	uint64_t sizes[CD_MAX_FILES];
	struct resolver_disc *out = j->out;
	const char *fault;
	unsigned number;

	for (unsigned i = 0; i < j->files; i++)
		sizes[i] = out->file[i].size;
	out->map = j->in.disc;
	if (out->map.files != j->files)
		return misbehaved(j, "answered with files that it has not asked for");
	fault = cd_map_check(&out->map, sizes, &number);
	if (!fault)
		return 0;
	return image_refuse(
		j->why, -EBADMSG, "bad-disc", "%s: %s (%u)", j->text->base, fault, number);
}

static int take_refusal(struct job *j)
{
	char *error = j->in.refused.error;

	error[sizeof(j->in.refused.error) - 1] = '\0';
	utf8_clean(error);
	return image_refuse(j->why, -EBADMSG, "bad-disc", "%s",
		error[0] ? error : "the text is not that of a disc");
}

/* Carries out what the process asks. 1: go on; 0 or -errno: it has answered. */
static int step(struct job *j)
{
	ssize_t n = receive(j);
	uint32_t type = n >= (ssize_t)sizeof(uint32_t) ? j->in.type : 0;

	if (n == -ETIMEDOUT)
		return misbehaved(j, "took too long");
	memset(&j->answer, 0, WIRE_SIZE(bytes));
	if (type == WIRE_FIND && n == (ssize_t)WIRE_SIZE(find)) {
		j->answer.type = WIRE_FOUND;
		j->answer.found.result = find(j, j->in.find.name, &j->answer.found.size);
		j->odd |= j->answer.found.result < 0 && j->answer.found.result != -ENOENT;
		return send_message(j, WIRE_SIZE(found)) ? 1 : misbehaved(j, "does not listen");
	}
	if (type == WIRE_READ && n == (ssize_t)WIRE_SIZE(read)) {
		j->answer.type = WIRE_BYTES;
		j->answer.bytes.result = read_bytes(j, &j->in.read, j->answer.bytes.bytes);
		return send_message(j, WIRE_SIZE(bytes)) ? 1 : misbehaved(j, "does not listen");
	}
	if (type == WIRE_DISC && n == (ssize_t)WIRE_SIZE(disc))
		return take_disc(j);
	if (type == WIRE_REFUSED && n == (ssize_t)WIRE_SIZE(refused))
		return take_refusal(j);
	return misbehaved(j, n > 0 ? "sent nonsense" : "ended without an answer");
}

static int converse(struct job *j)
{
	int r = send_text(j);

	if (r < 0)
		return r;
	for (unsigned i = 0; i < QUESTIONS_MAX; i++) {
		r = step(j);
		if (r <= 0)
			return r;
	}
	return misbehaved(j, "asks without an end");
}

int resolver_resolve(const struct library_file *f, struct resolver_disc *out, struct refusal *why)
{
	/* Two messages of 64 KiB. */
	struct job *j = calloc(1, sizeof(*j));
	int r, status;

	if (!j)
		return image_refuse(why, -ENOMEM, "io-error", "there is no memory");
	j->text = f;
	j->out = out;
	j->why = why;
	j->until = clock_ms() + wait_ms;
	r = start(j);
	if (r < 0)
		r = image_refuse(why, -ENOPKG, "resolver-failed",
			"\"%s\" cannot be read: %s cannot be started: %s", f->base,
			find_program(j->program), strerror(-r));
	else
		r = converse(j);
	/* The files that were found, with the disc or without it. */
	out->map.files = (uint8_t)j->files;
	out->lasts = r == -EBADMSG && !j->odd;
	status = end(j);
	if (r == -ENOEXEC && status != -1 && WIFSIGNALED(status))
		log_warn("%s: mmcgadget-resolver ended by signal %d", f->base, WTERMSIG(status));
	else if (r == -ENOEXEC && status != -1)
		log_warn("%s: mmcgadget-resolver ended with code %d", f->base, WEXITSTATUS(status));
	for (unsigned i = 0; i < j->files; i++)
		close(j->fd[i]);
	free(j);
	return r;
}
