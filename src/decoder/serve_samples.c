// SPDX-License-Identifier: GPL-2.0-or-later
#include "decoder/serve_samples.h"

#include <malloc.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cd/map.h"
#include "cdimage/samples_wire.h"
#include "codecs.h"
#include "decoder/codec.h"
#include "util/array.h"

/*
 * Bytes of memory that are taken before the rights are given up; afterwards malloc() cannot ask the
 * kernel for more. libFLAC takes some 2 MiB for the largest blocks that there are, libchdr 12 bytes
 * for each hunk of a CHD, which may be as small as a frame, and what its codecs need. Pages
 * that are not touched take no memory.
 */
#define MEMORY (16u << 20)

/* In the order in which they are asked whether they know a file. */
static const struct codec *const codecs[] = {
#if WITH_CHD
	&codec_chd,
#endif
#if WITH_FLAC
	&codec_flac,
#endif
};

struct samples {
	void *made[ARRAY_LEN(codecs)]; /* NULL: no file has needed it yet */
	unsigned files, now;           /* now: the file that is decoded; `files`: none yet */
	size_t codec;                  /* that decodes it; ARRAY_LEN(codecs): none */
	int fd[CD_MAX_FILES];
	uint64_t size[CD_MAX_FILES];
	struct samples_answer answer;
};

static long read_file(void *fd, void *buf, size_t len, uint64_t at)
{
	return pread(*(const int *)fd, buf, len, (off_t)at);
}

struct samples *samples_prepare(void)
{
	struct samples *s;
	struct stat st;
	void *memory;

	/* All memory comes from one heap, which is never given back. */
	mallopt(M_MMAP_MAX, 0);
	mallopt(M_TRIM_THRESHOLD, INT32_MAX);
	memory = malloc(MEMORY);
	if (!memory)
		return NULL;
	free(memory);
	s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	while (s->files < CD_MAX_FILES && fstat((int)s->files + 1, &st) == 0) {
		s->fd[s->files] = (int)s->files + 1;
		s->size[s->files++] = (uint64_t)st.st_size;
	}
	s->now = s->files;
	return s;
}

static void turn(struct samples *s, unsigned i)
{
	const struct codec_file file = {read_file, &s->fd[i], s->size[i]};
	uint8_t head[CODEC_HEAD] = {0};

	(void)!pread(s->fd[i], head, sizeof(head), 0);
	for (s->codec = 0; s->codec < ARRAY_LEN(codecs); s->codec++) {
		if (codecs[s->codec]->knows(head))
			break;
	}
	s->now = i;
	if (s->codec == ARRAY_LEN(codecs))
		return;
	if (!s->made[s->codec])
		s->made[s->codec] = codecs[s->codec]->make();
	if (s->made[s->codec])
		codecs[s->codec]->turn(s->made[s->codec], &file);
	else
		s->codec = ARRAY_LEN(codecs);
}

bool samples_serve(struct samples *s, int fd)
{
	struct samples_ask ask;

	while (read(fd, &ask, sizeof(ask)) == (ssize_t)sizeof(ask)) {
		const struct codec *c;
		size_t n;

		if (ask.file >= s->files || ask.length > SAMPLES_MOST)
			return false;
		if (ask.file != s->now)
			turn(s, ask.file);
		c = s->codec < ARRAY_LEN(codecs) ? codecs[s->codec] : NULL;
		s->answer.result =
			c ? c->read(s->made[s->codec], ask.at, s->answer.bytes, ask.length) : -1;
		n = offsetof(struct samples_answer, bytes) +
		    (s->answer.result > 0 ? (size_t)s->answer.result : 0);
		if (write(fd, &s->answer, n) != (ssize_t)n)
			break;
		if (c)
			c->read_ahead(s->made[s->codec]);
	}
	return true;
}
