/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A host that burns by a list of steps, on the simulated storage of lib/powercut.h. It
 * keeps a ledger: which commands succeeded, so which data must survive. It asks for the
 * next writable address, as burning programs do, and so it can continue after a failure
 * or after a power cut.
 */
#ifndef TEST_UNIT_DISC_POWERCUT_HOST_H
#define TEST_UNIT_DISC_POWERCUT_HOST_H

#include <errno.h>

#include "lib/powercut.h"
#include "disc/disc_state.h"
#include "unit/mmc/drive_cmd.h"

#define IMAGE       "disc.iso"
#define BLOCKS_MAX  512u
#define COMMANDS    512u
#define SESSIONS    4u
#define WRITE_COUNT 16u

enum step_what {
	STEP_END,
	STEP_WRITE,     /* up to block arg */
	STEP_WRITE_FUA, /* the same, the last of it with FUA */
	STEP_SYNC,
	STEP_CLOSE_TRACK, /* number arg */
	STEP_CLOSE,       /* function arg */
	STEP_RESERVE,
	STEP_FLUSH,    /* a sync by the daemon, without a command */
	STEP_TEST,     /* test write on or off */
	STEP_AT_ONCE,  /* write type 2: RESERVE TRACK reserves the disc for disc-at-once */
	STEP_FORMAT,   /* FORMAT UNIT of a BD-R for pseudo-overwrite, if it is not formatted */
	STEP_MULTI,    /* mode page 05h: sessions follow, or the next CLOSE finalises */
	STEP_REINSERT, /* removes the disc and inserts it again */
	STEP_FINALISE  /* by a control command */
};

struct step {
	enum step_what what;
	uint32_t arg;
	uint16_t session; /* the step is skipped if this session is closed */
};

struct ledger {
	uint32_t ever; /* end of the farthest WRITE */
	/* Next writable address as the host knows it: all blocks below were answered GOOD. */
	uint32_t acked;
	uint32_t synced;             /* acked at the last command that synced */
	struct disc_layout now;      /* after the last command */
	struct disc_layout promised; /* after the last command that synced */
	bool loss_reported;          /* a command failed since the host asked for the address */
	bool loss_unreported;        /* acknowledged blocks are lost, and no command failed yet */
	bool formatted;              /* a FORMAT UNIT was answered GOOD */
	bool pending;                /* a command that changes the layout was interrupted */
	unsigned failures;
};

struct bench {
	struct powercut *cut;
	struct mmc_drive *drive;
	struct disc *disc;                /* in the drive, which owns the reference */
	const struct disc_medium *medium; /* type of a blank; NULL = DVD+R */
	uint32_t capacity, max_unsaved;
	/* The largest max_unsaved so far: a cut loses no more acknowledged blocks. */
	uint32_t most_unsaved;
	bool testing; /* test write is set in mode page 05h */
	struct ledger l;
	unsigned commands;
	struct disc_layout *trace; /* the layout after each command, up to COMMANDS; or NULL */
};

static uint8_t stamps[BLOCKS_MAX * MEDIA_BLOCK];

static inline void make_stamps(void)
{
	for (uint32_t i = 0; i < BLOCKS_MAX; i++)
		script_stamp(i, stamps + (size_t)i * MEDIA_BLOCK);
}

static inline const struct disc_layout *real_layout(const struct bench *b)
{
	return b->disc->testing ? &b->disc->real : &b->disc->layout;
}

/* Opens store and disc and inserts the disc into a new drive, as the daemon does. */
static inline void insert(struct bench *b)
{
	struct disc_options o = {
		.medium = b->medium, .capacity = b->capacity, .max_unsaved = b->max_unsaved};

	o.media = powercut_media(b->cut, true);
	assert_non_null(o.media);
	assert_int_equal(store_new(powercut_folder(b->cut), IMAGE, b->cut->boot, &o.store), 0);
	b->disc = disc_open(&o);
	assert_non_null(b->disc);
	b->drive = new_drive();
	b->testing = false;
	mmc_insert(b->drive, b->disc);
	drain_events(b->drive);
}

static inline void remove_disc(struct bench *b)
{
	mmc_drive_free(b->drive);
	b->drive = NULL;
	b->disc = NULL;
}

/* The host reads the layout and takes it as the truth. */
static inline void trust_layout(struct bench *b)
{
	if (!b->cut->dead && !b->disc->read_only)
		b->l.now = b->disc->layout;
}

/* ---- commands ------------------------------------------------------------------------------- */

/* Notes that all that was written so far must survive a power cut. */
static inline void promise(struct bench *b)
{
	if (b->testing)
		return;
	b->l.synced = b->l.acked;
	b->l.promised = *real_layout(b);
	b->l.pending = false;
}

/* Updates the ledger after a command with result s. */
static inline void record_result(struct bench *b, mmc_sense_t s)
{
	if (b->cut->dead)
		return;
	if (s) {
		b->l.loss_reported = true;
		b->l.loss_unreported = false;
		b->l.failures++;
	}
	assert_false(b->l.loss_unreported);
	if (!b->disc->read_only)
		b->l.now = *real_layout(b);
	if (b->trace) {
		assert_true(b->commands < COMMANDS);
		b->trace[b->commands] = b->l.now;
	}
	b->commands++;
}

/* Sends a command, again while it fails with a unit attention. True: answered GOOD. */
static inline bool send(struct bench *b, const uint8_t *cdb, size_t len, const uint8_t *out)
{
	mmc_sense_t s;

	do {
		s = command_with(b->drive, cdb, len, 65536, out);
	} while (s >> 16 == 6);
	record_result(b, s);
	return s == 0 && !b->cut->dead;
}

/* The next writable address; a full reservation has none, but a last recorded one. */
static inline uint32_t address_after_track(const uint8_t *track)
{
	bool has_next = track[7] & 1, has_last = track[7] & 2;

	return has_next ? get_be32(track + 12) : has_last ? get_be32(track + 28) + 1 : 0;
}

/* Returns the next writable address, by READ TRACK INFORMATION; 0 if no track is open. */
static inline uint32_t next_address(struct bench *b)
{
	mmc_sense_t s = command(b->drive, 0x52, 1, 0, 0, 0, 0xff, 0, 0, 40, 0);
	uint32_t nwa = s ? 0 : address_after_track(answer.data);

	if (s || b->testing)
		return nwa;
	assert_true(nwa >= b->l.synced);
	if (nwa < b->l.acked && !b->l.loss_reported)
		b->l.loss_unreported = true;
	b->l.loss_reported = false;
	b->l.acked = nwa;
	return nwa;
}

static inline bool write_at(struct bench *b, uint32_t lba, uint32_t count, bool fua)
{
	uint8_t cdb[10] = {0x2a, fua ? 0x08 : 0};

	put_be32(cdb + 2, lba);
	put_be16(cdb + 7, (uint16_t)count);
	if (!b->testing)
		b->l.ever = MAX(b->l.ever, lba + count);
	if (!send(b, cdb, sizeof(cdb), stamps + (size_t)lba * MEDIA_BLOCK))
		return false;
	if (b->testing)
		return true;
	b->l.acked = lba + count;
	b->l.pending = false;
	if (fua)
		promise(b);
	return true;
}

static inline bool write_up_to(struct bench *b, uint32_t end, bool fua)
{
	uint32_t lba = next_address(b);

	while (lba < end && !b->cut->dead) {
		uint32_t n = MIN(WRITE_COUNT, end - lba);

		if (!write_at(b, lba, n, fua && lba + n == end))
			return false;
		lba += n;
	}
	return !b->cut->dead;
}

/* Sends a command that, if it succeeds, leaves everything on storage. */
static inline bool send_syncing(struct bench *b, const uint8_t cdb[10])
{
	/* SYNCHRONIZE CACHE can end a disc that is recorded at once. */
	b->l.pending |= cdb[0] != 0x35 || b->disc->layout.at_once;
	if (!send(b, cdb, 10, NULL))
		return false;
	promise(b);
	return true;
}

/* Closing a track that is closed already does not sync the track after it. */
static inline bool close_track(struct bench *b, uint8_t number)
{
	const uint8_t cdb[10] = {0x5b, 0, 1, 0, 0, number};

	if (disc_open_track(b->disc) == number)
		return send_syncing(b, cdb);
	return send(b, cdb, sizeof(cdb), NULL);
}

/* Changes bits of byte `at` of mode page 05h. */
static inline bool select_parameter(struct bench *b, unsigned at, uint8_t mask, uint8_t bits)
{
	static const uint8_t cdb[10] = {0x55, 0x10, [8] = 60};
	uint8_t list[60];

	if (command(b->drive, 0x5a, 0x08, 0x05, 0, 0, 0, 0, 0, sizeof(list), 0) != 0)
		return false;
	memcpy(list, answer.data, sizeof(list));
	memset(list, 0, 8);
	list[8 + at] = (uint8_t)((list[8 + at] & ~mask) | bits);
	return send(b, cdb, sizeof(cdb), list);
}

static inline bool select_test_write(struct bench *b, bool on)
{
	if (!select_parameter(b, 2, 0x10, on ? 0x10 : 0))
		return false;
	b->testing = on;
	return true;
}

static inline bool reserve(struct bench *b, uint32_t blocks)
{
	uint8_t cdb[10] = {0x53};
	const struct disc_track *t = disc_track(b->disc, disc_open_track(b->disc));

	if (t && t->state != DISC_TRACK_INVISIBLE)
		return true;
	put_be32(cdb + 5, blocks);
	return send_syncing(b, cdb);
}

static inline bool finalise_by_command(struct bench *b)
{
	mmc_sense_t s;

	b->l.pending = true;
	s = mmc_finalise(b->drive);
	record_result(b, s);
	if (s || b->cut->dead)
		return false;
	promise(b);
	return true;
}

/* As growisofs: of the type for pseudo-overwrite, the whole capacity. */
static inline bool format_for_pow(struct bench *b)
{
	static const uint8_t cdb[6] = {0x04, 0x11};
	uint8_t list[12] = {0, 0x02, 0, 8, [8] = 0x32 << 2};

	if (b->disc->format != DISC_UNFORMATTED)
		return true;
	put_be32(list + 4, b->capacity);
	if (!send(b, cdb, sizeof(cdb), list))
		return false;
	b->l.formatted = true;
	return true;
}

/* ---- steps ---------------------------------------------------------------------------------- */

static inline bool do_step(struct bench *b, const struct step *s)
{
	switch (s->what) {
	case STEP_WRITE:
	case STEP_WRITE_FUA:
		return write_up_to(b, s->arg, s->what == STEP_WRITE_FUA);
	case STEP_SYNC:
		return send_syncing(b, (const uint8_t[10]){0x35});
	case STEP_CLOSE_TRACK:
		return close_track(b, (uint8_t)s->arg);
	case STEP_CLOSE:
		return send_syncing(b, (const uint8_t[10]){0x5b, 0, (uint8_t)s->arg});
	case STEP_RESERVE:
		return reserve(b, s->arg);
	case STEP_FLUSH:
		mmc_flush(b->drive);
		break;
	case STEP_TEST:
		return select_test_write(b, s->arg);
	case STEP_AT_ONCE:
		return select_parameter(b, 2, 0x0f, s->arg ? 2 : 0);
	case STEP_FORMAT:
		return format_for_pow(b);
	case STEP_MULTI:
		return select_parameter(b, 3, 0xc0, s->arg ? 0xc0 : 0);
	case STEP_REINSERT:
		/* If unsynced blocks are lost here, no command is left that could fail. */
		b->l.loss_reported = true;
		remove_disc(b);
		insert(b);
		trust_layout(b);
		break;
	case STEP_FINALISE:
		return finalise_by_command(b);
	case STEP_END:
		break;
	}
	return !b->cut->dead;
}

/* Does the steps that the disc still needs. False: a command failed, or the daemon is dead. */
static inline bool do_steps(struct bench *b, const struct step *s)
{
	for (; s->what != STEP_END; s++) {
		const struct disc_layout *l = real_layout(b);

		if (l->finalised || l->sessions > s->session)
			continue;
		if (!do_step(b, s))
			return false;
	}
	return true;
}

/*
 * Does the steps, and tries again after a failure. A disc that cannot be recorded, because it was
 * opened without a valid state file, is removed and inserted again first.
 */
static inline bool burn_with_retries(struct bench *b, const struct step *s)
{
	for (unsigned tries = 0; tries < 6 && !b->cut->dead; tries++) {
		if (b->disc->read_only) {
			remove_disc(b);
			insert(b);
			trust_layout(b);
		}
		if (!b->disc->read_only && do_steps(b, s) && !b->disc->read_only)
			return true;
	}
	return false;
}

#endif
