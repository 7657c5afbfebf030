// SPDX-License-Identifier: GPL-2.0-or-later
/* Runs CDB conversations and compares the answers with the expectations. */
#include "lib/script.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"
#include "util/be.h"

struct run {
	const struct script *s;
	struct script_exec *x;
	const struct script_step *step;
	char *error;
	size_t error_size;
	uint8_t data[SCRIPT_MAX_DATA];
};

int script_fail(struct script_exec *x, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(x->error, sizeof(x->error), fmt, ap);
	va_end(ap);
	return -1;
}

static int fail(struct run *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int fail(struct run *r, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	snprintf(r->error, r->error_size, "%s.cdb:%u: %s", r->s->name, r->step->line, text);
	return -1;
}

static mmc_sense_t sense_of(const struct script_io *io)
{
	if (!io->check)
		return 0;
	return (mmc_sense_t)(io->sense[2] & 0x0f) << 16 | (mmc_sense_t)io->sense[12] << 8 |
	       io->sense[13];
}

static void sense_text(mmc_sense_t s, char out[16])
{
	snprintf(out, 16, "%x/%02x/%02x", s >> 16, s >> 8 & 0xff, s & 0xff);
}

static void hex_text(const uint8_t *p, const uint8_t *mask, uint32_t len, char *out, size_t size)
{
	size_t n = 0;

	out[0] = '\0';
	for (uint32_t i = 0; i < len && n + 4 < size; i++) {
		if (mask && !mask[i])
			n += (size_t)snprintf(out + n, size - n, ".. ");
		else
			n += (size_t)snprintf(out + n, size - n, "%02x ", p[i]);
	}
}

/* ---- expectations ---------------------------------------------------------------------------- */

static int wrong_status(struct run *r, const struct script_io *io)
{
	char came[16], wanted[16];

	sense_text(sense_of(io), came);
	if (!r->step->senses)
		return fail(r, "GOOD expected, %s came", came);
	sense_text(r->step->sense[0], wanted);
	return fail(r, "%s expected, %s came", wanted, io->check ? came : "GOOD");
}

static int check_status(struct run *r, const struct script_io *io)
{
	const struct script_step *step = r->step;
	mmc_sense_t got = sense_of(io);

	if (io->check != (step->senses > 0))
		return wrong_status(r, io);
	if (!io->check)
		return 0;
	/* growisofs and libburn understand only 18 bytes of current, fixed-format sense. */
	if ((io->sense[0] & 0x7f) != 0x70 || io->sense[7] != 10)
		return fail(r, "sense is not in fixed format: %02x .. %02x", io->sense[0],
			io->sense[7]);
	if (step->has_info && (!(io->sense[0] & 0x80) || get_be32(io->sense + 3) != step->info))
		return fail(r, "address %u expected in the sense, %s %u came", step->info,
			io->sense[0] & 0x80 ? "valid" : "not valid", get_be32(io->sense + 3));
	for (unsigned i = 0; i < step->senses; i++)
		if (step->sense[i] == got)
			return 0;
	return wrong_status(r, io);
}

static int check_golden(struct run *r, const struct script_golden *g, uint32_t moved)
{
	char came[400], wanted[400];

	if (g->at + g->len > moved)
		return fail(r, "golden bytes to %u expected, %u came", g->at + g->len, moved);
	for (uint32_t i = 0; i < g->len; i++) {
		if (((r->data[g->at + i] ^ g->value[i]) & g->mask[i]) == 0)
			continue;
		/* Show the bytes around the first difference, in lines below each other. */
		uint32_t from = i / 16 * 16, n = MIN(32, g->len - from);

		hex_text(r->data + g->at + from, NULL, n, came, sizeof(came));
		hex_text(g->value + from, g->mask + from, n, wanted, sizeof(wanted));
		return fail(r,
			"byte %u is %02x, not %02x in the bits %02x\n  from %u: %s\n"
			"  expected: %s",
			g->at + i, r->data[g->at + i], g->value[i], g->mask[i], g->at + from, came,
			wanted);
	}
	return 0;
}

static int check_stamps(struct run *r, uint32_t lba, uint32_t blocks, uint32_t moved)
{
	uint8_t stamp[MEDIA_BLOCK];

	if (moved != blocks * MEDIA_BLOCK)
		return fail(r, "%u blocks expected, %u bytes came", blocks, moved);
	for (uint32_t i = 0; i < blocks; i++) {
		const uint8_t *p = r->data + (size_t)i * MEDIA_BLOCK;

		script_stamp(lba + i, stamp);
		if (memcmp(p, stamp, MEDIA_BLOCK) != 0)
			return fail(r, "block %u holds something else: %.14s", lba + i,
				(const char *)p);
	}
	return 0;
}

static int check_data(struct run *r, const struct script_io *io)
{
	const struct script_step *step = r->step;
	uint32_t expected = io->moved;

	/* After GOOD all data-out was accepted; CHECK CONDITION comes without data-in. */
	if (step->has_moved)
		expected = step->moved;
	else if (step->dir == MMC_DIR_OUT && !io->check)
		expected = step->len;
	else if (step->dir == MMC_DIR_IN && io->check)
		expected = 0;
	if (io->moved != expected)
		return fail(r, "%u bytes expected to move, %u did", expected, io->moved);
	for (const struct script_golden *g = step->golden; g; g = g->next)
		if (check_golden(r, g, io->moved) < 0)
			return -1;
	return step->has_blocks ? check_stamps(r, step->block, step->blocks, io->moved) : 0;
}

/* ---- steps ----------------------------------------------------------------------------------- */

static int send(struct run *r, struct script_io *io)
{
	if (r->x->command(r->x, io) < 0)
		return fail(r, "%s", r->x->error);
	return 0;
}

static int run_command(struct run *r)
{
	const struct script_step *step = r->step;

	for (unsigned i = 0; i < step->times; i++) {
		struct script_io io = {.cdb = step->cdb,
			.cdb_len = step->cdb_len,
			.dir = step->len ? step->dir : MMC_DIR_NONE,
			.len = step->len,
			.data = r->data};

		/* Bytes that the drive does not write must not look like its zeros. */
		memset(r->data, 0xee, step->len);
		if (step->dir == MMC_DIR_OUT)
			memcpy(r->data, step->out, step->len);
		if (send(r, &io) < 0 || check_status(r, &io) < 0 || check_data(r, &io) < 0)
			return -1;
	}
	return 0;
}

static int test_unit_ready(struct script_exec *x, mmc_sense_t *sense)
{
	static const uint8_t cdb[6];
	struct script_io io = {.cdb = cdb, .cdb_len = sizeof(cdb), .dir = MMC_DIR_NONE};
	int err = x->command(x, &io);

	*sense = sense_of(&io);
	return err;
}

static int run_ready(struct run *r)
{
	mmc_sense_t s;
	char text[16];

	for (unsigned i = 0; i < 4; i++) {
		if (test_unit_ready(r->x, &s) < 0)
			return fail(r, "%s", r->x->error);
		if (!s)
			return 0;
		if (s != 0x62800 && s != 0x62900)
			break;
	}
	sense_text(s, text);
	return fail(r, "the drive is not ready: %s", text);
}

/* READ or WRITE, (10) or (12) by its operation code. */
static size_t block_cdb(uint8_t op, uint32_t lba, uint32_t blocks, uint8_t cdb[12])
{
	bool twelve = op >= 0xa0;

	memset(cdb, 0, 12);
	cdb[0] = op;
	put_be32(cdb + 2, lba);
	if (twelve)
		put_be32(cdb + 6, blocks);
	else
		put_be16(cdb + 7, (uint16_t)blocks);
	return twelve ? 12 : 10;
}

static int run_blocks(struct run *r, enum mmc_dir dir)
{
	const struct script_step *step = r->step;
	uint8_t cdb[12];
	char text[16];

	for (uint32_t lba = step->from; lba < step->end; lba += step->step) {
		uint32_t n = MIN(step->step, step->end - lba);
		struct script_io io = {
			.cdb = cdb, .dir = dir, .len = n * MEDIA_BLOCK, .data = r->data};

		io.cdb_len = block_cdb(step->cdb[0], lba, n, cdb);
		for (uint32_t i = 0; dir == MMC_DIR_OUT && i < n; i++)
			script_stamp(lba + i, r->data + (size_t)i * MEDIA_BLOCK);
		if (send(r, &io) < 0)
			return -1;
		if (io.check) {
			sense_text(sense_of(&io), text);
			return fail(r, "block %u: %s", lba, text);
		}
		if (io.moved != io.len)
			return fail(r, "block %u: %u of %u bytes moved", lba, io.moved, io.len);
		if (dir == MMC_DIR_IN && check_stamps(r, lba, n, io.moved) < 0)
			return -1;
	}
	return 0;
}

/* Takes events of one class until there are none. */
static int take_events(struct script_exec *x, uint8_t class_bit)
{
	uint8_t cdb[10] = {0x4a, 0x01, [4] = class_bit, [8] = 8}, event[8];

	for (unsigned i = 0; i < 8; i++) {
		struct script_io io = {.cdb = cdb,
			.cdb_len = sizeof(cdb),
			.dir = MMC_DIR_IN,
			.len = sizeof(event),
			.data = event};

		if (x->command(x, &io) < 0)
			return -1;
		if (io.check || io.moved != sizeof(event) || (event[2] & 0x80))
			return script_fail(x, "events cannot be polled");
		if ((event[4] & 0x0f) == 0)
			return 0;
	}
	return script_fail(x, "events never dry up");
}

int script_drain_events(struct script_exec *x)
{
	mmc_sense_t s = 0x60000;

	for (unsigned i = 0; i < 8 && s >> 16 == 6; i++)
		if (test_unit_ready(x, &s) < 0)
			return -1;
	if (s >> 16 == 6)
		return script_fail(x, "unit attentions never dry up");
	if (take_events(x, 1 << 1) < 0 || take_events(x, 1 << 4) < 0)
		return -1;
	return 0;
}

/* Runs a step that is no SCSI command: a change of discs, a reset, an injected fault. */
static int run_board_step(struct run *r)
{
	const struct script_step *step = r->step;
	struct script_exec *x = r->x;
	int err = 0;

	switch (step->kind) {
	case SCRIPT_MEDIA:
		err = x->media(x, step);
		if (!err && !step->unseen)
			err = script_drain_events(x);
		break;
	case SCRIPT_EJECT:
		err = x->eject(x, step->eject);
		break;
	case SCRIPT_INSERT_AGAIN:
		err = x->insert_again(x);
		break;
	case SCRIPT_BUS_RESET:
		err = x->bus_reset(x);
		break;
	case SCRIPT_TRANSPORT_RESET:
		err = x->transport_reset(x);
		break;
	case SCRIPT_FAULT:
		err = x->fault(x, &step->fault);
		break;
	default:
		return fail(r, "a step of unknown kind");
	}
	return err < 0 ? fail(r, "%s", x->error) : 0;
}

static int run_step(struct run *r)
{
	switch (r->step->kind) {
	case SCRIPT_COMMAND:
		return run_command(r);
	case SCRIPT_READY:
		return run_ready(r);
	case SCRIPT_WRITE:
		return run_blocks(r, MMC_DIR_OUT);
	case SCRIPT_READ:
		return run_blocks(r, MMC_DIR_IN);
	default:
		return run_board_step(r);
	}
}

int script_run(const struct script *s, struct script_exec *x, char *error, size_t error_size)
{
	struct run *r = calloc(1, sizeof(*r));
	int err = 0;

	if (!r)
		abort();
	*r = (struct run){.s = s, .x = x, .error = error, .error_size = error_size};
	x->error[0] = '\0';
	if (x->start(x, &s->config) < 0) {
		snprintf(error, error_size, "%s.cdb: %s", s->name, x->error);
		err = -1;
	}
	for (r->step = s->steps; r->step && !err; r->step = r->step->next)
		err = run_step(r);
	x->stop(x);
	free(r);
	return err;
}
