// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A host and a CD-R or CD-RW: mode page 05h, cue sheets, WRITE in blocks of any size, SYNCHRONIZE
 * CACHE, CLOSE, BLANK, and commands of any bytes; the disc is removed and inserted again, as its
 * state file has it. Whatever the host sends, closed sessions stay in the table of contents as they
 * were, until a BLANK; the disc that is inserted again is the same; and the drive accepts a WRITE
 * of one block at the next writable address that it reports.
 */
#include <string.h>

#include "disc/cd_int.h"
#include "disc/cd_record.h"
#include "disc/compact.h"
#include "fuzz/input.h"
#include "lib/mem_folder.h"
#include "mmc/mmc.h"
#include "util/array.h"
#include "util/be.h"

#define MOVE_MAX (256u * 1024u)
#define PIECE    32768u /* of mmc_push(), at most */
#define TOC_MAX  6000u

struct host {
	struct mem_folder folder;
	const struct disc_medium *medium;
	uint32_t capacity;
	struct media *media;
	struct disc *disc; /* a reference of its own */
	struct mmc_drive *drive;
	uint32_t toc_len; /* full TOC of the last check(), which has the closed sessions; 0: none */
	uint8_t toc[TOC_MAX];
	uint8_t list[PIECE];
};

static uint8_t filler[PIECE];

/* ---- commands ------------------------------------------------------------------------------- */

/*
 * Sends a command. Its data-out is list, and filler from PIECE bytes on; only filler if list is
 * NULL. Data-in goes to answer, as much as fits. Returns the sense.
 */
static mmc_sense_t command(struct host *h, const uint8_t *cdb, uint8_t cdb_len, const uint8_t *list,
	uint8_t *answer, uint32_t *answer_len)
{
	uint32_t done = 0, room = answer ? *answer_len : 0;
	struct mmc_xfer xfer;
	const uint8_t *p;
	int32_t n;

	mmc_begin(h->drive, cdb, cdb_len, answer ? 65536 : 0, &xfer);
	while (xfer.dir == MMC_DIR_OUT && done < xfer.len) {
		uint32_t len = MIN(xfer.len - done, (uint32_t)sizeof(filler));

		if (done >= MOVE_MAX) {
			mmc_abort(h->drive);
			return 0;
		}
		MUST(mmc_push(h->drive, list && done == 0 ? list : filler, len) == 0);
		done += len;
	}
	while (xfer.dir == MMC_DIR_IN && done < MOVE_MAX) {
		n = mmc_pull(h->drive, &p, 65536);
		MUST(n >= 0 && done + (uint32_t)n <= xfer.len);
		if (n == 0)
			break;
		if (done < room)
			memcpy(answer + done, p, MIN((uint32_t)n, room - done));
		done += (uint32_t)n;
	}
	if (answer)
		*answer_len = MIN(done, room);
	enum mmc_status status = mmc_end(h->drive);
	MUST(status == MMC_GOOD || status == MMC_CHECK_CONDITION);
	return status == MMC_GOOD ? 0 : mmc_last_sense(h->drive);
}

static mmc_sense_t simple(struct host *h, uint8_t op, uint8_t byte_1, uint8_t byte_2)
{
	const uint8_t cdb[12] = {op, byte_1, byte_2};

	return command(h, cdb, op >= 0xa0 ? 12 : 10, NULL, NULL, NULL);
}

static void raw(struct host *h, struct input *in)
{
	uint8_t cdb[12], answer[16];
	uint32_t len = sizeof(answer);

	take(in, cdb, sizeof(cdb));
	memset(h->list, 0, sizeof(h->list));
	take(in, h->list, take8(in));
	(void)command(h, cdb, sizeof(cdb), h->list, take8(in) & 1 ? answer : NULL, &len);
}

static void select_page(struct host *h, struct input *in)
{
	static const uint8_t cdb[10] = {0x55, 0x10, [8] = 60};
	uint8_t flags = take8(in);
	uint8_t list[60] = {[8] = 0x05, 50, take8(in), take8(in), take8(in), 7, [16] = 0};

	list[16] = (uint8_t)(flags % 3 * 0x10);
	if (flags & 0x40) /* MCN, ISRC */
		take(in, list + 24, 13 + 16);
	(void)command(h, cdb, sizeof(cdb), list, NULL, NULL);
}

/* A cue sheet of entries of any bytes, and of entries whose values are near those of a real one. */
static void send_cue(struct host *h, struct input *in)
{
	uint32_t entries = take8(in) % 24, length = 0;
	uint8_t cdb[10] = {0x5d};

	memset(h->list, 0, sizeof(h->list));
	for (uint32_t i = 0; i < entries; i++, length += 8) {
		uint8_t *p = h->list + length, flags = take8(in);

		if (flags & 0x80) {
			take(in, p, 8);
			continue;
		}
		p[0] = flags & 1 ? 0x41 : 0x01;
		p[1] = flags & 2 ? 0xaa : take8(in) % 8;
		p[2] = flags >> 2 & 3;
		p[3] = take8(in);
		p[6] = take8(in) % 16;
		p[7] = take8(in) % 75;
	}
	put_be24(cdb + 6, length - take8(in) % 2);
	(void)command(h, cdb, sizeof(cdb), h->list, NULL, NULL);
}

/* A WRITE at the next writable address, in blocks of the drive's size; or after that address. */
static void write_next(struct host *h, struct input *in)
{
	uint8_t flags = take8(in), cdb[10] = {0x2a, [8] = (uint8_t)(1 + flags % 64)};
	bool elsewhere = (flags & 0xc0) == 0xc0;
	struct mmc_state before, after;
	uint8_t info[36] = {0};
	uint32_t len = sizeof(info);
	static const uint8_t track[10] = {0x52, 0x01, [5] = 0xff, [8] = 36};
	mmc_sense_t sense;

	if (command(h, track, sizeof(track), NULL, info, &len) || !(info[7] & 1))
		return;
	memcpy(cdb + 2, info + 12, 4);
	if (elsewhere)
		cdb[5] = (uint8_t)(cdb[5] + take8(in));
	memset(filler, flags, 64);
	mmc_get_state(h->drive, &before);
	sense = command(h, cdb, sizeof(cdb), NULL, NULL, NULL);
	mmc_get_state(h->drive, &after);
	/* Page 05h has ended the test write, of which nothing is recorded. */
	if (before.testing && !after.testing)
		return;
	/* The drive accepts one block at the address that it reported, if it needs no cue sheet. */
	if (!elsewhere && cdb[8] == 1)
		MUST(sense == 0 || sense == 0x52c00 || sense >> 16 == 6);
	if (sense)
		MUST(after.recorded == before.recorded);
}

/* ---- the disc ------------------------------------------------------------------------------- */

static void keep_media(struct disc *disc, void *ctx)
{
	(void)ctx;
	(void)disc_test_write(disc, false);
	MUST(disc_sync(disc) == 0);
	disc->media = NULL;
	disc_destroy(disc);
}

static void insert(struct host *h)
{
	struct disc_options o = {.media = h->media,
		.medium = h->medium,
		.capacity = h->capacity,
		.release = keep_media,
		.release_ctx = h};

	MUST(store_new(mem_folder_borrow(&h->folder), "disc", "", &o.store) == 0);
	h->disc = disc_open(&o);
	MUST(h->disc && disc_is_cd_recordable(h->disc) && !h->disc->read_only);
	mmc_insert(h->drive, disc_get(h->disc));
}

static void remove_disc(struct host *h)
{
	MUST(mmc_eject(h->drive, true) == MMC_EJECT_DONE);
	disc_put(h->disc);
}

/* A hash of what the host reads of the disc: information, TOC, PMA, CD-Text, tracks 1 to 3. */
static uint64_t answers_hash(struct host *h)
{
	static const uint8_t all[][10] = {{0x51, [8] = 34}, {0x43, 2, 2, [7] = 0x10},
		{0x43, 0, 3, [7] = 0x10}, {0x43, 0, 5, [7] = 0x10}, {0x52, 1, [5] = 1, [8] = 36},
		{0x52, 1, [5] = 2, [8] = 36}, {0x52, 1, [5] = 3, [8] = 36}};
	uint64_t sum = 14695981039346656037u;
	static uint8_t answer[TOC_MAX];

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		uint32_t len = sizeof(answer);
		mmc_sense_t sense = command(h, all[i], 10, NULL, answer, &len);

		sum = (sum ^ sense) * 1099511628211u;
		for (uint32_t k = 0; k < len && !sense; k++)
			sum = (sum ^ answer[k]) * 1099511628211u;
	}
	return sum;
}

static void take_attentions(struct host *h)
{
	static const uint8_t ready[6], event[10] = {0x4a, 1, [4] = 0x12, [8] = 8};
	uint8_t answer[8];
	uint32_t len = sizeof(answer);

	for (unsigned i = 0; i < 4; i++)
		(void)command(h, event, sizeof(event), NULL, answer, &len);
	for (unsigned i = 0; i < 4; i++)
		(void)command(h, ready, sizeof(ready), NULL, NULL, NULL);
}

static void insert_again(struct host *h)
{
	uint64_t before;

	(void)disc_test_write(h->disc, false);
	take_attentions(h);
	/*
	 * The state file does not say with which blocks the host began the open track. They are
	 * forgotten here as well, so that the answers follow page 05h before and after.
	 */
	h->disc->cd->block = NULL;
	before = answers_hash(h);
	remove_disc(h);
	insert(h);
	take_attentions(h);
	MUST(answers_hash(h) == before);
}

/* Length of the part of a full TOC that never changes: all sessions but the last. */
static uint32_t unchanging(const uint8_t *toc, uint32_t len)
{
	uint32_t n = 4;

	while (n + 11 <= len && toc[n] < toc[3])
		n += 11;
	/* Of the last session its first and last track, its lead-out and one track at least. */
	return MIN(n + 44, len);
}

/* Closed sessions stay. erased: the host may have sent a BLANK. */
static void check(struct host *h, bool erased)
{
	static uint8_t now[TOC_MAX];
	static const uint8_t toc[10] = {0x43, 0x02, 0x02, [7] = 0x10};
	uint32_t len = sizeof(now);
	struct mmc_state s;

	/* START STOP UNIT may have opened the tray. */
	static const uint8_t load[6] = {0x1b, [4] = 3};
	(void)command(h, load, sizeof(load), NULL, NULL, NULL);
	mmc_get_state(h->drive, &s);
	MUST(s.loaded && !s.busy && s.recorded <= s.capacity + 150);
	take_attentions(h);
	if (h->disc->testing)
		return;
	if (command(h, toc, sizeof(toc), NULL, now, &len))
		len = 0;
	/* When the disc is finalised, its last session has no points B0 and C0 any more. */
	MUST(erased || len + (h->disc->layout.finalised ? 22 : 0) >= h->toc_len);
	/* Where the next session begins (B0) may have changed in the last session, after these. */
	if (!erased && h->toc_len)
		MUST(memcmp(now + 4, h->toc + 4, unchanging(h->toc, h->toc_len) - 4) == 0);
	memcpy(h->toc, now, len);
	h->toc_len = len;
}

static void read_cd(struct host *h, struct input *in)
{
	uint8_t cdb[12] = {
		0xbe, 0, 0, 0, take8(in), take8(in), 0, 0, take8(in) % 32, take8(in), take8(in)};
	uint8_t answer[16];
	uint32_t len = sizeof(answer);

	(void)command(h, cdb, sizeof(cdb), NULL, answer, &len);
}

static bool step(struct host *h, struct input *in)
{
	uint8_t what = take8(in);

	switch (what % 12) {
	case 0:
		raw(h, in);
		return true; /* may be a BLANK */
	case 1:
		select_page(h, in);
		break;
	case 2:
		send_cue(h, in);
		break;
	case 3:
		(void)simple(h, 0x35, 0, 0);
		break;
	case 4:
		(void)simple(h, 0x5b, 0, what & 0x80 ? 1 : 2);
		break;
	case 5:
		(void)simple(h, 0xa1, what >> 7, 0);
		return true;
	case 6:
		insert_again(h);
		break;
	case 7:
		read_cd(h, in);
		break;
	default:
		write_next(h, in);
	}
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint32_t capacity[] = {0, 20000, 600, 3};
	static const struct mmc_config config = {
		.vendor = "MMCGADGT", .product = "DVD BURNER", .revision = "0.1"};
	static struct host h;
	struct input in = {data, size};
	uint8_t kind = take8(&in);

	memset(&h, 0, sizeof(h));
	h.medium = disc_medium_of(kind & 1 ? DISC_CD_RW : DISC_CD_R);
	h.capacity = capacity[kind >> 1 & 3];
	h.media = media_mem_new_units(h.medium->unit, 0, true);
	h.drive = mmc_drive_new(&config);
	MUST(h.media && h.drive);
	insert(&h);
	while (in.n)
		check(&h, step(&h, &in));
	remove_disc(&h);
	media_close(h.media);
	mmc_drive_free(h.drive);
	return 0;
}
