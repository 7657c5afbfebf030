// SPDX-License-Identifier: GPL-2.0-or-later
#include "control/command_files.h"

#include <string.h>

#include "control/command_find.h"
#include "drive/drive.h"
#include "library/name_inside.h"
#include "transfer/download.h"
#include "transfer/sums.h"
#include "transfer/uploads.h"
#include "util/number.h"

/* People type the whole path of an image, too. */
static const char *name_of(const struct drive *d, const struct verb_call *call)
{
	return name_inside(drive_media(d), call->arg);
}

/* A page in a browser names what it has seen, and nothing else will do. */
static void find(const struct command_find *f, const char *name)
{
	if (f->reply->from_web)
		f->run(f, name);
	else
		command_find(f, name);
}

static void sum_found(const struct command_find *f, const char *name)
{
	sums_ask(f->env->sums, f->drive, name, f->flag, f->reply);
}

void command_sum(const struct command_env *env, const struct verb_call *call, struct drive *d,
	struct reply *r)
{
	if (call->count > 1 && strcmp(call->args[1], "start") != 0)
		r->final(r,
			answer_error("bad-arguments",
				"sum: the word behind the name can be start, not \"%.40s\"; names "
				"with blanks need quotes",
				call->args[1]));
	else
		find(&(const struct command_find){.env = env,
			     .drive = d,
			     .reply = r,
			     .flag = call->count > 1,
			     .run = sum_found},
			name_of(d, call));
}

static void open_found(const struct command_find *f, const char *name)
{
	download_open(f->env->drives, f->drive, name, f->flag, f->reply);
}

void command_open(const struct command_env *env, const struct verb_call *call, struct drive *d,
	struct reply *r)
{
	find(&(const struct command_find){.env = env,
		     .drive = d,
		     .reply = r,
		     .flag = call->unfinished != NULL,
		     .run = open_found},
		name_of(d, call));
}

static void refuse_number(
	struct reply *r, const struct verb_call *call, const char *key, const char *value)
{
	r->final(r, answer_error("bad-arguments", "%s: %s takes a number of bytes, not \"%.40s\"",
			    call->verb->name, key, value));
}

void command_upload(const struct command_env *env, const struct verb_call *call, struct drive *d,
	struct reply *r)
{
	struct upload_ask ask = {.image = name_of(d, call), .sha256 = call->sha256};

	if (!call->size)
		r->final(r, answer_error("bad-arguments", "upload: size is missing (usage: %s)",
				    call->verb->synopsis));
	else if (!number_parse(call->size, &ask.size))
		refuse_number(r, call, "size", call->size);
	else
		uploads_begin(env->uploads, d, &ask, r);
}

void command_uploads(const struct command_env *env, const struct verb_call *call, struct drive *d,
	struct reply *r)
{
	uploads_list(env->uploads, call->drive ? d : NULL, r);
}

void command_upload_open(const struct command_env *env, const struct verb_call *call,
	struct drive *d, struct reply *r)
{
	(void)d;
	uploads_open(env->uploads, call->arg, r);
}

void command_upload_at(const struct command_env *env, const struct verb_call *call, struct drive *d,
	struct reply *r)
{
	uint64_t offset = 0;

	(void)d;
	if (call->offset && !number_parse(call->offset, &offset))
		refuse_number(r, call, "offset", call->offset);
	else
		uploads_at(env->uploads, call->arg, call->offset ? &offset : NULL, r);
}

void command_upload_end(const struct command_env *env, const struct verb_call *call,
	struct drive *d, struct reply *r)
{
	/* as= is a name here; people may type its path. */
	uploads_end(env->uploads, call->arg,
		call->as ? name_inside(drive_media(d), call->as) : NULL, r);
}

void command_upload_drop(const struct command_env *env, const struct verb_call *call,
	struct drive *d, struct reply *r)
{
	(void)d;
	uploads_drop(env->uploads, call->arg, r);
}
