// SPDX-License-Identifier: GPL-2.0-or-later
#include "compact/decoder.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cd/map.h"
#include "cdimage/samples_wire.h"
#include "codecs.h"
#include "compact/bare_process.h"
#include "util/array.h"
#include "util/clock.h"
#include "util/log.h"

#define DECODER "mmcgadget-decoder"

struct decoder {
	pthread_mutex_t lock; /* held while the process is asked */
	struct bare_process process;
	bool logged; /* that it has failed */
	unsigned files;
	int fd[CD_MAX_FILES];         /* of the files that are decoded */
	uint8_t number[CD_MAX_FILES]; /* which of them a file of the disc is, less 1 */
	struct samples_answer answer;
};

static const char *program; /* NULL: the installed or the built one */
static unsigned wait_ms = DECODER_WAIT;

void decoder_use(const char *other, unsigned ms)
{
	program = other;
	wait_ms = ms ? ms : DECODER_WAIT;
}

bool decoder_decodes(enum decoder_codec codec)
{
	static const bool built[] = {[DECODER_FLAC] = WITH_FLAC, [DECODER_CHD] = WITH_CHD};
	char path[PATH_MAX];

	return built[codec] &&
	       access(program ? program : bare_process_find(DECODER, path), X_OK) == 0;
}

static int start(struct decoder *d)
{
	char path[PATH_MAX];

	return bare_process_start(
		&d->process, program ? program : bare_process_find(DECODER, path), d->fd, d->files);
}

int decoder_new(const int *fd, unsigned count, struct decoder **out)
{
	struct decoder *d = calloc(1, sizeof(*d));
	int r;

	if (!d)
		return -ENOMEM;
	for (unsigned i = 0; i < count && i < CD_MAX_FILES; i++) {
		d->number[i] = (uint8_t)d->files;
		if (fd[i] >= 0)
			d->fd[d->files++] = fd[i];
	}
	pthread_mutex_init(&d->lock, NULL);
	r = start(d);
	if (r < 0) {
		pthread_mutex_destroy(&d->lock);
		free(d);
		return r;
	}
	*out = d;
	return 0;
}

void decoder_free(struct decoder *d)
{
	if (!d)
		return;
	(void)bare_process_end(&d->process);
	pthread_mutex_destroy(&d->lock);
	free(d);
}

/* ---- questions ---------------------------------------------------------------------------- */

/* Receives an answer. Its bytes; 0: the process has ended; -1: it takes too long. */
static ssize_t receive(struct decoder *d)
{
	struct pollfd p = {.fd = d->process.socket, .events = POLLIN};
	uint64_t now = clock_ms(), until = now + wait_ms;
	ssize_t n;
	int r;

	do {
		r = poll(&p, 1, now < until ? (int)(until - now) : 0);
		now = clock_ms();
	} while (r < 0 && errno == EINTR);
	if (r <= 0)
		return -1;
	n = recv(d->process.socket, &d->answer, sizeof(d->answer), MSG_DONTWAIT);
	return n < 0 ? 0 : n;
}

/* The process is of no use any more. The next question starts another. */
static int32_t give_up(struct decoder *d, const char *why)
{
	int status = bare_process_end(&d->process);

	if (d->logged)
		return -EIO;
	d->logged = true;
	if (status != -1 && WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
		log_warn("mmcgadget-decoder %s: signal %d; what it was to decode "
			 "cannot be read",
			why, WTERMSIG(status));
	else
		log_warn("mmcgadget-decoder %s; what it was to decode cannot be read", why);
	return -EIO;
}

static int32_t ask(struct decoder *d, unsigned file, uint64_t at, void *buf, uint32_t len)
{
	const struct samples_ask question = {d->number[file], len, at};
	const size_t head = offsetof(struct samples_answer, bytes);
	ssize_t n;
	int32_t got;

	if (d->process.pid <= 0 && start(d) < 0)
		return give_up(d, "cannot be started");
	n = send(d->process.socket, &question, sizeof(question), MSG_NOSIGNAL | MSG_DONTWAIT) ==
			    (ssize_t)sizeof(question)
		    ? receive(d)
		    : 0;
	if (n <= 0)
		return give_up(d, n < 0 ? "took too long" : "ended");
	got = n >= (ssize_t)head ? d->answer.result : INT32_MAX;
	if (got > (int32_t)len || (size_t)n != head + (got > 0 ? (size_t)got : 0))
		return give_up(d, "sent nonsense");
	if (got <= 0)
		return -EIO;
	memcpy(buf, d->answer.bytes, (size_t)got);
	return got;
}

int32_t decoder_read(struct decoder *d, unsigned file, uint64_t at, void *buf, uint32_t len)
{
	uint8_t *to = buf;
	uint32_t done = 0;
	int32_t got = 0;

	pthread_mutex_lock(&d->lock);
	while (done < len) {
		got = ask(d, file, at + done, to + done, MIN(len - done, SAMPLES_MOST));
		if (got <= 0)
			break;
		done += (uint32_t)got;
	}
	pthread_mutex_unlock(&d->lock);
	return done > 0 ? (int32_t)done : got;
}
