/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A note for people if the running daemon is not the installed one. */
#ifndef CTL_VERSION_NOTE_H
#define CTL_VERSION_NOTE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Compares the version in the daemon's answer to status with that of this client: both are
 * installed together. True if they differ; then text says so, and how to restart the daemon.
 */
bool version_note(const json_t *status, char *text, size_t size);

#endif
