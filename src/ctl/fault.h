/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words of the command fault, of which a line of the control language has room for few. */
#ifndef CTL_FAULT_H
#define CTL_FAULT_H

#include "ctl/options.h"
#include "ctl/say.h"

/*
 * Makes one word of the words after "fault add" or "fault set", and "fault set" with the text of
 * the file of "fault load FILE". EXIT_OK, or the code of the failure that was printed.
 */
enum exit_code fault_words(struct options *o);

#endif
