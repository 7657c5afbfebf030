/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compact discs whose files are decoded, read as a drive reads them: with read-ahead, or without.
 */
#ifndef TEST_DAEMON_COMPACT_DECODED_FIXTURE_H
#define TEST_DAEMON_COMPACT_DECODED_FIXTURE_H

#include <pthread.h>

#include "daemon/compact/compact_fixture.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
static unsigned readies, asked;

static inline void on_ready(void *ctx)
{
	(void)ctx;
	pthread_mutex_lock(&lock);
	readies++;
	pthread_cond_signal(&wake);
	pthread_mutex_unlock(&lock);
}

static inline void open_ahead(const char *name, bool ahead)
{
	const struct image_policy policy = {.ready = ahead ? on_ready : NULL};

	memset(&why, 0, sizeof(why));
	readies = asked = 0;
	if (image_open(folder, in_scratch("media"), name, &policy, &image, &why) != 0)
		fail_msg("%s", why.text);
}

/* As a drive does: asks again when it is told to. */
static inline int view(int lba, unsigned count, struct disc_sectors *s)
{
	for (;;) {
		int r = disc_view_sectors(image.disc, lba, count, s);

		if (r != -EAGAIN)
			return r;
		pthread_mutex_lock(&lock);
		while (readies == asked)
			pthread_cond_wait(&wake, &lock);
		asked = readies;
		pthread_mutex_unlock(&lock);
	}
}

#endif
