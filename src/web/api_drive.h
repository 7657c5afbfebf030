/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands to the daemon: as those of mmcgadgetctl, with the same answers. */
#ifndef WEB_API_DRIVE_H
#define WEB_API_DRIVE_H

#include "web/request.h"

void api_insert(struct request *r);
void api_eject(struct request *r);
void api_blank(struct request *r);
void api_next(struct request *r);
void api_prev(struct request *r);

/* A command for the daemon. Texts are NULL if they are not given. */
struct command {
	const char *verb;
	const char *name, *second; /* arguments; they are names, even if they look like options */
	const char *drive;         /* becomes drive=DRIVE */
	const char *option[3];     /* such as "force=yes" */
	const char *keyword;       /* such as "force" of eject */
	unsigned seconds;          /* see struct link_reader */
};
/* Sends it to the daemon. done() gets r and the answer, see struct link_reader. */
void command_run(struct request *r, const struct command *c,
	void (*done)(void *request, const json_t *answer, int fd));
/* Logs the answer to a command that has an effect. NULL: the daemon did not answer. */
void command_log(const struct request *r, const char *verb, const json_t *answer);

#endif
