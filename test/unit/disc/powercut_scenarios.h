/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The burns that t_powercut interrupts. */
#ifndef TEST_UNIT_DISC_POWERCUT_SCENARIOS_H
#define TEST_UNIT_DISC_POWERCUT_SCENARIOS_H

#include "unit/disc/powercut_host.h"
#include "unit/disc/made_up.h"

struct scenario {
	const char *name;
	const struct disc_medium *medium; /* NULL = DVD+R, whose state file is of version 1 */
	uint32_t capacity;
	bool has_exchange;
	const struct step *steps;
	const char *type; /* a medium of the table, in place of `medium`; NULL = none */
};

static const struct step single[] = {
	{STEP_WRITE, 150, 1},
	{STEP_SYNC, 0, 1},
	{STEP_CLOSE_TRACK, 1, 1},
	{STEP_CLOSE, 2, 1},
	{STEP_END, 0, 0},
};
static const struct step disc_at_once[] = {
	{STEP_RESERVE, 200, 1},
	{STEP_WRITE, 197, 1},
	{STEP_SYNC, 0, 1},
	{STEP_CLOSE, 6, 1},
	{STEP_END, 0, 0},
};
static const struct step three_sessions[] = {
	{STEP_WRITE, 52, 1},
	{STEP_SYNC, 0, 1},
	{STEP_CLOSE_TRACK, 1, 1},
	{STEP_CLOSE, 2, 1},
	{STEP_WRITE, 165, 2}, /* from block 64 on: a gap, then more than max_unsaved */
	{STEP_SYNC, 0, 2},
	{STEP_CLOSE_TRACK, 2, 2},
	{STEP_CLOSE, 2, 2},
	{STEP_WRITE, 230, 3},
	{STEP_SYNC, 0, 3},
	{STEP_CLOSE, 6, 3},
	{STEP_END, 0, 0},
};
static const struct step finalise_later[] = {
	{STEP_WRITE, 52, 1},
	{STEP_CLOSE, 2, 1},
	{STEP_REINSERT, 0, 2},
	{STEP_CLOSE, 6, 2},
	{STEP_END, 0, 0},
};
static const struct step by_control_command[] = {
	{STEP_WRITE, 40, 1},
	{STEP_CLOSE_TRACK, 1, 1},
	{STEP_WRITE, 60, 1},
	{STEP_CLOSE, 2, 1},
	{STEP_REINSERT, 0, 2},
	{STEP_FINALISE, 0, 2},
	{STEP_END, 0, 0},
};
static const struct step test_write[] = {
	{STEP_TEST, 1, 1},
	{STEP_WRITE, 90, 1},
	{STEP_SYNC, 0, 1},
	{STEP_CLOSE, 6, 1},
	{STEP_TEST, 0, 1},
	{STEP_WRITE, 40, 1},
	{STEP_CLOSE, 2, 1},
	{STEP_TEST, 1, 2},
	{STEP_WRITE, 150, 2},
	{STEP_CLOSE, 2, 2},
	{STEP_TEST, 0, 2},
	{STEP_WRITE, 60, 2},
	{STEP_CLOSE, 2, 2},
	{STEP_END, 0, 0},
};
static const struct step only_test[] = {
	{STEP_TEST, 1, 1},
	{STEP_RESERVE, 96, 1},
	{STEP_WRITE, 90, 1},
	{STEP_SYNC, 0, 1},
	{STEP_CLOSE, 6, 1},
	{STEP_TEST, 0, 1},
	{STEP_END, 0, 0},
};
static const struct step fua_and_flush[] = {
	{STEP_WRITE, 20, 1},
	{STEP_FLUSH, 0, 1},
	{STEP_WRITE, 37, 1},
	{STEP_WRITE_FUA, 60, 1},
	{STEP_WRITE, 100, 1},
	{STEP_FLUSH, 0, 1},
	{STEP_REINSERT, 0, 1},
	{STEP_WRITE_FUA, 120, 1},
	{STEP_WRITE, 140, 1},
	{STEP_REINSERT, 0, 1},
	{STEP_WRITE, 150, 1},
	{STEP_CLOSE, 5, 1},
	{STEP_END, 0, 0},
};
/* Writes on if CLOSE failed; if CLOSE succeeded, the burn ends there. */
static const struct step after_failed_close[] = {
	{STEP_WRITE, 40, 1},
	{STEP_CLOSE, 6, 1},
	{STEP_WRITE, 120, 1},
	{STEP_SYNC, 0, 1},
	{STEP_WRITE, 150, 1},
	{STEP_END, 0, 0},
};
/* DVD-R: SYNCHRONIZE CACHE completes the disc. */
static const struct step at_once[] = {
	{STEP_AT_ONCE, 1, 1},
	{STEP_RESERVE, 197, 1},
	{STEP_WRITE, 90, 1},
	{STEP_SYNC, 0, 1},
	{STEP_REINSERT, 0, 1},
	{STEP_WRITE, 197, 1},
	{STEP_SYNC, 0, 1},
	{STEP_END, 0, 0},
};
/* DVD-R: sessions, the last of which is not followed by another. */
static const struct step incremental[] = {
	{STEP_MULTI, 1, 1},
	{STEP_WRITE, 52, 1},
	{STEP_CLOSE_TRACK, 1, 1},
	{STEP_CLOSE, 2, 1},
	{STEP_MULTI, 1, 2},
	{STEP_RESERVE, 120, 2},
	{STEP_WRITE, 165, 2},
	{STEP_SYNC, 0, 2},
	{STEP_CLOSE, 2, 2},
	{STEP_MULTI, 0, 3},
	{STEP_WRITE, 230, 3},
	{STEP_CLOSE, 2, 3},
	{STEP_END, 0, 0},
};
static const struct step test_at_once[] = {
	{STEP_TEST, 1, 1},
	{STEP_AT_ONCE, 1, 1},
	{STEP_RESERVE, 90, 1},
	{STEP_WRITE, 90, 1},
	{STEP_SYNC, 0, 1},
	{STEP_TEST, 0, 1},
	{STEP_RESERVE, 90, 1},
	{STEP_WRITE, 90, 1},
	{STEP_SYNC, 0, 1},
	{STEP_END, 0, 0},
};
/* CLOSE TRACK closes the session as well. */
static const struct step pseudo_overwrite[] = {
	{STEP_FORMAT, 0, 1},
	{STEP_WRITE, 52, 1},
	{STEP_SYNC, 0, 1},
	{STEP_CLOSE_TRACK, 1, 1},
	{STEP_WRITE, 165, 2},
	{STEP_REINSERT, 0, 2},
	{STEP_WRITE, 180, 2},
	{STEP_CLOSE_TRACK, 2, 2},
	{STEP_WRITE, 230, 3},
	{STEP_CLOSE, 6, 3},
	{STEP_END, 0, 0},
};
static const struct scenario scenarios[] = {
	{"single session", NULL, 400, true, single, NULL},
	{"DAO", NULL, 400, true, disc_at_once, NULL},
	{"three sessions", NULL, 400, true, three_sessions, NULL},
	{"finalise later", NULL, 400, true, finalise_later, NULL},
	{"two tracks, finalised by command", NULL, 400, true, by_control_command, NULL},
	{"test write", NULL, 400, true, test_write, NULL},
	{"FUA, flush, reinsert", NULL, 400, true, fua_and_flush, NULL},
	{"writes on after a failed close", NULL, 400, true, after_failed_close, NULL},
	{"single session, no exchange", NULL, 400, false, single, NULL},
	{"three sessions, no exchange", NULL, 400, false, three_sessions, NULL},
	/* The same on a medium whose state file is of version 2. */
	{"single session, version 2", &made_up_r, 400, true, single, NULL},
	{"DAO, version 2", &made_up_r, 400, true, disc_at_once, NULL},
	{"three sessions, version 2", &made_up_r, 400, true, three_sessions, NULL},
	{"finalise later, version 2", &made_up_r, 400, true, finalise_later, NULL},
	{"two tracks, finalised by command, version 2", &made_up_r, 400, true, by_control_command,
		NULL},
	{"test write, version 2", &made_up_r, 400, true, test_write, NULL},
	{"FUA, flush, reinsert, version 2", &made_up_r, 400, true, fua_and_flush, NULL},
	{"writes on after a failed close, version 2", &made_up_r, 400, true, after_failed_close,
		NULL},
	{"single session, no exchange, version 2", &made_up_r, 400, false, single, NULL},
	{"three sessions, no exchange, version 2", &made_up_r, 400, false, three_sessions, NULL},
	{"DVD-R, disc-at-once", NULL, 400, true, at_once, "dvd-r"},
	{"DVD-R, disc-at-once, no exchange", NULL, 400, false, at_once, "dvd-r"},
	{"DVD-R, disc-at-once after a test write", NULL, 400, true, test_at_once, "dvd-r"},
	{"DVD-R, incremental", NULL, 400, true, incremental, "dvd-r"},
	{"DVD-R, incremental, no exchange", NULL, 400, false, incremental, "dvd-r"},
	/* BD-R: a finalised one keeps its state file, as the image alone would be a DVD-ROM. */
	{"single session, BD-R", NULL, 400, true, single, "bd-r"},
	{"reserved, BD-R", NULL, 400, true, disc_at_once, "bd-r"},
	{"three sessions, BD-R", NULL, 400, true, three_sessions, "bd-r"},
	{"finalise later, BD-R", NULL, 400, true, finalise_later, "bd-r"},
	{"two tracks, finalised by command, BD-R", NULL, 400, true, by_control_command, "bd-r"},
	{"formatted, BD-R", NULL, 400, true, pseudo_overwrite, "bd-r"},
	{"formatted, BD-R, no exchange", NULL, 400, false, pseudo_overwrite, "bd-r"},
	{"three sessions, BD-R DL, no exchange", NULL, 400, false, three_sessions, "bd-r-dl"},
};

#endif
