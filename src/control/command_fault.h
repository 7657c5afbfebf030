/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command fault. Main thread. */
#ifndef CONTROL_COMMAND_FAULT_H
#define CONTROL_COMMAND_FAULT_H

#include <jansson.h>

#include "drive/drive.h"
#include "protocol/verbs.h"

/* Returns the faults that were requested of the drive as an array; NULL: no memory. */
json_t *command_faults_of(const struct drive *d);
/* Runs fault; r gets its answer. */
void command_fault(struct drive *d, const struct verb_call *call, struct reply *r);

#endif
