/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What of a drive outlives the daemon's death: which image is in it, the
 * engine's state, and whether the host may wait for an answer. Memory behind a
 * descriptor, which systemd holds (fdstore.h); the next daemon does not trust it.
 */
#ifndef DRIVE_HANDOVER_H
#define DRIVE_HANDOVER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "mmc/mmc.h"

#define HANDOVER_NAME 4096u

/* Which file was in the drive; another one of the same name is another disc. */
struct handover_image {
	uint64_t dev, ino;
	char name[HANDOVER_NAME]; /* in the media folder; "" = none */
};

/*
 * Sets *to. NULL, or a name of HANDOVER_NAME bytes or more, becomes "": the next daemon
 * could not find that image, so its drive is empty.
 */
void handover_image_set(struct handover_image *to, const char *name, uint64_t dev, uint64_t ino);

struct handover_state {
	struct mmc_saved mmc;
	struct handover_image image;
};

struct handover;

/* New memory. 0 or -errno. */
int handover_new(struct handover **out);
/* That of a daemon before us; takes fd over. 0; -EINVAL: it is none, or of another version. */
int handover_open(int fd, struct handover **out);
void handover_free(struct handover *k);
int handover_fd(const struct handover *k);

/* One thread stores; a death in the middle leaves what was stored before. */
void handover_store(struct handover *k, const struct handover_state *s);
/* False: nothing was stored, or nothing that can be. */
bool handover_load(const struct handover *k, struct handover_state *s);

/* See ffs_config.in_flight. */
atomic_uint *handover_in_flight(struct handover *k);
/* What the host was told of the drive, as a hash; 0 in new memory. */
uint64_t handover_identity(const struct handover *k);
void handover_set_identity(struct handover *k, uint64_t identity);
/* How often the drive was taken over without a daemon that lived for a while. */
uint32_t handover_failures(const struct handover *k);
void handover_set_failures(struct handover *k, uint32_t deaths);

#endif
