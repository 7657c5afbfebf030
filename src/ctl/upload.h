/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verb upload of the client: copies an image to the media folder, and continues after a break. */
#ifndef CTL_UPLOAD_H
#define CTL_UPLOAD_H

#include "ctl/options.h"
#include "ctl/say.h"

#define UPLOAD_VERB     "upload"
#define UPLOAD_SYNOPSIS "upload FILE [NAME] [drive=DRIVE]"
#define UPLOAD_HELP     "put a file into the media folder; the same command goes on after a break"

/* Carries out the verb. Without NAME, the image gets the name of the file. */
enum exit_code upload_run(const struct options *o);

#endif
