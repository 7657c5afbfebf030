/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command lines of the client, as a shell runs them beside a daemon, and how they end. */
#ifndef DAEMON_HABITS_FIXTURE_H
#define DAEMON_HABITS_FIXTURE_H

#include "daemon/control/control_fixture.h"

#include "daemon/iso.h"

struct habit {
	const char *typed; /* for the shell; $M is the media folder, $W a directory outside of it */
	int exit;
	const char *says; /* part of standard output if exit is 0, else of standard error */
};

/* Runs the client; returns its exit code. */
static inline int type(const char *typed, char *out, char *err, size_t size)
{
	char command[4096];
	int status;

	snprintf(command, sizeof(command),
		"export CTL='%s' MMCGADGET_ROOT=%s/root; M=%s/media W=%s; cd $W; mmcgadgetctl() { "
		"$CTL --socket $W/run/socket \"$@\"; }; { mmcgadgetctl %s; } >out 2>err",
		client(), scratch, scratch, scratch, typed);
	status = run_beside(command);
	snprintf(out, size, "%s", get_text("out"));
	snprintf(err, size, "%s", get_text("err"));
	return status;
}

static inline void check(const struct habit *h)
{
	static char out[16384], err[16384];
	int exit = type(h->typed, out, err, sizeof(out));
	const char *says = exit == 0 ? out : err;

	if (exit != h->exit || !strstr(says, h->says))
		fail_msg("mmcgadgetctl %s\nends with %d and \"%s\",\nnot with %d and \"%s\"",
			h->typed, exit, says, h->exit, h->says);
	if (exit != 0)
		assert_string_equal(out, "");
}

/* Puts the discs that the command lines name. */
static inline void put_discs(void)
{
	mkdir(in_scratch("media/films"), 0755);
	put_size("media/-dash.iso", 4096);
	put_size("media/a=b.iso", 4096);
	put_size("media/drive=1.iso", 4096);
	put_iso("media/My Holiday.iso", "HOLIDAY");
	put_iso("media/films/movie.iso", "MOVIE");
	put_size("media/to-rename.iso", 4096);
	put_size("media/to-delete.iso", 4096);
	put_size("x.iso", 4096);
}

#endif
