/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verb wait of the client: waits until a drive is in a state, so that scripts need not poll. */
#ifndef CTL_WAIT_H
#define CTL_WAIT_H

#include <jansson.h>

#include "ctl/options.h"
#include "ctl/say.h"

enum wait_for { WAIT_BURNED, WAIT_EMPTY, WAIT_HOST };
enum wait_result { WAIT_NOT_YET, WAIT_DONE, WAIT_PROBLEM };

/* The findings of earlier looks at the drive. All members are 0 at the beginning. */
struct wait_state {
	char image[4097]; /* that is waited for; "" = none so far */
	bool recorded;    /* something was recorded on it */
};

/*
 * Looks at a drive's object of an answer to status. WAIT_PROBLEM: the renaming,
 * verifying or replacing of the burned disc, or the copying of its songs, has failed.
 *
 * A burn has ended when the session or the disc is closed, or when a disc that was recorded on is
 * ejected or removed, and the postburn queue is empty. A burned disc gets into that queue when it
 * is removed: a wait that ends while the disc is still in the drive, closed or ejected, ends before
 * it is renamed and verified. If the disc is complete or appendable when the wait begins, the burn
 * has ended, too.
 */
enum wait_result wait_look(struct wait_state *w, enum wait_for what, const json_t *drive);

/* Carries out the verb. */
enum exit_code wait_run(const struct options *o);

#endif
