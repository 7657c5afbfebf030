/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs by which files come to a media folder and leave it. As the handlers in command.c. */
#ifndef CONTROL_COMMAND_FILES_H
#define CONTROL_COMMAND_FILES_H

#include "control/command_env.h"
#include "drive/drive.h"
#include "protocol/verbs.h"

void command_sum(const struct command_env *env, const struct verb_call *call, struct drive *d,
	struct reply *r);
void command_open(const struct command_env *env, const struct verb_call *call, struct drive *d,
	struct reply *r);
void command_upload(const struct command_env *env, const struct verb_call *call, struct drive *d,
	struct reply *r);
void command_uploads(const struct command_env *env, const struct verb_call *call, struct drive *d,
	struct reply *r);
void command_upload_open(const struct command_env *env, const struct verb_call *call,
	struct drive *d, struct reply *r);
void command_upload_at(const struct command_env *env, const struct verb_call *call, struct drive *d,
	struct reply *r);
void command_upload_end(const struct command_env *env, const struct verb_call *call,
	struct drive *d, struct reply *r);
void command_upload_drop(const struct command_env *env, const struct verb_call *call,
	struct drive *d, struct reply *r);

#endif
