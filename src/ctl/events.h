/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client's verb "events": prints the events that the daemon sends, one JSON object a line. */
#ifndef CTL_EVENTS_H
#define CTL_EVENTS_H

#include "ctl/options.h"
#include "ctl/say.h"

/*
 * Carries out the verb. Each line is flushed. Ends when the daemon ends; with --wait it connects to
 * the next daemon, which sends the whole state first.
 */
enum exit_code events_run(const struct options *o);

#endif
