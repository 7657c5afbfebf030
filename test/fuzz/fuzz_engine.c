// SPDX-License-Identifier: GPL-2.0-or-later
/* The engine alone: CDBs, data, discs inserted and removed. shadow.h checks the disc. */
#include "fuzz/cdb.h"
#include "fuzz/shadow.h"

#define MOVE_MAX (256u * 1024u) /* bytes moved of one command, at most */

static uint8_t out_data[32768];

static void move_in(struct mmc_drive *d, uint32_t len, uint32_t max)
{
	uint64_t total = 0;
	volatile uint8_t sum = 0;
	const uint8_t *p;
	int32_t n;

	do {
		n = mmc_pull(d, &p, max);
		MUST(n >= 0 && (uint32_t)n <= max);
		total += (uint32_t)n;
		MUST(total <= len);
		if (n) /* touch both ends, for the sanitizer */
			sum = (uint8_t)(sum + p[0] + p[n - 1]);
	} while (n && total < MOVE_MAX);
}

static void move_out(struct mmc_drive *d, uint32_t len, uint32_t piece)
{
	uint32_t at, n;

	for (at = 0; at < len && at < MOVE_MAX; at += n) {
		n = MIN(piece, len - at);
		MUST(mmc_push(d, out_data, n) == 0);
	}
}

static void command(struct mmc_drive *d, struct input *in, const struct disc *disc)
{
	uint8_t cdb[16], cdb_len, how = take8(in);
	struct mmc_xfer xfer = {MMC_DIR_NONE, 0};
	struct mmc_state state;
	enum mmc_status status;
	enum mmc_dir dir;
	uint32_t len;

	cdb_take(in, disc, cdb, &cdb_len, &dir, &len);
	memset(out_data, how, 64);
	if (how & 1) /* a parameter list from the input */
		take(in, out_data, how >> 2);
	mmc_begin(d, cdb, cdb_len, dir == MMC_DIR_IN ? len : 0, &xfer);
	MUST(xfer.dir == MMC_DIR_IN || xfer.dir == MMC_DIR_OUT || xfer.len == 0);
	if (xfer.dir == MMC_DIR_IN)
		move_in(d, xfer.len, 2048u << how % 5);
	else if (xfer.dir == MMC_DIR_OUT && how != 0xFF)
		move_out(d, xfer.len, 1u + how * 128u);
	if (how == 0xFE) {
		mmc_abort(d);
	} else {
		status = mmc_end(d);
		MUST(status == MMC_GOOD || status == MMC_CHECK_CONDITION);
		MUST(status == MMC_GOOD || mmc_last_sense(d) != 0);
	}
	mmc_get_state(d, &state);
	MUST(!state.busy);
	MUST(state.recorded <= state.capacity);
}

static void change_disc(struct mmc_drive *d, struct input *in, struct shadow *s)
{
	struct mmc_state state;
	struct disc *disc;

	mmc_get_state(d, &state);
	if (state.loaded || state.ejected_by_host) {
		if (mmc_eject(d, take8(in) & 1) == MMC_EJECT_DONE)
			shadow_end(s);
		return;
	}
	disc = cdb_disc(take8(in));
	if (!disc)
		return;
	shadow_begin(s, disc);
	mmc_insert(d, disc);
}

static struct mmc_drive *new_drive(uint8_t flags)
{
	struct mmc_config config = {.vendor = "MMCGADGT",
		.product = "DVD BURNER",
		.revision = "0.1",
		.finalised = flags & 1 ? MMC_FINALISED_DVD_PLUS_R : MMC_FINALISED_DVD_ROM,
		.strict_cdb = flags & 2};

	if (flags & 4)
		memcpy(config.serial, "0123456789AB", 13);
	return mmc_drive_new(&config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	struct shadow shadow = {0};
	struct mmc_drive *d = new_drive(take8(&in));

	if (!d)
		return 0;
	while (in.n) {
		switch (take8(&in) % 16) {
		case 0:
			change_disc(d, &in, &shadow);
			break;
		case 1:
			mmc_transport_reset(d);
			break;
		case 2:
			mmc_bus_reset(d);
			break;
		default:
			command(d, &in, shadow.disc);
		}
		shadow_check(&shadow);
	}
	shadow_end(&shadow);
	mmc_drive_free(d);
	return 0;
}
