/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A host that burns in a drive with a fake USB thread, a piece at a time, so that the program
 * that calls it can do other things between two pieces. One burn a drive.
 */
#ifndef WEB_FAKE_HOST_H
#define WEB_FAKE_HOST_H

#include <stdbool.h>
#include <stdint.h>

struct fake_usb;

enum fake_burn_end { FAKE_BURN_STAYS_OPEN, FAKE_BURN_SESSION, FAKE_BURN_FINALISE };

struct fake_burn_order {
	uint32_t blocks;   /* to record, at least 18 */
	uint32_t rate;     /* kB/s; 0 = as fast as possible */
	const char *label; /* of the volume, at most 32 bytes; NULL = none */
	const char *file;  /* what is recorded, then `blocks` is ignored; NULL = a pattern */
	enum fake_burn_end end;
};

struct fake_burn {
	bool active;
	char result[128]; /* of the last burn: "ok: ..." or "error: ..." */

	/* Private. */
	struct fake_usb *usb;
	struct fake_burn_order order;
	char label[33];
	int file; /* -1 = none */
	uint64_t begun_ms;
	uint32_t start, done;   /* the first block, and how many are recorded */
	uint32_t count, pushed; /* blocks of the command in flight, and bytes of it */
	bool in_command, closing;
};

/*
 * Begins a burn at the next writable address of the disc. False: it is refused, and b->result
 * says why. The strings are copied.
 */
bool fake_burn_begin(
	struct fake_burn *b, struct fake_usb *usb, const struct fake_burn_order *order);

/*
 * Records what is due by now, for at most some 20 ms, and never waits for the medium. When the
 * burn has ended, b->active is false and b->result says how.
 */
void fake_burn_step(struct fake_burn *b);
/* Waits until the command in flight, if there is one, has ended: the drive takes one at a time. */
void fake_burn_settle(struct fake_burn *b);
/* Stops in the middle, as a host whose burning program was killed. */
void fake_burn_cancel(struct fake_burn *b);

#endif
