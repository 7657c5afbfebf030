/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What of a drive outlives the daemon's death: which image is in it, the
 * engine's state, and whether the host may wait for an answer. Memory behind a
 * descriptor, which systemd holds (fdstore.h); the next daemon does not trust it.
 */
#ifndef CORE_KEEP_H
#define CORE_KEEP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "mmc/mmc.h"

#define KEEP_NAME 4096u

/* Which file was in the drive; another one of the same name is another disc. */
struct keep_image {
	uint64_t dev, ino;
	char name[KEEP_NAME]; /* in the media folder; "" = none */
};

struct keep_state {
	struct mmc_saved mmc;
	struct keep_image image;
};

struct keep;

/* New memory. 0 or -errno. */
int keep_new(struct keep **out);
/* That of a daemon before us; takes fd over. 0; -EINVAL: it is none, or of another version. */
int keep_open(int fd, struct keep **out);
void keep_free(struct keep *k);
int keep_fd(const struct keep *k);

/* One thread stores; a death in the middle leaves what was stored before. */
void keep_store(struct keep *k, const struct keep_state *s);
/* False: nothing was stored, or nothing that can be. */
bool keep_load(const struct keep *k, struct keep_state *s);

/* See ffs_config.in_flight. */
atomic_uint *keep_in_flight(struct keep *k);
/* What the host was told of the drive, as a hash; 0 in new memory. */
uint64_t keep_identity(const struct keep *k);
void keep_set_identity(struct keep *k, uint64_t identity);
/* How often the drive was taken over without a daemon that lived for a while. */
uint32_t keep_deaths(const struct keep *k);
void keep_set_deaths(struct keep *k, uint32_t deaths);

#endif
