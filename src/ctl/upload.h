/* SPDX-License-Identifier: GPL-2.0-or-later */
/* upload and get of the client: images to the media folder and from it, which go on after a break.
 */
#ifndef CTL_UPLOAD_H
#define CTL_UPLOAD_H

#include "ctl/options.h"
#include "ctl/say.h"

#define UPLOAD_VERB     "upload"
#define UPLOAD_SYNOPSIS "upload FILE [NAME] [drive=DRIVE]"
#define UPLOAD_HELP     "put a file into the media folder; the same command goes on after a break"

/* NAME is that of the file, unless it is given. */
enum exit_code upload_run(const struct options *o);

#endif
