/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verb get of the client: copies an image of the media folder to a file. */
#ifndef CTL_GET_H
#define CTL_GET_H

#include "ctl/options.h"
#include "ctl/say.h"

/* Carries out the verb. Without FILE, the file gets the image's name, in the working directory. */
enum exit_code get_run(const struct options *o);

#endif
