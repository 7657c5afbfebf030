// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Burns of a CD-R or CD-RW that are interrupted at every storage operation, in one run each: the
 * power is cut, the daemon dies, or the operation fails. What the host has synced survives, also
 * the CD-Text and the cue sheet of a session-at-once; a disc that was closed stays so; and the host
 * can go on with the burn, to the same disc as that of an undisturbed run.
 */
#include <errno.h>
#include <stdlib.h>

#include "unit/disc/cd_bench.h"
#include "unit/disc/powercut_frame.h"

#define IMAGE    "disc.img"
#define CAPACITY 12800u
#define SMALL    700u   /* MEDIA_BLOCKs of an image of one session */
#define LARGE    13000u /* of two, with their gap */
#define STRIDE   7u     /* operations between two cuts under an emulator or valgrind (WRAP) */

enum step_what {
	STEP_END,
	STEP_TRACK,   /* number arg, of `sectors`, as mode page 05h says */
	STEP_SESSION, /* CLOSE SESSION of session arg; another follows if `sectors` */
	STEP_AT_ONCE, /* session arg, by `sheet` */
	STEP_BLANK
};

struct step {
	enum step_what what;
	uint32_t arg, sectors;
	struct disc_cd_write write;
	const char *sheet;
};

/* Two songs of 55 and 40 sectors, 20 of pregap, CD-Text, MCN, ISRC. */
#define SHORT_AUDIO                                                                                \
	"02 34 30 30 36 33 38 31 02 33 33 33 39 33 31 00 01 00 00 41 00 00 00 00"                  \
	"03 01 44 45 41 41 41 30 03 01 30 30 30 30 30 31 01 01 00 00 00 00 00 00"                  \
	"01 01 01 00 00 00 02 00 01 02 00 00 00 00 02 37 01 02 01 00 00 00 03 00"                  \
	"01 aa 01 01 00 00 03 28"
/* 80 sectors of mode 1. */
#define SHORT_DATA                                                                                 \
	"41 00 00 14 00 00 00 00 41 01 00 10 00 00 00 00"                                          \
	"41 01 01 10 00 00 02 00 41 aa 01 14 00 00 03 05"

static const struct step two_songs[] = {
	{STEP_TRACK, 1, 75, {AUDIO_WRITE, .isrc = "DEAAA0000001"}, NULL},
	{STEP_TRACK, 2, 20, {AUDIO_WRITE, .control = 2}, NULL},
	{STEP_SESSION, 1, 0, {AUDIO_WRITE}, NULL},
	{STEP_END, 0, 0, {0}, NULL},
};
static const struct step data_at_once[] = {
	{STEP_AT_ONCE, 1, 0, {SAO_WRITE, .next_session = true}, SHORT_DATA},
	{STEP_END, 0, 0, {0}, NULL},
};
static const struct step audio_at_once[] = {
	{STEP_AT_ONCE, 1, 0, {SAO_WRITE}, SHORT_AUDIO},
	{STEP_END, 0, 0, {0}, NULL},
};
static const struct step data_twice[] = {
	{STEP_TRACK, 1, 80, {DATA_WRITE}, NULL},
	{STEP_SESSION, 1, 1, {DATA_WRITE, .next_session = true}, NULL},
	{STEP_TRACK, 2, 70, {DATA_WRITE}, NULL},
	{STEP_SESSION, 2, 0, {DATA_WRITE}, NULL},
	{STEP_END, 0, 0, {0}, NULL},
};
/* A plain image, then audio in the same file, after an erased disc. */
static const struct step erased[] = {
	{STEP_BLANK, 0, 0, {0}, NULL},
	{STEP_TRACK, 1, 70, {DATA_WRITE}, NULL},
	{STEP_TRACK, 2, 30, {AUDIO_WRITE}, NULL},
	{STEP_SESSION, 1, 0, {AUDIO_WRITE}, NULL},
	{STEP_END, 0, 0, {0}, NULL},
};

static const struct scenario {
	const char *name;
	enum disc_type type;
	const struct step *old, *steps; /* old: burned before, undisturbed */
	uint32_t room;
} scenarios[] = {
	{"two songs, track-at-once", DISC_CD_R, NULL, two_songs, SMALL},
	{"data, session-at-once", DISC_CD_R, NULL, data_at_once, SMALL},
	{"songs, session-at-once with CD-Text", DISC_CD_R, NULL, audio_at_once, SMALL},
	{"data, two sessions", DISC_CD_R, NULL, data_twice, LARGE},
	{"BLANK, then data and a song", DISC_CD_RW, two_songs, erased, SMALL},
};

/* ---- the host ------------------------------------------------------------------------------- */

struct bench {
	const struct scenario *scenario;
	struct powercut *cut;
	struct disc *disc;
	bool erasing, erased; /* BLANK was called, and answered DISC_OK */
	/* The parts of the disc that must survive the power cut. */
	unsigned tracks, sessions;
	int64_t synced; /* address */
	unsigned packs;
};

static void insert(struct bench *b)
{
	b->disc = powercut_disc(b->cut, IMAGE,
		(struct disc_options){.medium = disc_medium_of(b->scenario->type),
			.capacity = CAPACITY,
			.max_unsaved = DISC_MAX_UNSAVED_LEAST});
}

static unsigned closed_tracks(const struct disc *d)
{
	const struct disc_layout *l = &d->layout;

	return l->tracks - (disc_open_track(d) > 0);
}

/* All that was written so far was synced. */
static void promise(struct bench *b)
{
	int64_t nwa;

	b->tracks = closed_tracks(b->disc);
	b->sessions = disc_last_closed_session(b->disc);
	if (disc_cd_nwa(b->disc, &nwa))
		b->synced = nwa;
}

static int record_track(struct bench *b, const struct step *s)
{
	struct disc *d = b->disc;
	const struct disc_track *t = disc_track(d, s->arg);
	int r;

	if (closed_tracks(d) >= s->arg)
		return DISC_OK;
	cd_set(d, s->write);
	r = cd_record(d, cd_nwa(d), t->start + s->sectors - (uint32_t)cd_nwa(d));
	if (r == DISC_OK)
		r = disc_cd_flush(d);
	if (r == DISC_OK)
		promise(b);
	return r;
}

static int close_session(struct bench *b, const struct step *s)
{
	int r;

	if (disc_last_closed_session(b->disc) >= s->arg)
		return DISC_OK;
	cd_set(b->disc, s->write);
	r = disc_close_session(b->disc);
	if (r == DISC_OK)
		promise(b);
	return r;
}

/* 6 packs, in the last 10 blocks of the lead-in. */
static int send_text(struct bench *b)
{
	uint8_t blocks[10 * 96];
	int64_t lba = -160;
	int r;

	for (uint32_t i = 0; i < 10; i++) {
		uint8_t four[CD_TEXT_OF_SECTOR] = {0};

		for (unsigned k = 0; k < 4; k++) {
			four[18 * k] = 0x80;
			four[18 * k + 2] = (uint8_t)((4 * i + k) % 6);
			cd_text_seal(four + 18 * k);
		}
		cd_text_to_lead_in(four, blocks + (size_t)i * 96);
	}
	r = disc_write(b->disc, lba, 10, blocks);
	if (r == DISC_OK)
		b->packs = 6;
	return r;
}

static int record_at_once(struct bench *b, const struct step *s)
{
	struct disc *d = b->disc;
	int64_t nwa;
	int r = DISC_OK;

	if (disc_last_closed_session(d) >= s->arg)
		return DISC_OK;
	cd_set(d, s->write);
	if (!disc_cd_is_at_once(d))
		r = cd_send_cue(d, s->sheet);
	if (r == DISC_OK && cd_nwa(d) == DISC_CD_LEAD_IN)
		r = send_text(b);
	/* A program syncs in the middle as well. */
	for (unsigned half = 0; half < 2 && r == DISC_OK; half++) {
		int64_t end = half || cd_nwa(d) >= 40 ? 0 : 40;

		while (r == DISC_OK && disc_cd_nwa(d, &nwa) && (!end || nwa < end)) {
			uint32_t n = end ? (uint32_t)(end - nwa) : CD_CHUNK;

			while (disc_may_write(d, nwa, n) == DISC_OUT_OF_RANGE && n > 1)
				n--;
			if (disc_may_write(d, nwa, n) != DISC_OK)
				break;
			r = cd_record(d, nwa, n);
		}
		if (r == DISC_OK)
			r = disc_cd_flush(d);
		if (r == DISC_OK)
			promise(b);
	}
	return r;
}

static int erase(struct bench *b)
{
	int r;

	if (b->erased)
		return DISC_OK;
	b->erasing = true;
	r = disc_blank(b->disc);
	if (r == DISC_OK) {
		b->erased = true;
		b->tracks = b->sessions = 0;
		b->synced = 0;
	}
	return r;
}

static int burn(struct bench *b, const struct step *s)
{
	int r = DISC_OK;

	for (; s->what != STEP_END && r == DISC_OK; s++)
		r = s->what == STEP_TRACK     ? record_track(b, s)
		    : s->what == STEP_SESSION ? close_session(b, s)
		    : s->what == STEP_AT_ONCE ? record_at_once(b, s)
					      : erase(b);
	return r;
}

/* ---- checks --------------------------------------------------------------------------------- */

/* The disc of the undisturbed run. */
static struct cd_map want;
static uint64_t want_size;
static uint64_t want_ops[2]; /* storage without and with RENAME_EXCHANGE */

/* Everything that the disc says it has is what was written. */
static void check_data(struct bench *b)
{
	const struct cd_map *m = disc_cd_map(b->disc);

	cd_check_map(b->disc);
	for (unsigned i = 0; i < m->extents; i++) {
		const struct cd_extent *e = &m->extent[i];
		bool plain = m->track[cd_find_track(m, e->lba)].form == CD_MODE1;

		if (e->file == CD_NO_FILE)
			continue;
		for (int32_t lba = e->lba; lba < e->lba + (int32_t)e->count; lba++) {
			const struct cd_track *t = &m->track[cd_find_track(m, lba)];
			bool hole = lba < t->start && !b->scenario->steps->sheet;

			if (hole)
				cd_check_silence(b->disc, lba, lba + 1, plain ? 16 : 0, 2048);
			else
				cd_check(
					b->disc, lba, lba + 1, plain ? 2048 : 2352, plain ? 16 : 0);
		}
	}
}

static bool is_old(const struct bench *b)
{
	const struct cd_map *m = disc_cd_map(b->disc);

	return b->scenario->old && !b->erased && b->disc->layout.finalised && m->tracks == 2 &&
	       m->track[0].form == CD_AUDIO;
}

static void check(struct bench *b)
{
	const struct cd_map *m = disc_cd_map(b->disc);
	int64_t nwa;

	EXPECT(b->disc->read_only == NULL);
	EXPECT(b->disc->medium->type == b->scenario->type);
	check_data(b);
	if (is_old(b))
		return;
	EXPECT(!b->scenario->old || b->erasing);
	if (b->scenario->old && !b->erased)
		return;
	EXPECT(closed_tracks(b->disc) >= b->tracks);
	EXPECT(disc_last_closed_session(b->disc) >= b->sessions);
	EXPECT(m->text_packs >= b->packs);
	for (unsigned i = 0; i < closed_tracks(b->disc); i++)
		EXPECT(m->track[i].start == want.track[i].start &&
			m->track[i].length == want.track[i].length);
	if (disc_cd_nwa(b->disc, &nwa))
		EXPECT(nwa >= b->synced);
	else
		EXPECT(b->disc->layout.finalised);
}

static void check_result(struct bench *b)
{
	const struct cd_map *m = disc_cd_map(b->disc);

	check(b);
	EXPECT(m->tracks == want.tracks && m->sessions == want.sessions);
	EXPECT(memcmp(m->track, want.track, sizeof(m->track[0]) * m->tracks) == 0);
	EXPECT(memcmp(m->session, want.session, sizeof(m->session[0]) * m->sessions) == 0);
	EXPECT(m->extents == want.extents);
	EXPECT(m->text_packs == want.text_packs && strcmp(m->mcn, want.mcn) == 0);
	EXPECT(memcmp(m->text, want.text, m->text_packs * CD_TEXT_PACK) == 0);
	EXPECT(b->cut->size == want_size);
}

/* ---- faults --------------------------------------------------------------------------------- */

static void begin(struct bench *b, const struct scenario *s, uint64_t seed)
{
	*b = (struct bench){.scenario = s, .cut = powercut_new(s->room, seed, seed % 2)};
	assert_non_null(b->cut);
	b->cut->unit = 1;
	insert(b);
	if (!s->old)
		return;
	assert_int_equal(burn(b, s->old), DISC_OK);
	powercut_remove(&b->disc);
	insert(b);
}

static void run_reference(const struct scenario *s, uint64_t seed)
{
	struct bench b;
	uint64_t first;

	begin(&b, s, seed);
	first = b.cut->ops;
	snprintf(where, sizeof(where), "%s, undisturbed", s->name);
	assert_int_equal(burn(&b, s->steps), DISC_OK);
	want = *disc_cd_map(b.disc);
	powercut_remove(&b.disc);
	/* The last ones are of closing what is on storage. */
	want_ops[seed % 2] = b.cut->ops - first - 2;
	want_size = b.cut->size;
	powercut_free(b.cut);
}

/* After a fault: inserts the disc, twice, and burns what is missing. */
static void go_on(struct bench *b)
{
	for (unsigned i = 0; i < 2; i++) {
		insert(b);
		check(b);
		powercut_remove(&b->disc);
	}
	insert(b);
	EXPECT(burn(b, b->scenario->steps) == DISC_OK);
	check_result(b);
	powercut_remove(&b->disc);
	insert(b);
	check_result(b);
	powercut_remove(&b->disc);
	powercut_free(b->cut);
}

static void cut_at(const struct scenario *s, uint64_t n, enum powercut_fault fault,
	enum powercut_names names, uint64_t seed)
{
	struct bench b;

	if (n >= want_ops[seed % 2])
		return;
	begin(&b, s, seed);
	snprintf(where, sizeof(where), "%s: %s at %u, names %d, seed %u", s->name,
		fault == POWERCUT_POWER ? "power cut" : "death", (unsigned)n, names,
		(unsigned)seed);
	powercut_plan(b.cut, fault, b.cut->ops + n, 0);
	(void)burn(&b, s->steps);
	powercut_remove(&b.disc);
	EXPECT(b.cut->reached);
	if (fault == POWERCUT_POWER)
		powercut_power_on(b.cut, names);
	else
		powercut_restart_daemon(b.cut);
	go_on(&b);
	*(fault == POWERCUT_POWER ? &cuts : &deaths) += 1;
}

/* A host that tries again; what it was told to be lost need not survive. */
static void fail_at(const struct scenario *s, uint64_t n, int error, uint64_t then, uint64_t seed)
{
	struct bench b;
	int r;

	begin(&b, s, seed);
	snprintf(where, sizeof(where), "%s: errno %d at %u, power cut %u later, seed %u", s->name,
		error, (unsigned)n, (unsigned)then, (unsigned)seed);
	if (then)
		powercut_plan_error_then_cut(b.cut, b.cut->ops + n, error, then);
	else
		powercut_plan(b.cut, POWERCUT_ERRNO, b.cut->ops + n, error);
	r = burn(&b, s->steps);
	for (unsigned tries = 0; tries < 4 && r != DISC_OK && !b.cut->dead; tries++)
		r = burn(&b, s->steps);
	EXPECT(b.cut->dead || r == DISC_OK);
	powercut_remove(&b.disc);
	/* This storage needed fewer operations. */
	if (!b.cut->reached) {
		powercut_free(b.cut);
		return;
	}
	if (then) {
		b.cut->dead = true;
		powercut_power_on(b.cut, seed & 1 ? POWERCUT_EACH_NAME : POWERCUT_JOURNAL);
	}
	go_on(&b);
	faults++;
}

static void a_burn_survives(void **state)
{
	const struct scenario *s = *state;
	uint64_t stride = powercut_stride(STRIDE);

	cuts = deaths = faults = 0;
	run_reference(s, 2);
	run_reference(s, 1);
	for (uint64_t n = 0; n < MAX(want_ops[0], want_ops[1]); n += stride) {
		uint64_t seed = n + 1;

		cut_at(s, n, POWERCUT_POWER, POWERCUT_JOURNAL, seed);
		cut_at(s, n, POWERCUT_POWER, POWERCUT_EACH_NAME, seed + 1);
		cut_at(s, n, POWERCUT_DEATH, POWERCUT_JOURNAL, seed);
		fail_at(s, n, EIO, 0, seed);
		fail_at(s, n, ENOSPC, 0, seed);
		for (uint64_t then = 1; then < 8; then += 3)
			fail_at(s, n, EIO, then, seed);
	}
	print_message("# %s: %u operations, %u power cuts, %u deaths, %u faults\n", s->name,
		(unsigned)want_ops[1], cuts, deaths, faults);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(scenarios)];

	for (size_t i = 0; i < ARRAY_LEN(scenarios); i++)
		tests[i] = (struct CMUnitTest){scenarios[i].name, a_burn_survives, NULL, NULL,
			(void *)(uintptr_t)&scenarios[i]};
	return cmocka_run_group_tests_name("power cuts of a CD", tests, NULL, NULL);
}
