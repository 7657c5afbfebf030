// SPDX-License-Identifier: GPL-2.0-or-later
/* Resets at every stage of a command, and hosts that ignore a halt. */
#include <linux/usb/ch9.h>
#include <stdio.h>
#include <string.h>

#include "u_bot.h"
#include "util/array.h"

#define FIFO_MS 30u

static unsigned left_in_fifo;

enum kind { RECOVERY, TWICE, EARLY_CLEARS, SET_INTERFACE, PORT_RESET, KINDS };

static const struct {
	const char *name, *clause;
	unsigned stride; /* test every stride-th stage: a port reset takes long */
} kinds[KINDS] = {
	[RECOVERY] = {"reset recovery", "BOT 5.3.4", 1},
	[TWICE] = {"two resets, and clearing once", "BOT 3.1", 3},
	[EARLY_CLEARS] = {"clearing before the reset, not after", "BOT 5.3.4", 3},
	[SET_INTERFACE] = {"SET_INTERFACE", "USB 2.0 9.4.10", 3},
	[PORT_RESET] = {"port reset", "USB 2.0 9.1.2", 13},
};

/* The shapes of commands. */
static struct {
	const char *name;
	struct command c;
	bool at_nwa; /* writes at the next writable address */
} shapes[] = {
	{.name = "no data"},
	{.name = "data-in"},
	{.name = "data-in that is short"},
	{.name = "data-in that fails"},
	{.name = "data-in that is too long"},
	{.name = "data-out", .at_nwa = true},
	{.name = "data-out that fails"},
	{.name = "data-out that is not wanted"},
};

static void make_shapes(void)
{
	shapes[0].c = cmd_ready();
	shapes[1].c = cmd_read(0, 2);
	shapes[2].c = cmd_inquiry(255);
	shapes[3].c = cmd_read(0x7f0000, 2);
	shapes[4].c = cmd_read(0, 2);
	shapes[4].c.len = BLOCK;
	shapes[5].c = cmd_write(0, 2);
	shapes[6].c = cmd_write(0, 2);
	shapes[7].c = cmd_read(0, 2);
	shapes[7].c.dir = MMC_DIR_OUT;
}

/*
 * FunctionFS reports a new session to the daemon a moment after the host has begun it. What the
 * drive sends in that moment belongs to the new session; no user of FunctionFS can prevent it, and
 * a host that took it for an answer would reset the drive. The thread to which FunctionFS reports
 * the session also answers Get Max LUN, so the answer comes after the report.
 */
static bool session_is_known(void)
{
	uint8_t max;

	return usb_control(
		       USB_DIR_IN | USB_TYPE_CLASS | USB_RECIP_INTERFACE, 0xfe, 0, 0, &max, 1) == 1;
}

static bool reset_by(enum kind kind)
{
	switch (kind) {
	case RECOVERY:
		return reset_recovery();
	case TWICE:
		return class_reset() && reset_recovery();
	case EARLY_CLEARS:
		usb_clear_halt(usb.in);
		usb_clear_halt(usb.out);
		return class_reset();
	case SET_INTERFACE:
		return usb_set_interface() && session_is_known();
	default:
		return usb_port_reset();
	}
}

/* Bytes of one transfer: at full speed, several packets. */
static unsigned transfer(void)
{
	return MAX(usb.packet, 512u);
}

/* Plays a command up to that many transfers. True: the command ended before that. */
static bool play(const struct command *c, unsigned stage)
{
	uint8_t csw[1024];
	uint32_t at = 0;
	int r;

	if (!stage--)
		return false;
	send_cbw(c);
	while (at < c->len) {
		uint32_t n = MIN(transfer(), c->len - at);

		if (!stage--)
			return false;
		r = c->dir == MMC_DIR_OUT ? usb_send(data + at, n) : usb_read(data + at, n);
		if (r == -EPIPE)
			usb_clear_halt(usb.in);
		if (r < 0 || (unsigned)r < transfer())
			break;
		at += n;
	}
	if (!stage--)
		return false;
	usb_read(csw, usb.packet);
	return true;
}

/*
 * dummy_hcd keeps one packet of up to 64 bytes that it has reported as sent, and neither the
 * device nor the host can remove it. A real controller empties its FIFO when the halt is
 * cleared. So one such packet is allowed here; a second one would be an error of the drive.
 */
static const char *stale(void)
{
	uint8_t raw[1024];
	unsigned packets = 0;
	int r;

	for (; packets < 4; packets += r >= 0) {
		r = usb_read_for(raw, usb.packet, FIFO_MS);
		if (r == -EPIPE)
			usb_clear_halt(usb.in);
		else if (r < 0)
			break;
		if (r > 64)
			return "data from before the reset arrives";
	}
	left_in_fifo += packets;
	return packets > 1 ? "packets from before the reset arrive" : NULL;
}

/* NULL if the drive works and has written no more than was sent; or what is wrong. */
static const char *sick(uint32_t *nwa, bool wrote)
{
	const struct command c = cmd_inquiry(36);
	const char *fault = stale();
	struct answer a;
	uint32_t now;

	if (fault)
		return fault;
	if (!works())
		return "not ready";
	a = run(&c);
	if (a.error || a.status || a.moved != 36 || data[0] != 5)
		return "INQUIRY";
	now = next_writable();
	if (now < *nwa || now > *nwa + (wrote ? 2 : 0))
		return "next writable address";
	if (now > *nwa) {
		const struct command back = cmd_read(*nwa, now - *nwa);

		a = run(&back);
		if (a.error || a.status || !stamped(*nwa, now - *nwa))
			return "what was written";
	}
	*nwa = now;
	return NULL;
}

static unsigned reset_at_every_stage(enum kind kind, size_t shape, uint32_t *nwa, unsigned *bad)
{
	struct command c = shapes[shape].c;
	unsigned stage = 0, tried = 0;
	const char *fault;
	bool ended = false;

	for (; !ended; stage += kinds[kind].stride, tried++) {
		if (shapes[shape].at_nwa)
			put_be32(c.cdb + 2, *nwa);
		stamp(*nwa, 2);
		ended = play(&c, stage);
		fault = reset_by(kind) ? sick(nwa, shapes[shape].at_nwa) : "the reset fails";
		if (!fault)
			continue;
		printf("# %s, %s: after %u transfers: %s\n", kinds[kind].name, shapes[shape].name,
			stage, fault);
		++*bad;
		reset_recovery();
		works();
		*nwa = next_writable();
	}
	return tried;
}

void test_resets(void)
{
	uint32_t nwa = next_writable();
	unsigned bad, tried;

	make_shapes();
	for (int kind = 0; kind < KINDS; kind++) {
		bad = tried = 0;
		for (size_t i = 0; i < ARRAY_LEN(shapes); i++)
			tried += reset_at_every_stage((enum kind)kind, i, &nwa, &bad);
		check(!bad, kinds[kind].clause, "%s at %u stages of %zu shapes of command",
			kinds[kind].name, tried, ARRAY_LEN(shapes));
	}
	printf("# %u packets had been left in the controller\n", left_in_fifo);
	usb_port_reset();
	const struct command ready = cmd_ready();
	struct answer a = run(&ready);
	uint32_t s = sense();

	check(!a.error && a.status == CSW_FAILED && s == SENSE(6, 0x29, 0), "SAM-5 5.14",
		"a port reset is reported as 6/29/00 (%06x)", s);
}

/* ---- hosts that ignore a halt -------------------------------------------------------------- */

static void after_a_broken_cbw(void)
{
	const struct command lock = cmd_lock(true);
	uint8_t cbw[CBW_LEN];
	unsigned reads = 0;

	make_cbw(cbw, &lock);
	cbw[0] ^= 1;
	usb_send(cbw, CBW_LEN);
	for (unsigned i = 0; i < 5; i++) {
		send_cbw(&lock);
		reads += usb_read(data, usb.packet) == -EPIPE;
	}
	memset(data, 0, 5000);
	usb_send(data, 5000);
	reads += usb_read(data, usb.packet) == -EPIPE;
	check(reads == 6, "BOT 6.6.1", "commands and data during a halt: bulk-in stays halted (%u)",
		reads);
	check(reset_recovery() && works() && !locked(), "BOT 5.3.4",
		"no command was carried out, reset recovery helps");
}

/* The host halts bulk-in itself, sends a command, and reads the answer three times. */
static void host_halts_in(void)
{
	const struct command c = cmd_inquiry(36);
	unsigned halted = 0;
	struct answer a;
	int r;

	usb_set_halt(usb.in);
	send_cbw(&c);
	for (unsigned i = 0; i < 3; i++)
		halted += usb_read_for(data, 36, 300) == -EPIPE;
	usb_clear_halt(usb.in);
	r = usb_read(data, 36);
	a = read_csw();
	check(halted == 3 && r == 36 && data[0] == 5 && !a.error && !a.status, "USB 2.0 9.4.5",
		"bulk-in halted by the host: data and CSW wait for Clear-Halt (%u, %d)", halted, r);
	check(reset_recovery() && works(), "BOT 5.3.4", "reset recovery helps");
}

static void host_halts_out(void)
{
	const struct command c = cmd_ready();
	int r;

	usb_set_halt(usb.out);
	r = send_cbw(&c);
	check(r == -EPIPE, "USB 2.0 9.4.5", "bulk-out halted by the host accepts no CBW (%d)", r);
	usb_clear_halt(usb.out);
	check(works(), "BOT 5.3.1", "a command works after Clear-Halt of bulk-out");
}

/* The data ends in a halt, but the host reads the CSW without clearing it. */
static void short_data(void)
{
	const struct command c = cmd_inquiry(255);
	struct answer a;
	int r, again;

	send_cbw(&c);
	r = usb_read(data, 36);
	again = usb_read(data + 36, 219);
	check(r == 36 && again == -EPIPE && usb_read(data, 64) == -EPIPE && usb_halted(usb.in),
		"BOT 6.7.2 case 5", "the halt after short data stays until it is cleared (%d, %d)",
		r, again);
	a = read_csw();
	check(!a.error && a.halted && !a.status && a.residue == 219, "BOT 5.3.3",
		"the CSW follows Clear-Halt (%d)", a.error);
}

void test_ignored_halts(void)
{
	after_a_broken_cbw();
	host_halts_in();
	host_halts_out();
	if (strict)
		short_data();
	for (unsigned i = 0; i < 20; i++) {
		usb_clear_halt(usb.in);
		usb_clear_halt(usb.out);
	}
	check(works(), "USB 2.0 9.4.5", "halts that are cleared where there are none");
}
