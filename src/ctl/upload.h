/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verb upload of the client: copies an image to the media folder, and continues after a break.
 */
#ifndef CTL_UPLOAD_H
#define CTL_UPLOAD_H

#include "ctl/options.h"
#include "ctl/say.h"

/* Carries out the verb. Without NAME, the image gets the name of the file. */
enum exit_code upload_run(const struct options *o);

#endif
