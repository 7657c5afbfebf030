/* SPDX-License-Identifier: GPL-2.0-or-later */
/* events of the client: prints what the daemon tells, one JSON object a line. */
#ifndef CTL_EVENTS_H
#define CTL_EVENTS_H

#include "ctl/options.h"
#include "ctl/say.h"

/*
 * Carries out the verb. Each line is flushed. Ends when the daemon ends; with --wait it connects
 * again, and is told the whole state again.
 */
enum exit_code events_run(const struct options *o);

#endif
