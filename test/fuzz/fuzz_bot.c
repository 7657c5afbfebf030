// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * BOT and the engine, fed with packets: from hosts that keep the rules, hosts that do not,
 * and controllers that fail. BOT must keep the rules of its transport, the disc must stay
 * consistent, and after a bus reset everything must work.
 */
#include <errno.h>

#include "bot/wire.h"
#include "fuzz/cdb.h"
#include "fuzz/shadow.h"
#include "lib/bot_host.h"

#define DATA_MAX (64u * 1024u)

struct bench {
	struct mem_ep *ep;
	struct bot *bot;
	struct mmc_drive *drive;
	struct bot_host host;
	struct shadow shadow;
	bool lawful; /* host and controller have kept the rules since a bus reset */
	uint8_t data[DATA_MAX + 1024];
};

static const uint16_t speeds[] = {64, 512, 1024};

/* False while the controller is told to fail; what it owes then may come late. */
static bool works(const struct mem_ep *ep)
{
	return ep->enabled && !ep->suspended && !ep->hold_sent &&
	       ep->cancel == MEM_EP_CANCEL_PROMPT && ep->fault.times == 0;
}

static void bus_reset(struct bench *b, uint16_t max_packet)
{
	mem_host_bus_reset(b->ep, max_packet);
	b->lawful = works(b->ep);
}

static void good_command(struct bench *b, struct input *in)
{
	uint8_t cdb[16], cdb_len;
	enum mmc_dir dir;
	uint32_t len, residue;
	int status;

	cdb_take(in, b->shadow.disc, cdb, &cdb_len, &dir, &len);
	b->host.recovery = take8(in) % 3;
	status = bot_host_command(
		&b->host, cdb, cdb_len, dir, b->data, MIN(len, DATA_MAX), &residue);
	/* Then each command ends with a valid CSW, whatever it asks for. */
	MUST(!b->lawful || status >= CSW_PASSED);
	if (status < 0 || status == CSW_PHASE_ERROR)
		b->lawful = b->host.recovery == BOT_HOST_BUS_RESET && works(b->ep);
}

static void send_cbw(struct bench *b, struct input *in)
{
	uint8_t cdb[16], cdb_len, cbw[CBW_LEN], how = take8(in);
	enum mmc_dir dir;
	uint32_t len;

	cdb_take(in, b->shadow.disc, cdb, &cdb_len, &dir, &len);
	bot_host_cbw(&b->host, cbw, cdb, cdb_len, dir, how & 1 ? take32(in) : len);
	if (how & 2)
		cbw[take8(in) % CBW_LEN] ^= take8(in);
	mem_host_out(b->ep, cbw, how & 4 ? take8(in) % (CBW_LEN + 1) : CBW_LEN, how & 8);
}

static void set_fault(struct bench *b, struct input *in)
{
	static const int codes[] = {-EAGAIN, -EINPROGRESS, -EPIPE, -ECONNRESET, -ENOMEM, -EFAULT,
		-ESHUTDOWN, -EIO, -EOVERFLOW, -EPROTO};
	struct mem_ep_fault f = {(enum mem_ep_op)(take8(in) % MEM_EP_OPS), take8(in) % 16,
		1 + take8(in) % 8, codes[take8(in) % ARRAY_LEN(codes)]};

	mem_ep_fault(b->ep, f.at ? &f : NULL);
}

static void change_disc(struct bench *b, struct input *in)
{
	struct mmc_state state;
	struct disc *disc;

	mmc_get_state(b->drive, &state);
	if (state.loaded || state.ejected_by_host) {
		if (mmc_eject(b->drive, take8(in) & 1) == MMC_EJECT_DONE)
			shadow_end(&b->shadow);
		return;
	}
	disc = cdb_disc(take8(in));
	if (!disc)
		return;
	shadow_begin(&b->shadow, disc);
	mmc_insert(b->drive, disc);
}

static void set_mode(struct bench *b, uint8_t bits)
{
	b->ep->lazy = bits & 1;
	b->ep->hold_sent = bits & 2;
	b->ep->cancel = bits & 4 ? MEM_EP_CANCEL_NEVER : MEM_EP_CANCEL_PROMPT;
	b->ep->suspended = (bits & 24) == 24;
	b->ep->clear = (enum mem_ep_clear)((bits >> 5) % 3);
}

static void step(struct bench *b, struct input *in)
{
	unsigned what = take8(in) % 16;
	uint32_t got;

	/* Commands, discs and time break no rule. */
	if (what < 10 && what != 8)
		b->lawful = false;
	switch (what) {
	case 0:
		send_cbw(b, in);
		return;
	case 1:
		take(in, b->data, 64);
		mem_host_out(b->ep, b->data, take16(in) % DATA_MAX, take8(in) & 1);
		return;
	case 2:
		mem_host_in(b->ep, b->data, take16(in) % DATA_MAX, &got);
		return;
	case 3:
		mem_host_clear_halt_in(b->ep);
		return;
	case 4:
		mem_host_clear_halt_out(b->ep);
		return;
	case 5:
		mem_host_class_reset(b->ep);
		return;
	case 6:
		bus_reset(b, speeds[take8(in) % 3]);
		return;
	case 7:
		mem_host_unplug(b->ep, take8(in) & 1);
		return;
	case 8:
		mem_ep_pass(b->ep, take16(in) % 3000);
		return;
	case 9:
		set_fault(b, in);
		return;
	case 10:
		change_disc(b, in);
		return;
	case 11:
		set_mode(b, take8(in));
		b->lawful = b->lawful && works(b->ep);
		return;
	default:
		good_command(b, in);
	}
}

/* After anything, a bus reset must make commands work again. */
static void must_recover(struct bench *b)
{
	const uint8_t inquiry[6] = {0x12, 0, 0, 0, 36};
	uint32_t residue;

	set_mode(b, 0);
	mem_ep_fault(b->ep, NULL);
	mem_host_bus_reset(b->ep, 512);
	b->host.recovery = BOT_HOST_NO_RESET;
	MUST(bot_host_command(&b->host, inquiry, 6, MMC_DIR_IN, b->data, 255, &residue) == 0);
	MUST(residue == 255 - 36 && b->host.got == 36 && b->data[0] == 5);
}

static bool bench_new(struct bench *b, uint8_t flags)
{
	const struct mmc_config config = {
		.vendor = "MMCGADGT", .product = "DVD BURNER", .revision = "0.1"};
	const struct bot_config bot = {.stall = flags & 1 ? BOT_STALL_SHORT : BOT_STALL_NEVER};

	memset(b, 0, sizeof(*b));
	b->drive = mmc_drive_new(&config);
	b->ep = mem_ep_new();
	if (b->drive && b->ep)
		b->bot = bot_new(&bot, &mem_ep_ops, b->ep, b->drive);
	if (!b->bot)
		return false;
	b->ep->patience_ms = 1000;
	bot_host_init(&b->host, b->ep, b->bot, speeds[flags / 2 % 3]);
	b->lawful = true;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct bench b;
	struct input in = {data, size};

	if (bench_new(&b, take8(&in))) {
		while (in.n) {
			step(&b, &in);
			shadow_check(&b.shadow);
		}
		must_recover(&b);
		MUST(b.ep->violations == 0);
		MUST(b.ep->in.max <= BOT_WINDOW && b.ep->out.max <= BOT_WINDOW);
	}
	shadow_end(&b.shadow);
	bot_free(b.bot);
	mem_ep_free(b.ep);
	mmc_drive_free(b.drive);
	return 0;
}
