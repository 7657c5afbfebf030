/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a host has, or uses, the drives of the daemon that loopback or network runs. */
#ifndef CTL_LOOPBACK_USE_H
#define CTL_LOOPBACK_USE_H

#include <stdbool.h>

#include "ctl/loopback.h"
#include "ctl/loopback_unit.h"

/* Asks the daemon whether a host has any drive, or, with locked, has locked any. */
bool loopback_has_host(const char *socket, bool locked);
/* True if the disc in a drive cannot be taken away: it is mounted, or a program burns or reads. */
bool loopback_in_use(
	const struct loopback_env *env, const struct loopback_unit *u, enum loopback_kind kind);

#endif
