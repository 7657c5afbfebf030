// SPDX-License-Identifier: GPL-2.0-or-later
/* Data phases: hosts that are slow or stop, odd lengths, zero-length packets. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "u_bot.h"
#include "util/array.h"

#define SLOW_US 1200000u /* longer than any timer of the device, shorter than a host's time-out */

static uint32_t nwa;

/* ---- slow hosts ----------------------------------------------------------------------------- */

static bool read_in_two(uint32_t blocks, uint32_t first, unsigned pause)
{
	const struct command c = cmd_read(0, blocks);
	struct answer a;
	int r = 0, n;

	memset(data, 0, c.len);
	send_cbw(&c);
	if (first)
		r = usb_read(data, first);
	usleep(pause);
	n = usb_read(data + first, c.len - first);
	usleep(pause / 4);
	a = read_csw();
	return r == (int)first && n == (int)(c.len - first) && !a.error && !a.status &&
	       !a.residue && stamped(0, blocks);
}

static bool write_in_two(uint32_t blocks, uint32_t first, unsigned pause)
{
	const struct command c = cmd_write(nwa, blocks);
	struct answer a;

	stamp(nwa, blocks);
	send_cbw(&c);
	usb_send(data, first);
	usleep(pause);
	usb_send(data + first, c.len - first);
	usleep(pause / 4);
	a = read_csw();
	nwa += blocks;
	return !a.error && !a.status && !a.residue && next_writable() == nwa;
}

static void slow_hosts(void)
{
	const uint32_t p = usb.packet;
	const uint32_t stops[] = {0, p, 2 * p, BLOCK, 31 * BLOCK, 32 * BLOCK - p};
	unsigned good = 0;

	for (size_t i = 0; i < ARRAY_LEN(stops); i++)
		good += read_in_two(32, stops[i], i < 2 ? SLOW_US : 150000);
	check(good == ARRAY_LEN(stops), "BOT 5.3.2",
		"a host that pauses reading in mid-data gets the rest, %u of %zu", good,
		ARRAY_LEN(stops));
	good = 0;
	for (size_t i = 1; i < ARRAY_LEN(stops); i++)
		good += write_in_two(32, stops[i], i < 2 ? SLOW_US : 150000);
	check(good == ARRAY_LEN(stops) - 1, "BOT 5.3.2",
		"a host that pauses sending in mid-data can send the rest, %u of %zu", good,
		ARRAY_LEN(stops) - 1);
}

/* A host that reads a part and never the rest, and one that reads when nothing is due. */
static void stopping_hosts(void)
{
	const uint32_t p = usb.packet;
	const uint32_t stops[] = {0, p, BLOCK, 63 * BLOCK};
	const struct command c = cmd_read(0, 64);
	unsigned good = 0;
	int r;

	for (size_t i = 0; i < ARRAY_LEN(stops); i++) {
		send_cbw(&c);
		if (stops[i])
			usb_read(data, stops[i]);
		usleep(20000); /* the drive has queued all that it can */
		good += reset_recovery() && works() && read_in_two(2, p, 0);
	}
	check(good == ARRAY_LEN(stops), "BOT 5.3.4",
		"a host that never reads the rest of its data can reset, %u of %zu", good,
		ARRAY_LEN(stops));
	r = usb_read_for(data, p, 200);
	check(r == -ETIMEDOUT && !usb_halted(usb.in) && works(), "USB 2.0 8.4.6.1",
		"a read where nothing is due gets NAKs (%d)", r);
	send_cbw(&c);
	r = usb_read(data, 31); /* reads less than the packet that comes */
	check(r == -EOVERFLOW, "USB 2.0 8.7.4", "a read smaller than a packet is babble (%d)", r);
	check(reset_recovery() && works(), "BOT 5.3.4", "reset recovery after babble");
}

/* Moves data in transfers of one packet each, and of 64 KiB and more at once. */
static void transfers(void)
{
	const struct command c = cmd_read(0, 16);
	struct answer a;
	uint32_t at = 0;
	bool good;

	send_cbw(&c);
	while (at < c.len && usb_read(data + at, usb.packet) == (int)usb.packet)
		at += usb.packet;
	a = read_csw();
	check(at == c.len && !a.error && !a.status && stamped(0, 16), "USB 2.0 5.8.3",
		"data-in packet by packet");
	good = write_in_two(64, 8 * usb.packet, 0) && write_in_two(64, 63 * BLOCK, 0);
	check(good, "BOT 6.7.3 case 12", "128 KiB out in two transfers");
	good = read_in_two(64, 33 * BLOCK, 0) && read_in_two(64, 0, 0);
	check(good, "BOT 6.7.2 case 6", "128 KiB in, in one and in two transfers");
}

/* ---- odd lengths, empty packets ------------------------------------------------------------- */

/* The host announces two blocks and ends the phase after n bytes. */
static bool ends_early(uint32_t n)
{
	const struct command c = cmd_write(nwa, 2);
	struct answer a;
	bool good;

	stamp(nwa, 2);
	send_cbw(&c);
	usb_send(data, n);
	if (n && n % usb.packet == 0)
		usb_send(data, 0);
	a = read_csw();
	/* A partial block must not be written. */
	good = !a.error && a.status == CSW_FAILED && a.residue == c.len - n &&
	       sense() == SENSE(0xb, 0x4b, 0);
	nwa += n / BLOCK;
	if (!good)
		printf("# %u of %u bytes: error %d, status %u, residue %u\n", n, c.len, a.error,
			a.status, a.residue);
	return good && next_writable() == nwa;
}

static void early_ends(void)
{
	const uint32_t p = usb.packet;
	const uint32_t lengths[] = {0, 1, 13, 30, 32, p - 1, p, p + 1, BLOCK - 1, BLOCK, BLOCK + 1,
		2 * BLOCK - p, 2 * BLOCK - 1};
	unsigned good = 0;

	for (size_t i = 0; i < ARRAY_LEN(lengths); i++)
		good += ends_early(lengths[i]);
	check(good == ARRAY_LEN(lengths), "SPC-4 4B/00",
		"data-out cut short by a short or an empty packet: B/4B/00, %u of %zu lengths",
		good, ARRAY_LEN(lengths));
}

/* No host may send these; the device must recognize the next CBW nevertheless. */
static void empty_packets(void)
{
	struct command c = cmd_write(nwa, 1);
	uint8_t cbw[CBW_LEN];
	struct answer a;

	stamp(nwa, 1);
	send_cbw(&c);
	usb_send(data, BLOCK);
	usb_send(data, 0);
	a = read_csw();
	check((!a.error && !a.status) || a.error == -EPIPE || a.halted, "BOT 5.3.1",
		"an empty packet after whole data-out: the CSW or a halt (%d)", a.error);
	check(reset_recovery() && works() && next_writable() == ++nwa, "BOT 5.3.4",
		"after reset recovery the block is written once");
	c = cmd_inquiry(36);
	make_cbw(cbw, &c);
	usb_send(data, 0);
	usb_send(cbw, CBW_LEN);
	check(usb_read(data, 64) == -EPIPE, "BOT 6.2.1", "an empty packet before a CBW halts");
	check(reset_recovery() && works(), "BOT 5.3.4", "reset recovery helps");
}

/* Data that looks like a CBW is still data. */
static void looks_like_a_cbw(void)
{
	const struct command lock = cmd_lock(true);
	struct command c = cmd_write(nwa, 1);
	uint8_t cbw[CBW_LEN], block[BLOCK];
	struct answer a;

	c.len = CBW_LEN;
	make_cbw(cbw, &lock);
	memcpy(data, cbw, CBW_LEN);
	a = run(&c);
	check(!a.error && a.status == CSW_PHASE_ERROR, "BOT 6.7.3 case 13",
		"31 bytes of data-out that look like a CBW: case 13 (%d, %u)", a.error, a.status);
	check(reset_recovery() && works() && !locked() && next_writable() == nwa, "BOT 5.3.2",
		"they are not carried out as a CBW");
	for (uint32_t i = 0; i + CBW_LEN <= BLOCK; i++)
		if (i % 32 == 0 || i == BLOCK - CBW_LEN)
			memcpy(data + i, cbw, CBW_LEN);
	memcpy(block, data, BLOCK);
	c.len = BLOCK;
	a = run(&c);
	check(!a.error && !a.status && !locked(), "BOT 6.7.3 case 12",
		"a block full of CBWs is written");
	c = cmd_read(nwa++, 1);
	a = run(&c);
	check(!a.error && !a.status && memcmp(data, block, BLOCK) == 0, "BOT 6.7.2 case 6",
		"a block full of CBWs reads back unchanged");
}

/* A host must reset after a phase error; if it does not, the next command works anyway. */
static void ignored_phase_error(void)
{
	struct command c = cmd_write(nwa, 2);
	struct answer a;

	c.len = BLOCK;
	stamp(nwa, 2);
	a = run(&c);
	check(!a.error && a.status == CSW_PHASE_ERROR && works() && next_writable() == nwa,
		"BOT 6.6.3", "the next command works after a phase error that the host ignores");
}

/* Checks that each block written so far is at its address. */
static void whole_disc(void)
{
	uint32_t lba, n;
	bool good = true;

	for (lba = 0; good && lba < nwa; lba += n) {
		n = MIN(32u, nwa - lba);
		const struct command c = cmd_read(lba, n);
		struct answer a = run(&c);

		good = !a.error && !a.status && stamped(lba, n);
	}
	check(good && lba == nwa, "MMC-6 6.44",
		"all %u blocks written so far are at their addresses", nwa);
}

void test_data(void)
{
	nwa = next_writable();
	slow_hosts();
	stopping_hosts();
	transfers();
	early_ends();
	empty_packets();
	ignored_phase_error();
	whole_disc();
	looks_like_a_cbw();
}

/* ---- TD2.1, TD2.2 --------------------------------------------------------------------------- */

/* Each operation code with zeros after it is carried out, or refused with sense. */
static void every_operation_code(void)
{
	unsigned good = 0, refused = 0;

	for (unsigned op = 0; op < 256; op++) {
		struct command c = {.cdb = {(uint8_t)op},
			.cdb_len = op < 0x20                 ? 6
				   : op >= 0xa0 && op < 0xc0 ? 12
							     : 10,
			.dir = MMC_DIR_IN,
			.len = 252};
		struct answer a = run(&c);

		if (!a.error && a.status == CSW_FAILED) {
			uint32_t s = sense();

			good += s != UINT32_MAX && s >> 16 >= 2;
			refused++;
		} else if (!a.error && a.status == CSW_PASSED) {
			good += a.moved + a.residue == 252;
		} else {
			printf("# operation code %02x: error %d, status %u\n", op, a.error,
				a.status);
			reset_recovery();
		}
	}
	check(good == 256 && refused > 200 && works(), "BOT 6.6.4",
		"every operation code is carried out or refused with sense, %u of 256", good);
}

void test_commands(void)
{
	static const struct {
		const char *name;
		struct command c;
		bool must;
	} commands[] = {
		{"INQUIRY", {{0x12, [4] = 36}, 6, MMC_DIR_IN, 36}, true},
		{"REQUEST SENSE", {{0x03, [4] = 18}, 6, MMC_DIR_IN, 18}, true},
		{"TEST UNIT READY", {{0x00}, 6, MMC_DIR_NONE, 0}, true},
		{"READ CAPACITY", {{0x25}, 10, MMC_DIR_IN, 8}, true},
		{"READ(10)", {{0x28, [8] = 1}, 10, MMC_DIR_IN, BLOCK}, true},
		{"MODE SENSE(6)", {{0x1a, 0, 0x3f, [4] = 192}, 6, MMC_DIR_IN, 192}, true},
		{"MODE SENSE(10)", {{0x5a, 0, 0x3f, [8] = 192}, 10, MMC_DIR_IN, 192}, true},
		{"PREVENT ALLOW MEDIUM REMOVAL", {{0x1e}, 6, MMC_DIR_NONE, 0}, true},
		{"START STOP UNIT", {{0x1b, [4] = 1}, 6, MMC_DIR_NONE, 0}, true},
		{"READ FORMAT CAPACITIES", {{0x23, [8] = 12}, 10, MMC_DIR_IN, 12}, true},
		{"SYNCHRONIZE CACHE", {{0x35}, 10, MMC_DIR_NONE, 0}, true},
		{"VERIFY(10)", {{0x2f, [8] = 1}, 10, MMC_DIR_NONE, 0}, true},
		{"GET PERFORMANCE", {{0xac, [9] = 4, [10] = 3}, 12, MMC_DIR_IN, 72}, true},
		{"READ(6)", {{0x08, [4] = 1}, 6, MMC_DIR_IN, BLOCK}, false},
		{"SEND DIAGNOSTIC", {{0x1d}, 6, MMC_DIR_NONE, 0}, false},
		{"WRITE BUFFER", {{0x3b, [8] = 4}, 10, MMC_DIR_OUT, 4}, false},
	};

	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		struct answer a = run(&commands[i].c);
		bool good = !a.error && a.status == (commands[i].must ? CSW_PASSED : CSW_FAILED);

		if (!a.error && a.status == CSW_FAILED)
			good &= sense() == SENSE(5, 0x20, 0);
		check(good, "BOT 6.6.4", "%s: %s", commands[i].name,
			a.status ? "fails with 5/20/00" : "passes");
	}
	every_operation_code();
}
