// SPDX-License-Identifier: GPL-2.0-or-later
/* A Bulk-Only host that reports everything it sees. */
#include <linux/usb/ch9.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/script.h"
#include "u_bot.h"
#include "util/array.h"

uint8_t data[DATA_MAX];
uint32_t tag = 0x1000;
bool strict;

static unsigned count, failures;

void check(bool good, const char *clause, const char *fmt, ...)
{
	va_list ap;

	printf("%s %u - [%s] ", good ? "ok" : "not ok", ++count, clause);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
	failures += !good;
}

bool all_good(void)
{
	return count && !failures;
}

/* ---- wrappers ------------------------------------------------------------------------------- */

void make_cbw(uint8_t cbw[CBW_LEN], const struct command *c)
{
	struct cbw w = {.tag = ++tag,
		.length = c->len,
		.flags = c->dir == MMC_DIR_IN ? CBW_FLAG_IN : 0,
		.cdb_len = c->cdb_len};

	memcpy(w.cdb, c->cdb, sizeof(w.cdb));
	cbw_encode(&w, cbw);
}

int send_cbw(const struct command *c)
{
	uint8_t cbw[CBW_LEN];
	int r;

	make_cbw(cbw, c);
	r = usb_send(cbw, CBW_LEN);
	return r == CBW_LEN ? 0 : r < 0 ? r : -EIO;
}

/* Reads a whole packet, so that bytes after the 13 of a CSW are noticed. */
struct answer read_csw(void)
{
	struct answer a = {0};
	uint8_t raw[1024];
	int r = usb_read(raw, usb.packet);

	if (r == -EPIPE) { /* BOT 5.3.3: read once more after clearing the halt */
		a.halted = true;
		a.shown = usb_halted(usb.in);
		usb_clear_halt(usb.in);
		r = usb_read(raw, usb.packet);
	}
	if (r < 0) {
		a.error = r;
	} else if (r != CSW_LEN || get_le32(raw) != CSW_SIGNATURE || get_le32(raw + 4) != tag) {
		printf("# %d bytes instead of a CSW, signature %08x, tag %08x for %08x\n", r,
			get_le32(raw), get_le32(raw + 4), tag);
		a.error = -EPROTO;
	} else {
		a.residue = get_le32(raw + 8);
		a.status = raw[12];
	}
	return a;
}

static int move_in(uint32_t len, struct answer *a)
{
	int r = usb_read(data, len);

	if (r != -EPIPE)
		return r;
	r = (int)usb.got;
	a->halted = true;
	a->shown = usb_halted(usb.in);
	usb_clear_halt(usb.in);
	return r;
}

struct answer run(const struct command *c)
{
	struct answer a = {0}, csw;
	int r = send_cbw(c);

	if (!r && c->len && c->dir == MMC_DIR_IN) {
		memset(data, 0x5a, c->len);
		r = move_in(c->len, &a);
	} else if (!r && c->len) {
		r = usb_send(data, c->len);
	}
	if (r < 0) {
		a.error = r;
		return a;
	}
	csw = read_csw();
	csw.moved = (uint32_t)r;
	csw.halted |= a.halted;
	csw.shown |= a.shown;
	return csw;
}

bool class_reset(void)
{
	return usb_control(USB_TYPE_CLASS | USB_RECIP_INTERFACE, 0xff, 0, 0, NULL, 0) == 0;
}

bool reset_recovery(void)
{
	bool good = class_reset();

	good &= usb_clear_halt(usb.in) == 0;
	good &= usb_clear_halt(usb.out) == 0;
	return good;
}

/* ---- commands ------------------------------------------------------------------------------- */

struct command cmd_ready(void)
{
	return (struct command){.cdb_len = 6};
}

struct command cmd_inquiry(uint32_t len)
{
	return (struct command){
		.cdb = {0x12, 0, 0, 0, 36}, .cdb_len = 6, .dir = MMC_DIR_IN, .len = len};
}

static struct command cmd_blocks(uint8_t op, enum mmc_dir dir, uint32_t lba, uint32_t blocks)
{
	struct command c = {.cdb = {op}, .cdb_len = 10, .dir = dir, .len = blocks * BLOCK};

	put_be32(c.cdb + 2, lba);
	put_be16(c.cdb + 7, (uint16_t)blocks);
	return c;
}

struct command cmd_read(uint32_t lba, uint32_t blocks)
{
	return cmd_blocks(0x28, MMC_DIR_IN, lba, blocks);
}

struct command cmd_write(uint32_t lba, uint32_t blocks)
{
	return cmd_blocks(0x2a, MMC_DIR_OUT, lba, blocks);
}

struct command cmd_lock(bool lock)
{
	return (struct command){.cdb = {0x1e, 0, 0, 0, lock}, .cdb_len = 6};
}

uint32_t sense(void)
{
	const struct command c = {
		.cdb = {0x03, 0, 0, 0, 18}, .cdb_len = 6, .dir = MMC_DIR_IN, .len = 18};
	struct answer a = run(&c);

	if (a.error || a.status || a.moved != 18)
		return UINT32_MAX;
	return SENSE(data[2] & 15u, data[12], data[13]);
}

bool works(void)
{
	const struct command c = cmd_ready();
	uint32_t s = 0;

	for (int i = 0; i < 4; i++) { /* unit attentions first */
		struct answer a = run(&c);

		if (a.error) {
			printf("# TEST UNIT READY: %s\n", strerror(-a.error));
			return false;
		}
		if (a.status == CSW_PASSED)
			return true;
		s = sense();
	}
	printf("# TEST UNIT READY: %06x\n", s);
	return false;
}

uint32_t next_writable(void)
{
	const struct command c = {.cdb = {0x52, 1, 0, 0, 0, 0xff, 0, 0, 36},
		.cdb_len = 10,
		.dir = MMC_DIR_IN,
		.len = 36};
	struct answer a = run(&c);

	return a.error || a.status || a.moved < 16 ? UINT32_MAX : get_be32(data + 12);
}

bool locked(void)
{
	const struct command c = {.cdb = {0x5a, 0x08, 0x2a, 0, 0, 0, 0, 0, 64},
		.cdb_len = 10,
		.dir = MMC_DIR_IN,
		.len = 64};
	struct answer a = run(&c);

	return a.error || a.status || (data[8 + 6] & 0x02);
}

void stamp(uint32_t lba, uint32_t blocks)
{
	for (uint32_t i = 0; i < blocks; i++)
		script_stamp(lba + i, data + i * BLOCK);
}

bool stamped(uint32_t lba, uint32_t blocks)
{
	uint8_t want[BLOCK];

	for (uint32_t i = 0; i < blocks; i++) {
		script_stamp(lba + i, want);
		if (memcmp(data + i * BLOCK, want, BLOCK) != 0) {
			printf("# block %u holds something else\n", lba + i);
			return false;
		}
	}
	return true;
}
