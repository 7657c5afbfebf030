/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hand-over state: the drive state that survives a crash of the daemon. It holds which image
 * is in the drive, the engine's state, and whether the host may be waiting for an answer. It
 * is stored in a memfd, whose descriptor systemd keeps (usb/fdstore.h). The next daemon checks
 * everything that it loads.
 */
#ifndef DRIVE_HANDOVER_H
#define DRIVE_HANDOVER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "mmc/mmc.h"

#define HANDOVER_NAME 4096u

/* Which file is in the drive. Another file of the same name is another disc. */
struct handover_image {
	uint64_t dev, ino;        /* for a disc of several files, dev also has their hash */
	char name[HANDOVER_NAME]; /* in the media folder; "" = the drive is empty */
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

/* Makes a new memfd, with no state stored in it. 0 or -errno. */
int handover_new(struct handover **out);
/*
 * Opens the memfd of an earlier daemon, and takes fd over, also on failure. 0; -EINVAL: it is
 * not a memfd of handover_new(), or has another version; another -errno.
 */
int handover_open(int fd, struct handover **out);
/* Closes the descriptor. NULL is fine. */
void handover_free(struct handover *h);
int handover_fd(const struct handover *h);

/* Stores *s. One thread at a time; a crash during the call leaves the state stored before. */
void handover_store(struct handover *h, const struct handover_state *s);
/* Loads the last stored state. False: none was stored, or the image's name has no end. */
bool handover_load(const struct handover *h, struct handover_state *s);

/* Returns the word for ffs_config.in_flight; it is in the memfd. */
atomic_uint *handover_in_flight(struct handover *h);
/* Hash of the identity (strings, descriptors) that the host saw; 0 after handover_new(). */
uint64_t handover_identity(const struct handover *h);
void handover_set_identity(struct handover *h, uint64_t identity);
/* Take-overs in a row by daemons that crashed soon after. */
uint32_t handover_failures(const struct handover *h);
void handover_set_failures(struct handover *h, uint32_t failures);

#endif
