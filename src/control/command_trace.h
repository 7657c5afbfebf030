/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands stats and trace. Main thread. */
#ifndef CONTROL_COMMAND_TRACE_H
#define CONTROL_COMMAND_TRACE_H

#include <jansson.h>

#include "drive/drive.h"
#include "protocol/verbs.h"

/* Returns the statistics of one drive as an object; NULL: no memory. */
json_t *command_stats(struct drive *d);
/* Runs trace and returns its answer. */
json_t *command_trace(struct drive *d, const struct verb_call *call);

#endif
