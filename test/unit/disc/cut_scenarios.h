/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What t_cut burns while everything happens to it. */
#ifndef TEST_UNIT_CUT_SCENARIOS_H
#define TEST_UNIT_CUT_SCENARIOS_H

#include "unit/disc/cut_host.h"

struct scenario {
	const char *name;
	uint32_t capacity;
	bool has_exchange;
	const struct step *steps;
};

static const struct step single[] = {
	{STEP_WRITE, 150, 1},
	{STEP_SYNC, 0, 1},
	{STEP_CLOSE_TRACK, 1, 1},
	{STEP_CLOSE, 2, 1},
	{STEP_END, 0, 0},
};
static const struct step dao[] = {
	{STEP_RESERVE, 200, 1},
	{STEP_WRITE, 197, 1},
	{STEP_SYNC, 0, 1},
	{STEP_CLOSE, 6, 1},
	{STEP_END, 0, 0},
};
static const struct step three[] = {
	{STEP_WRITE, 52, 1},
	{STEP_SYNC, 0, 1},
	{STEP_CLOSE_TRACK, 1, 1},
	{STEP_CLOSE, 2, 1},
	{STEP_WRITE, 165, 2}, /* from 64 on: more than `ahead` behind a gap */
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
static const struct step by_hand[] = {
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
static const struct step forced[] = {
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
/* Behind a CLOSE that failed; one that did not makes an end of it. */
static const struct step and_on[] = {
	{STEP_WRITE, 40, 1},
	{STEP_CLOSE, 6, 1},
	{STEP_WRITE, 120, 1},
	{STEP_SYNC, 0, 1},
	{STEP_WRITE, 150, 1},
	{STEP_END, 0, 0},
};
static const struct scenario scenarios[] = {
	{"single session", 400, true, single},
	{"DAO", 400, true, dao},
	{"three sessions", 400, true, three},
	{"finalise later", 400, true, finalise_later},
	{"two tracks, finalised by hand", 400, true, by_hand},
	{"test write", 400, true, test_write},
	{"FUA, flush, reinsert", 400, true, forced},
	{"finalised, or not and on", 400, true, and_on},
	{"single session, no exchange", 400, false, single},
	{"three sessions, no exchange", 400, false, three},
};

#endif
