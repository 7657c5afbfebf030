// SPDX-License-Identifier: GPL-2.0-or-later
#include "decoder/serve_samples.h"

#include <malloc.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cd/map.h"
#include "cdimage/samples_wire.h"
#include "decoder/flac.h"

/*
 * Bytes of memory that are taken before the rights are given up; afterwards malloc() cannot ask the
 * kernel for more. libFLAC takes some 2 MiB for the largest blocks that there are.
 */
#define MEMORY (8u << 20)

struct samples {
	struct flac *flac;
	unsigned files, now; /* now: the file that it decodes, or `files` */
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
	if (s)
		s->flac = flac_new();
	if (!s || !s->flac) {
		free(s);
		return NULL;
	}
	while (s->files < CD_MAX_FILES && fstat((int)s->files + 1, &st) == 0) {
		s->fd[s->files] = (int)s->files + 1;
		s->size[s->files++] = (uint64_t)st.st_size;
	}
	s->now = s->files;
	return s;
}

bool samples_serve(struct samples *s, int fd)
{
	struct samples_ask ask;

	while (read(fd, &ask, sizeof(ask)) == (ssize_t)sizeof(ask)) {
		size_t n;

		if (ask.file >= s->files || ask.length > SAMPLES_MOST)
			return false;
		if (ask.file != s->now) {
			const struct flac_file file = {
				read_file, &s->fd[ask.file], s->size[ask.file]};

			flac_turn(s->flac, &file);
			s->now = ask.file;
		}
		s->answer.result = flac_read(s->flac, ask.at, s->answer.bytes, ask.length);
		n = offsetof(struct samples_answer, bytes) +
		    (s->answer.result > 0 ? (size_t)s->answer.result : 0);
		if (write(fd, &s->answer, n) != (ssize_t)n)
			break;
		flac_read_ahead(s->flac);
	}
	return true;
}
