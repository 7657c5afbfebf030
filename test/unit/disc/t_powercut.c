// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * At every single storage operation of a burn, in one run each, the power is cut, the
 * daemon dies, or the operation fails. All that the host synced must survive, and the
 * host must be able to continue the burn.
 *
 * CUT_SEEDS: number of seeds for each operation, without exception. If it is not set, each has one
 * seed, and powercut_stride() can leave out operations (CUT_STRIDE, WRAP).
 */
#include "unit/disc/powercut_frame.h"
#include "unit/disc/powercut_host.h"
#include "unit/disc/powercut_scenarios.h"

#define STATE IMAGE STORE_SUFFIX
#define SPARE IMAGE STORE_SPARE_SUFFIX

/* ---- the undisturbed run ---------------------------------------------------------- */

static struct reference {
	uint64_t ops;
	uint8_t kind[POWERCUT_OPS];
	struct disc_layout trace[COMMANDS], layout;
	unsigned commands;
	uint8_t *image;
	uint64_t size;
} ref;

static void begin(struct bench *b, const struct scenario *s, uint64_t seed)
{
	*b = (struct bench){.medium = s->type ? disc_medium_named(s->type) : s->medium,
		.capacity = s->capacity,
		.max_unsaved = DISC_MAX_UNSAVED_LEAST,
		.most_unsaved = DISC_MAX_UNSAVED_LEAST};
	b->l.now = (struct disc_layout){.sessions = 1, .tracks = 1, .track[0] = {.session = 1}};
	b->cut = powercut_new(BLOCKS_MAX, seed, s->has_exchange);
	assert_non_null(b->cut);
}

static void end(struct bench *b)
{
	powercut_free(b->cut);
}

static void run_reference(const struct scenario *s)
{
	struct bench b;

	begin(&b, s, 1);
	b.trace = ref.trace;
	insert(&b);
	assert_true(do_steps(&b, s->steps));
	assert_int_equal(b.l.failures, 0);
	ref.layout = b.disc->layout;
	remove_disc(&b);
	ref.ops = b.cut->ops;
	ref.commands = b.commands;
	assert_true(ref.ops < POWERCUT_OPS);
	memcpy(ref.kind, b.cut->kind, sizeof(ref.kind));
	ref.size = b.cut->size;
	ref.image = realloc(ref.image, ref.size + 1);
	assert_non_null(ref.image);
	memcpy(ref.image, b.cut->seen, ref.size);
	end(&b);
}

/* ---- checks of a disc opened after a fault ------------------------------------------------- */

static bool same_shape(const struct disc_layout *a, const struct disc_layout *b)
{
	if (a->finalised != b->finalised || a->sessions != b->sessions || a->tracks != b->tracks)
		return false;
	if (!a->finalised && a->at_once != b->at_once)
		return false;
	for (uint32_t i = 0; i < a->tracks; i++) {
		const struct disc_track *t = &a->track[i], *u = &b->track[i];
		bool closed = t->state == DISC_TRACK_CLOSED;

		if (t->start != u->start || t->session != u->session ||
			closed != (u->state == DISC_TRACK_CLOSED))
			return false;
		/* A finalised disc without state file does not show that a track was reserved. */
		if (closed ? t->written != u->written : t->reserved != u->reserved)
			return false;
	}
	return true;
}

/* Checks that every block of every track can be read, and holds what was written. */
static void check_data(struct bench *b)
{
	const struct disc_layout *l = &b->disc->layout;

	for (uint32_t i = 0; i < l->tracks; i++) {
		const struct disc_track *t = &l->track[i];

		for (uint32_t n, at = 0; at < t->written; at += n) {
			n = MIN(WRITE_COUNT, t->written - at);
			EXPECT(read_blocks(b->drive, t->start + at, (uint16_t)n) == 0);
			EXPECT(answer.len == n * MEDIA_BLOCK);
			EXPECT(memcmp(answer.data, stamps + (size_t)(t->start + at) * MEDIA_BLOCK,
				       answer.len) == 0);
		}
	}
}

static void check_open_track(struct bench *b)
{
	const struct disc *d = b->disc;
	const struct disc_track *t = disc_track(d, disc_open_track(d));
	uint32_t nwa = t ? disc_track_nwa(d, t) : 0;

	if (!t)
		return;
	EXPECT(nwa >= b->l.synced);
	EXPECT(nwa + b->most_unsaved >= b->l.acked);
	EXPECT(t->written == 0 || nwa <= b->l.ever);
}

static void check_closed_tracks(struct bench *b)
{
	const struct disc_layout *l = &b->disc->layout, *p = &b->l.promised;

	EXPECT(!p->finalised || l->finalised);
	EXPECT(l->sessions >= p->sessions || l->finalised);
	for (uint32_t i = 0; i < p->tracks; i++) {
		const struct disc_track *t = &l->track[i], *u = &p->track[i];

		if (u->state != DISC_TRACK_CLOSED)
			continue;
		EXPECT(i < l->tracks && t->state == DISC_TRACK_CLOSED);
		EXPECT(t->start == u->start && t->written == u->written);
		EXPECT(t->session == u->session);
	}
}

static bool shows_in_image(const struct bench *b)
{
	return disc_medium_shows_in_image(
		b->medium ? b->medium : disc_medium_of_blank(), disc_layout_end(&b->disc->layout));
}

static void check_folder(struct bench *b)
{
	const struct disc_layout *l = &b->disc->layout;

	for (unsigned i = 0; i < b->cut->names; i++)
		EXPECT(strcmp(b->cut->name[i], STATE) == 0 || strcmp(b->cut->name[i], SPARE) == 0);
	if (!l->finalised || l->tracks > 1)
		return;
	/* Only if the image alone is the same disc, it needs no state file. */
	EXPECT(powercut_has(b->cut, STATE) != shows_in_image(b));
	EXPECT(b->cut->size == (uint64_t)l->track[0].written * MEDIA_BLOCK);
}

/* Checks what must be true after a power cut at any time. */
static void check_promises(struct bench *b)
{
	EXPECT(b->disc->read_only == NULL);
	/* A finalised disc has become another type, which has no format state. */
	EXPECT(!b->l.formatted || b->disc->format == DISC_FORMATTED_POW ||
		!disc_medium_is_recordable(b->disc->medium));
	/* Unless a command that changes it was interrupted, the layout is the last one. */
	EXPECT(b->l.pending || same_shape(&b->disc->layout, &b->l.now));
	check_closed_tracks(b);
	check_open_track(b);
	check_data(b);
	check_folder(b);
}

/* next: the layout after the interrupted command; NULL: no command was interrupted. */
static void check(struct bench *b, const struct disc_layout *next)
{
	const struct disc_layout *l = &b->disc->layout;

	b->l.pending |= next != NULL;
	check_promises(b);
	EXPECT(same_shape(l, &b->l.now) || (next && same_shape(l, next)));
	b->l.pending = false;
}

/* Inserts and checks the disc twice; no spare state file is left after the first time. */
static void insert_and_check(struct bench *b, const struct disc_layout *next)
{
	insert(b);
	check(b, next);
	trust_layout(b);
	remove_disc(b);
	EXPECT(!powercut_has(b->cut, SPARE));
	insert(b);
	check(b, NULL);
}

/* Returns the layout that the interrupted command would have led to. */
static const struct disc_layout *next_layout(const struct bench *b)
{
	return b->commands < ref.commands ? &ref.trace[b->commands] : NULL;
}

/* Checks that the disc is the same as after the undisturbed run. */
static void check_result(struct bench *b)
{
	EXPECT(!b->l.loss_unreported);
	EXPECT(same_shape(&b->disc->layout, &ref.layout));
	drain_events(b->drive);
	check_data(b);
	remove_disc(b);
	EXPECT(b->cut->size == ref.size);
	EXPECT(memcmp(b->cut->seen, ref.image, ref.size) == 0);
	EXPECT(!powercut_has(b->cut, SPARE));
}

/* Continues as another host, which does not know what was written before. */
static void forget(struct bench *b)
{
	b->l.acked = b->l.synced;
	b->l.loss_reported = true;
}

/* ---- cuts ----------------------------------------------------------------------------------- */

/*
 * Burns the rest of the disc. With `again`, two more power cuts come before, each with
 * another configuration of the daemon.
 */
static void resume(struct bench *b, const struct scenario *s, bool again, enum powercut_names names)
{
	static const uint32_t max_unsaved[] = {2 * DISC_MAX_UNSAVED_LEAST, DISC_MAX_UNSAVED_LEAST};

	forget(b);
	for (size_t i = 0; i < ARRAY_LEN(max_unsaved) && again; i++) {
		remove_disc(b);
		b->max_unsaved = max_unsaved[i];
		b->most_unsaved = MAX(b->most_unsaved, b->max_unsaved);
		insert(b);
		EXPECT(b->disc->read_only == NULL);
		trust_layout(b);
		powercut_plan(b->cut, POWERCUT_POWER, b->cut->ops + powercut_random(b->cut, 30), 0);
		if (do_steps(b, s->steps))
			b->cut->dead = true;
		remove_disc(b);
		powercut_power_on(b->cut, names);
		cuts++;
		insert(b);
		check_promises(b);
		trust_layout(b);
		forget(b);
	}
	EXPECT(burn_with_retries(b, s->steps));
	EXPECT(b->l.failures == 0);
	check_result(b);
}

static void cut_at(const struct scenario *s, uint64_t n, enum powercut_names names, uint64_t seed)
{
	struct bench b;

	snprintf(where, sizeof(where), "%s, power cut at %u, names %d, seed %u", s->name,
		(unsigned)n, names, (unsigned)seed);
	begin(&b, s, seed * 1000003 + n);
	powercut_plan(b.cut, POWERCUT_POWER, n, 0);
	insert(&b);
	(void)do_steps(&b, s->steps);
	remove_disc(&b);
	EXPECT(b.cut->reached);
	powercut_power_on(b.cut, names);
	insert_and_check(&b, next_layout(&b));
	resume(&b, s, seed & 1, names);
	cuts++;
	end(&b);
}

static void die_at(const struct scenario *s, uint64_t n, uint64_t seed)
{
	struct bench b;

	snprintf(where, sizeof(where), "%s, death at %u, seed %u", s->name, (unsigned)n,
		(unsigned)seed);
	begin(&b, s, seed * 1000003 + n);
	powercut_plan(b.cut, POWERCUT_DEATH, n, 0);
	insert(&b);
	(void)do_steps(&b, s->steps);
	remove_disc(&b);
	EXPECT(b.cut->reached);
	powercut_restart_daemon(b.cut);
	/* All that was acknowledged is in the page cache, and opening the disc syncs it. */
	b.l.synced = b.l.acked;
	insert_and_check(&b, next_layout(&b));
	remove_disc(&b);
	powercut_power_on(b.cut, seed & 1 ? POWERCUT_EACH_NAME : POWERCUT_JOURNAL);
	insert_and_check(&b, NULL);
	resume(&b, s, false, POWERCUT_JOURNAL);
	deaths++;
	end(&b);
}

static void fail_at(const struct scenario *s, uint64_t n, int error, uint64_t seed)
{
	struct bench b;

	snprintf(where, sizeof(where), "%s, errno %d at %u, seed %u", s->name, error, (unsigned)n,
		(unsigned)seed);
	begin(&b, s, seed * 1000003 + n);
	powercut_plan(b.cut, POWERCUT_ERRNO, n, error);
	insert(&b);
	EXPECT(burn_with_retries(&b, s->steps));
	EXPECT(!b.l.loss_unreported);
	b.l.synced = b.l.acked;
	if (n / 2 % 2) { /* the power is cut with the disc in the drive, or after it was removed */
		EXPECT(same_shape(&b.disc->layout, &ref.layout));
		EXPECT(b.cut->size == ref.size && memcmp(b.cut->seen, ref.image, ref.size) == 0);
		b.cut->dead = true;
		remove_disc(&b);
	} else {
		check_result(&b);
	}
	powercut_power_on(b.cut, seed & 1 ? POWERCUT_EACH_NAME : POWERCUT_JOURNAL);
	insert_and_check(&b, NULL);
	EXPECT(same_shape(&b.disc->layout, &ref.layout));
	remove_disc(&b);
	faults++;
	end(&b);
}

/* An operation fails, the host tries again or gives up, and then the power is cut. */
static void fail_and_cut(const struct scenario *s, uint64_t n, bool retry, uint64_t seed)
{
	const struct disc_layout *next;
	struct bench b;
	bool done;

	snprintf(where, sizeof(where), "%s, %s at %u and power cut, seed %u", s->name,
		retry ? "EIO and retries" : "EIO", (unsigned)n, (unsigned)seed);
	begin(&b, s, seed * 1000003 + n);
	powercut_plan_error_then_cut(
		b.cut, n, EIO, retry ? 1 + powercut_random(b.cut, 30) : 1000000);
	insert(&b);
	done = retry ? burn_with_retries(&b, s->steps) : do_steps(&b, s->steps);
	/* The command that failed was done or not. */
	next = retry ? NULL : &ref.trace[b.commands ? b.commands - 1 : 0];
	if (done || n & 2)
		b.cut->dead = true;
	remove_disc(&b);
	powercut_power_on(b.cut, seed & 1 ? POWERCUT_EACH_NAME : POWERCUT_JOURNAL);
	if (retry) {
		insert(&b);
		check_promises(&b);
	} else {
		insert_and_check(&b, next);
	}
	b.l.failures = 0;
	resume(&b, s, false, POWERCUT_JOURNAL);
	faults++;
	end(&b);
}

/* A host that ignores failures and goes on with the next step. */
static void do_steps_ignoring_failures(struct bench *b, const struct step *s)
{
	for (; s->what != STEP_END && !b->cut->dead; s++)
		if (!do_steps(b, (const struct step[2]){*s, {STEP_END, 0, 0}}) && !b->cut->dead)
			(void)next_address(b);
}

/* An operation fails, the host ignores it, and the power is cut `then` operations later. */
static void ignore_failure_at(const struct scenario *s, uint64_t n, uint64_t then, uint64_t seed)
{
	struct bench b;

	snprintf(where, sizeof(where), "%s, EIO at %u ignored, power cut %u later, seed %u",
		s->name, (unsigned)n, (unsigned)then, (unsigned)seed);
	begin(&b, s, seed * 1000003 + n * 101 + then);
	powercut_plan_error_then_cut(b.cut, n, EIO, then);
	insert(&b);
	do_steps_ignoring_failures(&b, s->steps);
	b.cut->dead = true;
	remove_disc(&b);
	powercut_power_on(b.cut, then & 1 ? POWERCUT_EACH_NAME : POWERCUT_JOURNAL);
	insert(&b);
	check_promises(&b);
	remove_disc(&b);
	faults++;
	end(&b);
}

/* The daemon dies, starts again, and the power is cut soon after. */
static void die_and_cut(const struct scenario *s, uint64_t n, uint64_t then, uint64_t seed)
{
	struct bench b;

	snprintf(where, sizeof(where), "%s, death at %u, power cut %u later, seed %u", s->name,
		(unsigned)n, (unsigned)then, (unsigned)seed);
	begin(&b, s, seed * 1000003 + n * 101 + then);
	powercut_plan(b.cut, POWERCUT_DEATH, n, 0);
	insert(&b);
	(void)do_steps(&b, s->steps);
	remove_disc(&b);
	powercut_restart_daemon(b.cut);
	insert(&b);
	trust_layout(&b);
	b.l.pending = false;
	forget(&b);
	powercut_plan(b.cut, POWERCUT_POWER, b.cut->ops + then, 0);
	(void)do_steps(&b, s->steps);
	b.cut->dead = true;
	remove_disc(&b);
	powercut_power_on(b.cut, then & 1 ? POWERCUT_EACH_NAME : POWERCUT_JOURNAL);
	insert(&b);
	check_promises(&b);
	remove_disc(&b);
	deaths++;
	end(&b);
}

/*
 * Two faults, at each operation: a failure that the host ignores, and a power cut 1 to 40
 * operations later. At a change of names and at the sync of the folder, each distance from 1 to 6
 * is tried, also with the death of the daemon in place of the failure.
 */
static void test_two_faults(const struct scenario *s, uint64_t n, uint64_t seed)
{
	for (uint64_t then = 1; then <= 6 && ref.kind[n] >= POWERCUT_EXCHANGE; then++) {
		ignore_failure_at(s, n, then, seed);
		die_and_cut(s, n, then, seed);
	}
	ignore_failure_at(s, n, 1 + n % 40, seed);
}

/* ---- all of them ---------------------------------------------------------------------------- */

static uint64_t seeds = 1, stride = 1;

static void test_each_operation(const struct scenario *s)
{
	cuts = deaths = faults = 0;
	run_reference(s);
	for (uint64_t n = 0; n < ref.ops; n += stride) {
		/* A cut at a read is the same as a cut at the next operation. */
		bool reads = ref.kind[n] == POWERCUT_READ || ref.kind[n] == POWERCUT_FILE_READ;

		for (uint64_t seed = n % 2; seed < n % 2 + seeds && !reads; seed++) {
			cut_at(s, n, POWERCUT_JOURNAL, seed);
			cut_at(s, n, POWERCUT_EACH_NAME, seed);
			die_at(s, n, seed);
		}
		for (uint64_t seed = n % 2; seed < n % 2 + seeds; seed++) {
			fail_at(s, n, EIO, seed);
			fail_at(s, n, ENOSPC, seed + 1);
			fail_and_cut(s, n, false, seed);
			fail_and_cut(s, n, true, seed);
			test_two_faults(s, n, seed);
		}
	}
	print_message("# %s: %u operations, %u power cuts, %u deaths, %u faults\n", s->name,
		(unsigned)ref.ops, cuts, deaths, faults);
}

static void scenario(void **state)
{
	test_each_operation(*state);
}

static void a_test_write_never_touches_storage(void **state)
{
	const struct scenario s = {"test write alone", *state, 400, true, only_test, NULL};
	struct bench b;

	begin(&b, &s, 1);
	insert(&b);
	uint64_t before = b.cut->ops;
	assert_true(do_steps(&b, s.steps));
	assert_int_equal(b.cut->ops, before);
	assert_true(disc_is_blank(b.disc));
	remove_disc(&b);
	/* Removing the disc only unlinks a spare state file, of which there is none. */
	assert_int_equal(b.cut->ops, before + 1);
	assert_int_equal(b.cut->kind[before], POWERCUT_UNLINK);
	assert_int_equal(b.cut->size, 0);
	end(&b);
}

/* The remains of an interrupted burn are truncated before a shorter track is saved. */
static void a_reservation_after_a_cut_truncates_the_image(void **state)
{
	static const struct step first[] = {
		{STEP_WRITE, 40, 1}, {STEP_CLOSE, 2, 1}, {STEP_WRITE, 150, 2}, {STEP_END, 0, 0}};
	static const struct step second[] = {{STEP_RESERVE, 96, 2}, {STEP_END, 0, 0}};
	const struct scenario s = {"reservation after a cut", *state, 400, true, first, NULL};
	struct bench b;

	for (uint64_t seed = 0; seed < 40; seed++) {
		snprintf(where, sizeof(where), "%s, seed %u", s.name, (unsigned)seed);
		begin(&b, &s, seed);
		b.max_unsaved = b.most_unsaved = 2 * DISC_MAX_UNSAVED_LEAST;
		for (const struct step *steps = first; steps;
			steps = steps == first ? second : NULL) {
			insert(&b);
			check_promises(&b);
			forget(&b);
			EXPECT(do_steps(&b, steps));
			b.cut->dead = true;
			remove_disc(&b);
			powercut_power_on(b.cut, POWERCUT_JOURNAL);
			b.max_unsaved = DISC_MAX_UNSAVED_LEAST;
		}
		insert(&b);
		check_promises(&b);
		EXPECT(b.disc->layout.track[1].state == DISC_TRACK_RESERVED);
		remove_disc(&b);
		end(&b);
	}
}

#define OTHER_TESTS 4

int main(void)
{
	void *version_2 = (void *)(uintptr_t)&made_up_r;
	struct CMUnitTest tests[OTHER_TESTS + ARRAY_LEN(scenarios)] = {
		cmocka_unit_test_prestate(a_test_write_never_touches_storage, NULL),
		cmocka_unit_test_prestate(a_test_write_never_touches_storage, version_2),
		cmocka_unit_test_prestate(a_reservation_after_a_cut_truncates_the_image, NULL),
		cmocka_unit_test_prestate(a_reservation_after_a_cut_truncates_the_image, version_2),
	};
	const char *env = getenv("CUT_SEEDS");
	int r;

	if (env)
		seeds = strtoul(env, NULL, 10);
	else
		stride = powercut_stride(7);
	for (size_t i = 0; i < ARRAY_LEN(scenarios); i++)
		tests[OTHER_TESTS + i] = (struct CMUnitTest){.name = scenarios[i].name,
			.test_func = scenario,
			.initial_state = (void *)(uintptr_t)&scenarios[i]};
	make_stamps();
	r = cmocka_run_group_tests_name("power cut", tests, NULL, NULL);
	free(ref.image);
	return r;
}
