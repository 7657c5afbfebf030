// SPDX-License-Identifier: GPL-2.0-or-later
#include "library/label.h"

#include <blkid/blkid.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/stat.h>
#include <unistd.h>

#include "library/image_raw.h"
#include "library/plain_label.h"
#include "library/volume.h"
#include "protocol/words.h"
#include "util/thread.h"

/*
 * Only the file systems of discs: the probes for others read all over the file, and some
 * match the beginning of any file.
 */
static char iso9660[] = "iso9660", udf[] = "udf";

static int probe(blkid_probe pr, int fd, uint64_t session)
{
	char *types[] = {iso9660, udf, NULL};
	int r = blkid_probe_set_device(pr, fd, 0, 0);

	if (r == 0 && session > 0)
		r = blkid_probe_set_hint(pr, "session_offset", session);
	if (r == 0)
		r = blkid_probe_enable_partitions(pr, 0);
	if (r == 0)
		r = blkid_probe_enable_superblocks(pr, 1);
	if (r == 0)
		r = blkid_probe_set_superblocks_flags(pr, BLKID_SUBLKS_LABEL);
	if (r == 0)
		r = blkid_probe_filter_superblocks_type(pr, BLKID_FLTR_ONLYIN, types);
	return r == 0 ? blkid_do_safeprobe(pr) : r;
}

void label_read_by_libblkid(int fd, uint64_t session, struct label *out)
{
	blkid_probe pr = blkid_new_probe();
	const char *text = NULL;
	size_t n;

	memset(out, 0, sizeof(*out));
	if (!pr)
		return;
	out->has_volume = probe(pr, fd, session) == 0;
	out->udf = out->has_volume && blkid_probe_lookup_value(pr, "TYPE", &text, NULL) == 0 &&
		   text && strcmp(text, udf) == 0;
	if (out->has_volume && blkid_probe_lookup_value(pr, "LABEL", &text, NULL) == 0 && text) {
		n = strnlen(text, LABEL_MAX - 1);
		memcpy(out->text, text, n);
		out->text[n] = '\0';
		/* The label is untrusted; answers hold only valid text. Who shows it, cleans it. */
		words_make_valid(out->text);
	}
	blkid_free_probe(pr);
	if (out->has_volume)
		out->volume = volume_size(fd);
}

/* False: libblkid has to be asked. */
static bool read_plain(int fd, uint64_t session, struct label *out)
{
	uint8_t first[PLAIN_LABEL_BYTES];
	/* Reads storage once: libblkid and volume_size() find these blocks in the page cache. */
	ssize_t n = pread(fd, first, sizeof(first), (off_t)(session + PLAIN_LABEL_AT));
	struct stat st;

	if (session > 0 || n <= 0)
		return false;
	/* A part that cannot be read is not the end of the file. */
	if ((size_t)n < sizeof(first) &&
		(fstat(fd, &st) < 0 || st.st_size != (off_t)PLAIN_LABEL_AT + (off_t)n))
		return false;
	return plain_label(first, (size_t)n, out) != PLAIN_LABEL_UNSURE;
}

void label_read(int fd, uint64_t session, struct label *out)
{
	struct stat st;

	memset(out, 0, sizeof(*out));
	if (!read_plain(fd, session, out))
		label_read_by_libblkid(fd, session, out);
	if (!out->has_volume)
		out->sectors = fstat(fd, &st) == 0 && image_raw_form(fd, (uint64_t)st.st_size) >= 0;
}

/* ---- with a limit in time ----------------------------------------------------------------- */

#define READERS_MAX 4 /* threads that may wait for a card that hangs */

struct reader {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool done, abandoned; /* the thread that sets the second one frees the reader */
	int fd;
	struct label label;
};

static atomic_int readers;

static void free_reader(struct reader *r)
{
	close(r->fd);
	pthread_cond_destroy(&r->wake);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

static void *read_thread(void *reader)
{
	struct reader *r = reader;
	bool abandoned;

	label_read(r->fd, 0, &r->label);
	atomic_fetch_sub(&readers, 1);
	pthread_mutex_lock(&r->lock);
	r->done = true;
	abandoned = r->abandoned;
	pthread_cond_signal(&r->wake);
	pthread_mutex_unlock(&r->lock);
	if (abandoned)
		free_reader(r);
	return NULL;
}

static bool wait_for_reader(struct reader *r, unsigned ms)
{
	struct timespec until;
	bool done;
	int e = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&r->lock);
	while (!r->done && e == 0)
		e = pthread_cond_timedwait(&r->wake, &r->lock, &until);
	done = r->done;
	r->abandoned = !done;
	pthread_mutex_unlock(&r->lock);
	return done;
}

static struct reader *new_reader(int fd)
{
	struct reader *r = calloc(1, sizeof(*r));
	pthread_condattr_t monotonic;

	if (!r) {
		close(fd);
		return NULL;
	}
	r->fd = fd;
	pthread_mutex_init(&r->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&r->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	return r;
}

bool label_read_within(int fd, unsigned ms, struct label *out)
{
	struct reader *r = new_reader(fd);
	pthread_t thread;

	if (!r)
		return false;
	if (atomic_fetch_add(&readers, 1) >= READERS_MAX ||
		thread_start(&thread, "label", read_thread, r) != 0) {
		atomic_fetch_sub(&readers, 1);
		free_reader(r);
		return false;
	}
	pthread_detach(thread);
	if (!wait_for_reader(r, ms))
		return false;
	*out = r->label;
	free_reader(r);
	return true;
}
