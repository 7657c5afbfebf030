/* SPDX-License-Identifier: GPL-2.0-or-later */
/* get of the client: an image of the media folder as a file. */
#ifndef CTL_GET_H
#define CTL_GET_H

#include "ctl/options.h"
#include "ctl/say.h"

#define GET_VERB     "get"
#define GET_SYNOPSIS "get NAME [FILE] [drive=DRIVE]"
#define GET_HELP                                                                                   \
	"copy an image to a file here; never overwrites; the same command goes on after a break"

/* FILE is the name of the image in this directory, unless it is given. */
enum exit_code get_run(const struct options *o);

#endif
