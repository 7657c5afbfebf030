/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The arguments of the command fault: more words than a line of the control language can have. */
#ifndef CTL_FAULT_H
#define CTL_FAULT_H

#include "ctl/options.h"
#include "ctl/say.h"

/*
 * Joins the words after "fault add" or "fault set" to one. Turns "fault load FILE" into "fault set"
 * and the text of the file, as one word. EXIT_OK, or the code of the failure that was printed.
 */
enum exit_code fault_words(struct options *o);

#endif
