// SPDX-License-Identifier: GPL-2.0-or-later
#include "control/command_find.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "catalog/match.h"
#include "drive/disc_rules.h"
#include "drive/drive.h"
#include "library/library.h"

struct search {
	struct catalog_request request; /* first: on_list() gets its address */
	struct command_find find;
	char name[];
};

/* True if the folder can be read, and has nothing of that name. */
static bool is_missing(const char *media, const char *name)
{
	int folder = library_open_folder(media), r;
	struct library_file file;

	if (folder < 0)
		return false;
	r = library_find(folder, name, &file);
	close(folder);
	if (r == 0)
		library_forget(&file);
	return r == -ENOENT || r == -ENOTDIR;
}

static void on_list(struct catalog_request *request, const struct catalog_list *list)
{
	struct search *s = (struct search *)request;
	const char *media = drive_media(s->find.drive);
	struct reply *r = s->find.reply;
	struct match m;

	if (!list) {
		r->final(r, answer_error("stopping", "the daemon is stopping"));
	} else if (list->error < 0) {
		r->final(r, disc_rules_no_image(s->name, media));
	} else {
		match_find(list, s->name, &m);
		if (m.result == MATCH_ONE)
			s->find.run(&s->find, m.at[0]->name);
		else
			r->final(r, match_refusal(list, &m, s->name, media));
	}
	free(s);
}

void command_find(const struct command_find *f, const char *name)
{
	json_t *fault = disc_rules_name(name);
	size_t size = strlen(name) + 1;
	struct search *s;

	/* run() says what is wrong with the name. */
	json_decref(fault);
	if (fault || !is_missing(drive_media(f->drive), name)) {
		f->run(f, name);
		return;
	}
	s = calloc(1, sizeof(*s) + size);
	if (!s) {
		f->reply->final(f->reply, answer_error("io-error", "out of memory"));
		return;
	}
	s->find = *f;
	memcpy(s->name, name, size);
	s->request.done = on_list;
	s->request.labels = true;
	catalog_request(drive_catalog(f->drive), &s->request);
}
