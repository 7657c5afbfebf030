/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands to a drive: as those of mmcgadgetctl, with the same answers. */
#ifndef WEB_API_DRIVE_H
#define WEB_API_DRIVE_H

#include "web/request.h"

void api_insert(struct request *r);
void api_eject(struct request *r);
void api_blank(struct request *r);
void api_next(struct request *r);
void api_prev(struct request *r);

/* A command with an effect. Texts are NULL if they are not given. */
struct command {
	const char *verb;
	const char *name, *second; /* arguments, which are names whatever is in them */
	const char *drive;
	const char *option[3]; /* such as "force=yes" */
	const char *keyword;
};
/* Carries it out, logs it, and calls done(). */
void command_run(struct request *r, const struct command *c,
	void (*done)(void *request, const json_t *answer, int fd));
/* Logs what became of a command. */
void command_log(const struct request *r, const char *verb, const json_t *answer);

#endif
