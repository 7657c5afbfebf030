/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fills in the parts of a trace from a drive, between two commands. */
#ifndef TRACE_DESCRIBE_H
#define TRACE_DESCRIBE_H

#include "mmc/mmc.h"
#include "trace/trace.h"

/* The header of a trace of this drive: all of it but `version`, `started` and `lost`. */
void trace_describe_drive(struct trace_header *h, const struct mmc_drive *drive);
/* The drive's disc, and what its host has not read yet. */
void trace_describe_disc(
	struct trace_disc *d, const struct mmc_drive *drive, enum trace_cause cause);
/*
 * CDB, direction and data of the drive's last command. t->moved is set before; csw, sense,
 * announced and duration are the transport's.
 */
void trace_describe_command(
	struct trace_command *t, const struct mmc_last *last, enum mmc_dir announced);

#endif
