// SPDX-License-Identifier: GPL-2.0-or-later
/* The executor "direct": the engine without a transport, called as mmc.h says. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "lib/exec_bench.h"
#include "util/array.h"

#define MAX_AGAIN 100000

struct exec_direct {
	struct script_exec x; /* as struct exec_on_bench */
	struct exec_bench bench;
	uint32_t portion;
};
_Static_assert(offsetof(struct exec_direct, bench) == offsetof(struct exec_on_bench, bench),
	"the bench's operations find it there");

static struct exec_direct *exec_of(struct script_exec *x)
{
	return (struct exec_direct *)x;
}

static int move_in(struct exec_direct *e, struct script_io *io, uint32_t announced)
{
	unsigned again = 0;

	for (;;) {
		const uint8_t *p;
		int32_t n = mmc_pull(e->bench.drive, &p, MAX(e->portion, MEDIA_BLOCK));

		if (n == 0)
			return 0;
		if (n < 0 && ++again > MAX_AGAIN)
			return script_fail(&e->x, "the medium never becomes ready");
		if (n < 0)
			continue;
		if ((uint32_t)n > announced - io->moved)
			return script_fail(&e->x, "the drive sends more than it announced");
		memcpy(io->data + io->moved, p, (size_t)n);
		io->moved += (uint32_t)n;
	}
}

static int move_out(struct exec_direct *e, struct script_io *io, uint32_t len)
{
	unsigned again = 0;

	while (io->moved < len) {
		uint32_t n = MIN(e->portion, len - io->moved);

		if (mmc_push(e->bench.drive, io->data + io->moved, n) == 0)
			io->moved += n;
		else if (++again > MAX_AGAIN)
			return script_fail(&e->x, "the medium never becomes ready");
	}
	return 0;
}

static enum mmc_status end(struct exec_direct *e)
{
	enum mmc_status status = MMC_AGAIN;

	for (unsigned i = 0; i < MAX_AGAIN && status == MMC_AGAIN; i++)
		status = mmc_end(e->bench.drive);
	return status;
}

/* Runs the data phase of a command. Cases 2, 3, 7, 8, 10 and 13 of BOT 6.7 are errors. */
static int transfer(struct exec_direct *e, struct script_io *io)
{
	struct mmc_xfer xfer;

	mmc_begin(e->bench.drive, io->cdb, io->cdb_len, io->dir == MMC_DIR_IN ? io->len : 0, &xfer);
	if (xfer.dir != MMC_DIR_NONE && (xfer.dir != io->dir || xfer.len > io->len))
		return script_fail(&e->x,
			"phase error: the drive wants to move %u bytes %s, the host %u", xfer.len,
			xfer.dir == MMC_DIR_IN ? "in" : "out", io->len);
	if (xfer.dir == MMC_DIR_IN && move_in(e, io, xfer.len) < 0)
		return -1;
	if (xfer.dir == MMC_DIR_OUT && move_out(e, io, xfer.len) < 0)
		return -1;
	return 0;
}

static int direct_command(struct script_exec *x, struct script_io *io)
{
	static const uint8_t request_sense[6] = {0x03, [4] = 18};
	struct exec_direct *e = exec_of(x);

	io->moved = 0;
	if (transfer(e, io) < 0) {
		mmc_abort(e->bench.drive);
		return -1;
	}
	enum mmc_status status = end(e);
	if (status == MMC_AGAIN)
		return script_fail(x, "the medium never becomes ready");
	io->check = status == MMC_CHECK_CONDITION;
	if (!io->check)
		return 0;
	/* Request the sense at once, as every host driver does. */
	struct script_io sense = {.cdb = request_sense,
		.cdb_len = sizeof(request_sense),
		.dir = MMC_DIR_IN,
		.len = sizeof(io->sense),
		.data = io->sense};
	if (transfer(e, &sense) < 0 || end(e) != MMC_GOOD || sense.moved != sizeof(io->sense))
		return script_fail(x, "REQUEST SENSE failed");
	return 0;
}

static int direct_start(struct script_exec *x, const struct mmc_config *config)
{
	struct exec_direct *e = exec_of(x);

	if (exec_bench_start(&e->bench, x, config) < 0)
		return -1;
	return script_drain_events(x);
}

static void direct_stop(struct script_exec *x)
{
	exec_bench_stop(&exec_of(x)->bench);
}

static int direct_bus_reset(struct script_exec *x)
{
	mmc_bus_reset(exec_of(x)->bench.drive);
	return 0;
}

static int direct_transport_reset(struct script_exec *x)
{
	mmc_transport_reset(exec_of(x)->bench.drive);
	return 0;
}

struct script_exec *exec_direct_new(uint32_t portion)
{
	struct exec_direct *e = calloc(1, sizeof(*e));

	if (!e)
		abort();
	e->portion = portion;
	e->x = (struct script_exec){.name = "direct",
		.kind = SCRIPT_DIRECT,
		.start = direct_start,
		.command = direct_command,
		.media = exec_bench_media,
		.eject = exec_bench_eject,
		.insert_again = exec_bench_insert_again,
		.bus_reset = direct_bus_reset,
		.transport_reset = direct_transport_reset,
		.fault = exec_bench_fault,
		.stop = direct_stop};
	return &e->x;
}

void exec_direct_free(struct script_exec *x)
{
	free(x);
}
