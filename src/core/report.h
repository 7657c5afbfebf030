/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stats and trace say, as JSON. */
#ifndef CORE_REPORT_H
#define CORE_REPORT_H

#include <jansson.h>

#include "core/drive.h"
#include "ctl/verbs.h"

/* One drive's commands, as an object. NULL: no memory. */
json_t *report_stats(struct drive *d);
/* Does what the call of trace says; the answer to it. */
json_t *report_trace(struct drive *d, const struct verb_call *call);

#endif
