/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The user for whom root turns loopback on, and that user's folder. */
#ifndef CTL_LOOPBACK_USER_H
#define CTL_LOOPBACK_USER_H

#include <stdbool.h>
#include <stddef.h>

#include "ctl/loopback_unit.h"

/*
 * Finds the user by name, or, if name is NULL, by number: that of the user who called sudo or
 * pkexec, NULL if nobody did. Sets user, uid and gid of *u, and home. False: why says what is
 * wrong; root is refused.
 */
bool loopback_user(const char *name, const char *number, struct loopback_unit *u, char *home,
	size_t home_size, char *why, size_t size);
/*
 * Makes the folder if it is missing, with the rights of the user, and sets u->folder to its
 * absolute path without links. False: why says what is wrong.
 */
bool loopback_folder(struct loopback_unit *u, const char *folder, char *why, size_t size);

#endif
