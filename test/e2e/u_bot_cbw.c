// SPDX-License-Identifier: GPL-2.0-or-later
/* CBWs that are invalid, not meaningful, or too early, and CDBs that are padded or too short. */
#include <stdio.h>
#include <string.h>

#include "u_bot.h"
#include "util/array.h"

#define AGAIN_MS 500u /* FunctionFS cannot wedge an endpoint: the device halts again by a timer */

/* NULL if bulk-in stays halted whatever the host does, until Reset Recovery; or what is wrong. */
static const char *dead_until_reset(void)
{
	const struct command lock = cmd_lock(true);

	if (usb_read(data, 64) != -EPIPE)
		return "bulk-in does not halt";
	if (!usb_halted(usb.in))
		return "GET_STATUS does not show the halt";
	usb_clear_halt(usb.in);
	if (!usb_halts(usb.in, AGAIN_MS))
		return "bulk-in does not halt again after Clear-Halt";
	usb_clear_halt(usb.in);
	usb_clear_halt(usb.out);
	send_cbw(&lock);
	if (usb_read(data, 64) != -EPIPE)
		return "a valid CBW ends the halt";
	if (!class_reset() || !usb_halted(usb.in))
		return "Bulk-Only Reset alone clears the halt";
	return NULL;
}

/* Sends a damaged CBW: it must not be carried out, and Reset Recovery must help. */
static void refused(
	const char *clause, const char *name, const uint8_t *cbw, unsigned len, bool whole)
{
	const char *fault = NULL;
	int r;

	usb_send(cbw, len);
	if (whole)
		fault = dead_until_reset();
	else if ((r = usb_read(data, 64)) != -EPIPE)
		fault = "bulk-in does not halt";
	if (!reset_recovery() || !works())
		fault = "reset recovery does not help";
	check(!fault && !locked(), clause, "%s%s: %s", name,
		whole ? ", halted until reset recovery" : "",
		fault ? fault : "halts, is not carried out, reset recovery helps");
}

void test_broken_cbws(void)
{
	static const struct {
		const char *name;
		unsigned at, xor, len;
		bool whole;
	} broken[] = {
		{"bad signature", 3, 0x20, CBW_LEN, true},
		{"bad first byte of the signature", 0, 0x01, CBW_LEN, false},
		{"signature of a CSW", 3, 'C' ^ 'S', CBW_LEN, false},
		{"CBW of 30 bytes", 0, 0, 30, true},
		{"CBW of 32 bytes", 0, 0, 32, true},
		{"CBW of 0 bytes", 0, 0, 0, true},
		{"CBW of 1 byte", 0, 0, 1, false},
		{"CBW of 13 bytes", 0, 0, 13, false},
		{"CBW of 33 bytes", 0, 0, 33, false},
		{"CBW of 63 bytes", 0, 0, 63, false},
	};
	const struct command lock = cmd_lock(true);
	uint8_t cbw[2 * 1024] = {0};

	for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
		make_cbw(cbw, &lock);
		cbw[broken[i].at] ^= (uint8_t)broken[i].xor ;
		refused("BOT 6.6.1", broken[i].name, cbw, broken[i].len, broken[i].whole);
	}
	make_cbw(cbw, &lock);
	make_cbw(cbw + CBW_LEN, &lock);
	refused("BOT 6.2.1", "two CBWs in one transfer", cbw, 2 * CBW_LEN, false);
	memset(cbw, 0, sizeof(cbw));
	make_cbw(cbw + usb.packet, &lock);
	refused("BOT 6.2.1", "CBW after a packet of zeros", cbw, usb.packet + CBW_LEN, false);
	/* A full packet does not end a transfer: the device cannot know whether more follows. */
	make_cbw(cbw, &lock);
	usb_send(cbw, usb.packet);
	usb_read_for(data, 64, 200);
	check(reset_recovery() && works() && !locked(), "BOT 5.3.4",
		"a packet of %u bytes that begins like a CBW: reset recovery helps", usb.packet);
}

/* Valid but not meaningful: the response is not specified, but no command may be carried out. */
void test_meaningless_cbws(void)
{
	static const struct {
		const char *name;
		unsigned at;
		uint8_t value;
	} odd[] = {
		{"LUN 1", 13, 1},
		{"LUN 15", 13, 15},
		{"a reserved bit beside the LUN", 13, 0x10},
		{"another reserved bit beside the LUN", 13, 0x80},
		{"bCBWCBLength 0", 14, 0},
		{"bCBWCBLength 17", 14, 17},
		{"bCBWCBLength 31", 14, 31},
		{"bCBWCBLength 255", 14, 255},
		{"a reserved bit beside bCBWCBLength", 14, 0x26},
		{"another reserved bit beside bCBWCBLength", 14, 0x86},
		{"a reserved bit of bmCBWFlags", 12, 0x01},
		{"the obsolete bit of bmCBWFlags", 12, 0x40},
	};
	const struct command lock = cmd_lock(true);
	uint8_t cbw[CBW_LEN];

	for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
		make_cbw(cbw, &lock);
		cbw[odd[i].at] = odd[i].value;
		refused("BOT 6.2.2", odd[i].name, cbw, CBW_LEN, i == 0 || odd[i].value == 0);
	}
}

/* ---- padded CDBs: the USB-IF's test TD1.19 -------------------------------------------------- */

/* True if the command gives the same answer with and without padding. */
static bool same_when_padded(const struct command *plain, uint8_t pad)
{
	static uint8_t first[256];
	struct answer a = run(plain);

	memcpy(first, data, MIN(plain->len, sizeof(first)));
	for (unsigned len = plain->cdb_len + 1u; len <= 16; len++) {
		struct command c = *plain;
		struct answer b;

		memset(c.cdb + plain->cdb_len, pad, 16u - plain->cdb_len);
		c.cdb_len = (uint8_t)len;
		b = run(&c);
		if (a.error || b.error || a.status || b.status || a.moved != b.moved ||
			memcmp(first, data, MIN(b.moved, sizeof(first))) != 0) {
			printf("# bCBWCBLength %u: error %d, status %u, %u of %u bytes\n", len,
				b.error, b.status, b.moved, a.moved);
			return false;
		}
	}
	return true;
}

static void too_short(void)
{
	const struct command whole[] = {cmd_inquiry(36), cmd_read(0, 1), cmd_lock(true)};
	unsigned good = 0, tried = 0;

	for (size_t i = 0; i < ARRAY_LEN(whole); i++) {
		for (unsigned len = 1; len < whole[i].cdb_len; len++, tried++) {
			struct command c = whole[i];
			struct answer a;

			c.cdb_len = (uint8_t)len;
			a = run(&c);
			good += !a.error && a.status == CSW_FAILED && a.residue == c.len &&
				sense() == SENSE(5, 0x24, 0);
		}
	}
	check(good == tried && !locked(), "SPC-4 4.2",
		"a CDB shorter than its operation code needs: 5/24/00, %u of %u", good, tried);
}

void test_padded_cdbs(void)
{
	static const uint8_t pads[] = {0x00, 0xff, 0x55, 0xaa};
	const struct {
		const char *name;
		struct command c;
	} plain[] = {
		{"TEST UNIT READY", cmd_ready()},
		{"INQUIRY", cmd_inquiry(36)},
		{"REQUEST SENSE", {{0x03, [4] = 18}, 6, MMC_DIR_IN, 18}},
		{"READ CAPACITY", {{0x25}, 10, MMC_DIR_IN, 8}},
		{"READ(10)", cmd_read(0, 1)},
		{"GET CONFIGURATION", {{0x46, [8] = 64}, 10, MMC_DIR_IN, 64}},
		{"GET PERFORMANCE", {{0xac, [9] = 16, [10] = 3}, 12, MMC_DIR_IN, 64}},
	};

	for (size_t i = 0; i < ARRAY_LEN(plain); i++) {
		bool good = true;

		for (size_t p = 0; p < ARRAY_LEN(pads); p++)
			good &= same_when_padded(&plain[i].c, pads[p]);
		check(good, "BOT 5.1", "%s with bCBWCBLength %u to 16, padded with 00, FF, 55, AA",
			plain[i].name, plain[i].c.cdb_len);
	}
	too_short();
}

/* ---- a CBW where none is due ---------------------------------------------------------------- */

/* True if both commands are answered in order, or bulk-in is halted, which is allowed too. */
static bool answered_in_order(uint32_t first)
{
	uint32_t second = tag;
	struct answer a;

	tag = first;
	a = read_csw();
	tag = second;
	if (a.error == -EPIPE || a.halted)
		return true;
	if (a.error)
		return false;
	a = read_csw();
	return !a.error || a.error == -EPIPE;
}

void test_out_of_turn(void)
{
	const struct command ready = cmd_ready(), read = cmd_read(0, 8), lock = cmd_lock(true);
	struct command write = cmd_write(next_writable(), 2);
	uint32_t nwa = next_writable(), first;
	bool good;
	int r;

	send_cbw(&ready);
	first = tag;
	send_cbw(&ready);
	good = answered_in_order(first);
	check(good && reset_recovery() && works(), "BOT 3.4",
		"a CBW before the CSW was read: answers in order, or a halt");

	send_cbw(&read);
	first = tag;
	r = usb_read(data, usb.packet);
	send_cbw(&ready);
	good = r == (int)usb.packet;
	r = usb_read(data + usb.packet, 8 * BLOCK - usb.packet);
	good &= r == -EPIPE ||
		(r == (int)(8 * BLOCK - usb.packet) && stamped(0, 8) && answered_in_order(first));
	check(good && reset_recovery() && works(), "BOT 6.2.1",
		"a CBW in the middle of data-in: both answers in order, or a halt (%d)", r);

	send_cbw(&write);
	stamp(nwa, 2);
	usb_send(data, usb.packet);
	send_cbw(&lock);
	r = usb_read(data, 64);
	check(r == -EPIPE && usb_halted(usb.in), "BOT 6.2.1",
		"a CBW in the middle of data-out halts (%d)", r);
	check(reset_recovery() && works() && !locked() && next_writable() == nwa, "BOT 6.6.1",
		"after it nothing is written or locked");
}
