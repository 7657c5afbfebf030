// SPDX-License-Identifier: GPL-2.0-or-later
/* The executor "bot": the strict host, BOT over the in-memory endpoints, the engine. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "lib/bot_host.h"
#include "lib/exec_bench.h"

struct exec_bot {
	struct script_exec x; /* as struct exec_on_bench */
	struct exec_bench bench;
	struct mem_ep *ep;
	struct bot *bot;
	struct bot_host host;
	uint16_t max_packet;
};
_Static_assert(offsetof(struct exec_bot, bench) == offsetof(struct exec_on_bench, bench),
	"the bench's operations find it there");

static struct exec_bot *exec_of(struct script_exec *x)
{
	return (struct exec_bot *)x;
}

static int send(struct exec_bot *e, struct script_io *io)
{
	uint32_t residue = 0;
	int status = bot_host_command(
		&e->host, io->cdb, io->cdb_len, io->dir, io->data, io->len, &residue);

	if (status == -EPROTO)
		return script_fail(&e->x, "BOT: %s", e->host.error);
	if (status < 0)
		return script_fail(&e->x, "BOT: %s", strerror(-status));
	if (status == 2)
		return script_fail(&e->x, "BOT: phase error");
	io->check = status == 1;
	/* The host has checked that data-in and residue add up to what it announced. */
	io->moved = io->len - residue;
	return 0;
}

static int bot_command(struct script_exec *x, struct script_io *io)
{
	static const uint8_t request_sense[6] = {0x03, [4] = 18};
	struct exec_bot *e = exec_of(x);

	if (send(e, io) < 0)
		return -1;
	if (!io->check)
		return 0;
	struct script_io sense = {.cdb = request_sense,
		.cdb_len = sizeof(request_sense),
		.dir = MMC_DIR_IN,
		.len = sizeof(io->sense),
		.data = io->sense};
	if (send(e, &sense) < 0 || sense.check || sense.moved != sizeof(io->sense))
		return script_fail(x, "REQUEST SENSE failed");
	return 0;
}

static int bot_start(struct script_exec *x, const struct mmc_config *config)
{
	static const struct bot_config bot_config = {.stall = BOT_STALL_NEVER};
	struct exec_bot *e = exec_of(x);

	if (exec_bench_start(&e->bench, x, config) < 0)
		return -1;
	e->ep = mem_ep_new();
	e->bot = e->ep ? bot_new(&bot_config, &mem_ep_ops, e->ep, e->bench.drive) : NULL;
	if (!e->bot)
		return script_fail(x, "no memory for BOT");
	bot_host_init(&e->host, e->ep, e->bot, e->max_packet);
	return script_drain_events(x);
}

static void bot_stop(struct script_exec *x)
{
	struct exec_bot *e = exec_of(x);

	bot_free(e->bot);
	e->bot = NULL;
	exec_bench_stop(&e->bench);
	mem_ep_free(e->ep);
	e->ep = NULL;
}

static int bot_bus_reset(struct script_exec *x)
{
	struct exec_bot *e = exec_of(x);

	mem_host_bus_reset(e->ep, e->max_packet);
	return 0;
}

static int bot_transport_reset(struct script_exec *x)
{
	return bot_host_reset_recovery(&exec_of(x)->host) < 0
		       ? script_fail(x, "reset recovery failed")
		       : 0;
}

struct script_exec *exec_bot_new(uint16_t max_packet)
{
	struct exec_bot *e = calloc(1, sizeof(*e));

	if (!e)
		abort();
	e->max_packet = max_packet;
	e->x = (struct script_exec){.name = "bot",
		.kind = SCRIPT_BOT,
		.start = bot_start,
		.command = bot_command,
		.media = exec_bench_media,
		.eject = exec_bench_eject,
		.insert_again = exec_bench_insert_again,
		.bus_reset = bot_bus_reset,
		.transport_reset = bot_transport_reset,
		.fault = exec_bench_fault,
		.stop = bot_stop};
	return &e->x;
}

struct bot *exec_bot_layer(struct script_exec *x)
{
	return exec_of(x)->bot;
}

struct mmc_drive *exec_bot_drive(struct script_exec *x)
{
	return exec_of(x)->bench.drive;
}

void exec_bot_free(struct script_exec *x)
{
	free(x);
}
