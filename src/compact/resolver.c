// SPDX-License-Identifier: GPL-2.0-or-later
#include "compact/resolver.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
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
#include "compact/bare_process.h"
#include "compact/decoder.h"
#include "library/permission_hint.h"
#include "protocol/words.h"
#include "util/array.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/utf8.h"

#define SAMPLES_MAX   ((uint64_t)1 << 38) /* bytes; FLAC counts samples in 36 bits */
#define QUESTIONS_MAX 4096u               /* of the resolver, for one text */

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
	return size > 0 && size <= CDIMAGE_TEXT_MAX && resolver_reads(name) &&
	       cdimage_kind_of(name) != CDIMAGE_CHD;
}

bool resolver_is_chd(const char *name, uint64_t size)
{
	return size > 0 && cdimage_kind_of(name) == CDIMAGE_CHD;
}

/* One text that is being resolved. */
struct job {
	const struct library_file *text;
	const char *name;             /* of the text */
	enum cdimage_kind kind;       /* of a CHD, the text is the file itself */
	const struct resolver_as *as; /* NULL: as it is */
	struct resolver_disc *out;
	struct refusal *why;
	int fd[CD_MAX_FILES]; /* the files that were found, open for reading */
	unsigned files;
	bool odd;            /* a file was there and could not be opened */
	char locked[256];    /* the name of the last file, if the daemon may not read it */
	char locked_as[256]; /* that name as the text has it */
	struct bare_process process;
	uint64_t until; /* ms */
	struct wire_message in, answer;
};

/* ---- the process -------------------------------------------------------------------------- */

/* Receives a message. Its size; 0: the process has ended; -ETIMEDOUT, -errno. */
static ssize_t receive(struct job *j)
{
	struct pollfd p = {.fd = j->process.socket, .events = POLLIN};
	uint64_t now = clock_ms();
	ssize_t n;
	int r;

	do {
		r = poll(&p, 1, now < j->until ? (int)(j->until - now) : 0);
		now = clock_ms();
	} while (r < 0 && errno == EINTR);
	if (r <= 0)
		return r < 0 ? -errno : -ETIMEDOUT;
	n = recv(j->process.socket, &j->in, sizeof(j->in), MSG_DONTWAIT);
	return n < 0 ? (errno == ECONNRESET ? 0 : -errno) : n;
}

static bool send_message(struct job *j, size_t size)
{
	return send(j->process.socket, &j->answer, size, MSG_NOSIGNAL | MSG_DONTWAIT) ==
	       (ssize_t)size;
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

/* The name that the file has now. Upper and lower case may differ, as in find_case(). */
static const char *present_name(const struct job *j, const char *name)
{
	for (unsigned i = 0; j->as && i < j->as->files; i++) {
		if (strcmp(j->as->to[i], name) == 0)
			return j->as->from[i];
	}
	for (unsigned i = 0; j->as && i < j->as->files; i++) {
		if (strcasecmp(j->as->to[i], name) == 0)
			return j->as->from[i];
	}
	return name;
}

/* Keeps the file f, which is open as fd, as the next one of the disc. */
static void keep_file(struct job *j, const struct library_file *f, int fd, uint64_t *size)
{
	struct resolver_file *out = &j->out->file[j->files];

	j->fd[j->files++] = fd;
	out->size = *size = f->size;
	out->dev = f->dev;
	out->ino = f->ino;
}

/* The only file of a disc that has no text, whatever name the resolver has for it. */
static int find_self(struct job *j, uint64_t *size)
{
	int fd = j->files == 0 ? library_open(j->text) : -EINVAL;

	if (fd < 0)
		return fd;
	snprintf(j->out->file[0].name, sizeof(j->out->file[0].name), "%s", j->text->base);
	keep_file(j, j->text, fd, size);
	return 0;
}

/* Finds and opens a file that the text names. 0 or -errno. */
static int open_file(struct job *j, const char *name, uint64_t *size)
{
	struct resolver_file *out;
	struct library_file f;
	int r;

	if (!is_name(name) || j->files == CD_MAX_FILES)
		return -EINVAL;
	if (j->kind == CDIMAGE_CHD)
		return find_self(j, size);
	out = &j->out->file[j->files];
	name = present_name(j, name);
	snprintf(out->name, sizeof(out->name), "%s", name);
	r = library_find(j->text->dir_fd, out->name, &f);
	if (r == -ENOENT && find_case(j->text->dir_fd, name, out->name))
		r = library_find(j->text->dir_fd, out->name, &f);
	if (r < 0)
		return r;
	/* The text is not part of itself. */
	if (f.dev == j->text->dev && f.ino == j->text->ino)
		r = -EINVAL;
	else
		r = library_open(&f);
	if (r >= 0) {
		keep_file(j, &f, r, size);
		r = 0;
	}
	library_forget(&f);
	return r;
}

/* The same, and notes whether only its permissions are in the way. */
static int find(struct job *j, const char *name, uint64_t *size)
{
	int r = open_file(j, name, size);

	j->locked[0] = '\0';
	if (j->kind != CDIMAGE_CHD && (r == -EACCES || r == -EPERM))
		memcpy(j->locked, j->out->file[j->files].name, sizeof(j->locked));
	snprintf(j->locked_as, sizeof(j->locked_as), "%s", name);
	return r;
}

/* Adds to the refusal what to type so that the daemon may read the file. */
static void add_hint(struct job *j)
{
	char folder[PATH_MAX], hint[PERMISSION_HINT];
	size_t n = strlen(j->why->text);

	if (library_path_of(j->text->dir_fd, folder) < 0)
		return;
	permission_hint(j->text->dir_fd, folder, j->locked, "r", hint);
	/* Half a command would be worse than none, and a name can hold what no answer can. */
	if (n + strlen(hint) < sizeof(j->why->text) && words_text_ok(hint, strlen(hint)))
		memcpy(j->why->text + n, hint, strlen(hint) + 1);
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

static int read_text(struct job *j, struct wire_parse *p)
{
	int fd = library_open(j->text);
	ssize_t n;

	if (fd < 0)
		return image_refuse_open(j->why, fd, j->text->base, "the media folder");
	n = pread(fd, p->text, sizeof(p->text), 0);
	close(fd);
	if (n < 0)
		return image_refuse_open(j->why, -errno, j->text->base, "the media folder");
	p->length = (uint32_t)n;
	return 0;
}

static size_t text_length(const struct job *j)
{
	if (j->kind == CDIMAGE_CHD)
		return 0;
	return j->as ? j->as->length : j->text->size;
}

static int send_text(struct job *j)
{
	struct wire_parse *p = &j->answer.parse;
	size_t length = text_length(j);
	int r = 0;

	if (length > sizeof(p->text))
		return image_refuse(j->why, -EBADMSG, "bad-disc",
			"\"%s\" is too long for a text that describes a disc", j->name);
	p->length = 0;
	if (j->as) {
		memcpy(p->text, j->as->text, length);
		p->length = (uint32_t)length;
	} else if (j->kind != CDIMAGE_CHD) {
		r = read_text(j, p);
	}
	if (r < 0)
		return r;
	j->answer.type = WIRE_PARSE;
	p->version = WIRE_VERSION;
	p->kind = (uint32_t)j->kind;
	snprintf(p->name, sizeof(p->name), "%s", j->name);
	/* A process that is dead already is found by receive(). */
	(void)send_message(j, offsetof(struct wire_message, parse.text) + p->length);
	return 0;
}

static int misbehaved(struct job *j, const char *how)
{
	return image_refuse(j->why, -ENOEXEC, "resolver-failed",
		"\"%s\" could not be read: mmcgadget-resolver %s", j->name, how);
}

/* True if each mention is a piece of the text, and they are in the order of the text. */
static bool check_mentions(const struct cdimage_mentions *m, uint64_t length, unsigned files)
{
	uint64_t end = 0;

	for (uint32_t i = 0; i < m->count && i < CDIMAGE_MENTIONS_MAX; i++) {
		if (m->at[i].at < end || m->at[i].file >= files)
			return false;
		end = (uint64_t)m->at[i].at + m->at[i].length;
		if (m->at[i].length == 0 || end > length)
			return false;
	}
	return true;
}

static int cannot_decode(struct job *j, const char *file)
{
	/* It may be installed. */
	j->odd = true;
	if (j->kind == CDIMAGE_CHD)
		return image_refuse(j->why, -EBADMSG, "bad-disc",
			"\"%s\" is a CHD, and this mmcgadget was built without libchdr-dev, which "
			"Debian 13 has; build it with that, or make a cue sheet and the files of "
			"it with chdman, which Debian has in the package mame-tools: chdman "
			"extractcd -i NAME.chd -o NAME.cue",
			file);
	return image_refuse(j->why, -EBADMSG, "bad-disc",
		"%s: \"%s\" is FLAC, and this mmcgadget was built without libflac-dev; build it "
		"with that, or make a WAV file of it (\"flac -d\") and name that",
		j->name, file);
}

/* Checks the map: nothing that the process says is believed. */
static int take_disc(struct job *j)
{
	uint64_t sizes[CD_MAX_FILES];
	struct resolver_disc *out = j->out;
	const struct wire_disc *in = &j->in.disc;
	const char *fault;
	unsigned number;

	if (in->map.files != j->files)
		return misbehaved(j, "answered with files that it has not asked for");
	for (unsigned i = 0; i < j->files; i++) {
		if (in->decoded[i] > SAMPLES_MAX)
			return misbehaved(j, "sent nonsense");
		out->decoded[i] = in->decoded[i];
		sizes[i] = in->decoded[i] ? in->decoded[i] : out->file[i].size;
	}
	if (!check_mentions(&in->mentions, text_length(j), j->files))
		return misbehaved(j, "sent nonsense");
	out->map = in->map;
	out->mentions = in->mentions;
	memcpy(out->note, in->note, sizeof(out->note) - 1);
	out->note[sizeof(out->note) - 1] = '\0';
	utf8_clean(out->note);
	fault = cd_map_check(&out->map, sizes, &number);
	for (unsigned i = 0; !fault && i < j->files; i++) {
		if (out->decoded[i] &&
			!decoder_decodes(j->kind == CDIMAGE_CHD ? DECODER_CHD : DECODER_FLAC))
			return cannot_decode(j, out->file[i].name);
	}
	if (!fault)
		return 0;
	return image_refuse(j->why, -EBADMSG, "bad-disc", "%s: %s (%u)", j->name, fault, number);
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

int resolver_resolve_as(const struct library_file *f, const struct resolver_as *as,
	struct resolver_disc *out, struct refusal *why)
{
	/* Two messages of 64 KiB. */
	struct job *j = calloc(1, sizeof(*j));
	char found[PATH_MAX];
	const char *path = program ? program : bare_process_find(RESOLVER, found);
	int r, status;

	if (!j)
		return image_refuse(why, -ENOMEM, "io-error", "there is no memory");
	j->text = f;
	j->name = as ? as->name : f->base;
	j->kind = cdimage_kind_of(j->name);
	if (j->kind == CDIMAGE_NONE)
		j->kind = CDIMAGE_CHD;
	j->as = as;
	j->out = out;
	j->why = why;
	j->until = clock_ms() + wait_ms;
	r = bare_process_start(&j->process, path, NULL, 0);
	if (r < 0)
		r = image_refuse(why, -ENOPKG, "resolver-failed",
			"\"%s\" cannot be read: %s cannot be started: %s", j->name, path,
			strerror(-r));
	else
		r = converse(j);
	/* The files that were found, with the disc or without it. */
	out->map.files = (uint8_t)j->files;
	out->lasts = r == -EBADMSG && !j->odd;
	/* A text that can do without that file may be refused for another reason. */
	if (r == -EBADMSG && j->locked[0] && strstr(j->why->text, j->locked_as))
		add_hint(j);
	status = bare_process_end(&j->process);
	if (r == -ENOEXEC && status != -1 && WIFSIGNALED(status))
		log_warn("%s: mmcgadget-resolver ended by signal %d", j->name, WTERMSIG(status));
	else if (r == -ENOEXEC && status != -1)
		log_warn("%s: mmcgadget-resolver ended with code %d", j->name, WEXITSTATUS(status));
	for (unsigned i = 0; i < j->files; i++)
		close(j->fd[i]);
	free(j);
	return r;
}

int resolver_resolve(const struct library_file *f, struct resolver_disc *out, struct refusal *why)
{
	return resolver_resolve_as(f, NULL, out, why);
}
