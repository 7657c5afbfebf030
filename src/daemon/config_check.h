/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Warns of settings that are well written, but cannot work on this board as it is now. */
#ifndef DAEMON_CONFIG_CHECK_H
#define DAEMON_CONFIG_CHECK_H

#include <stdio.h>

#include "daemon/config.h"

/*
 * Prints a line "warning: ..." for each such setting, with what to do about it: a controller,
 * media folder or image that is not there, a folder that the service's user cannot write, or
 * that the service's sandbox hides.
 */
void config_warn(const struct config *c, FILE *out);

#endif
