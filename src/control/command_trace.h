/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stats and trace say, as JSON. */
#ifndef CONTROL_COMMAND_TRACE_H
#define CONTROL_COMMAND_TRACE_H

#include <jansson.h>

#include "drive/drive.h"
#include "protocol/verbs.h"

/* One drive's commands, as an object. NULL: no memory. */
json_t *command_stats(struct drive *d);
/* Does what the call of trace says; the answer to it. */
json_t *command_trace(struct drive *d, const struct verb_call *call);

#endif
