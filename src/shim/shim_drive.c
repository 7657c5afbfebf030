// SPDX-License-Identifier: GPL-2.0-or-later
/* The engine of the shim: runs a command as a Bulk-Only host and device would, and logs it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mmc/spec.h"
#include "shim/shim_server.h"
#include "util/array.h"
#include "util/be.h"
#include "util/stream.h"

#define PORTION   32768u
#define DID_ERROR 7

/* ---- one command ---------------------------------------------------------------------------- */

/*
 * Returns the name of the case of BOT 6.7 for what the device intends (D) and what the host
 * announced (H), or NULL if it is ordinary. Case 5 (Hi > Di) is ordinary: every answer of
 * variable length ends so. Case 4 is not: the host waits for data and gets none.
 */
static const char *mismatch(const struct shim_command *c, const struct mmc_xfer *x)
{
	enum shim_dir d = x->len == 0 ? SHIM_NONE : x->dir == MMC_DIR_IN ? SHIM_IN : SHIM_OUT;
	enum shim_dir h = c->len == 0 ? SHIM_NONE : c->dir;

	if (h == d) {
		if (h == SHIM_IN && c->len < x->len)
			return "!Hi<Di";
		if (h == SHIM_OUT && c->len != x->len)
			return c->len < x->len ? "!Ho<Do" : "!Ho>Do";
		return NULL;
	}
	if (h == SHIM_NONE)
		return d == SHIM_IN ? "!Hn<Di" : "!Hn<Do";
	if (d == SHIM_NONE)
		return h == SHIM_IN ? "!Hi>Dn" : "!Ho>Dn";
	return h == SHIM_IN ? "!Hi<>Do" : "!Ho<>Di";
}

static bool is_phase_error(const char *m)
{
	return m && (strchr(m, '<') != NULL);
}

static void move_in(struct mmc_drive *d, struct shim_command *c, uint32_t want)
{
	while (c->moved < want) {
		const uint8_t *p;
		int32_t n = mmc_pull(d, &p, PORTION);

		if (n < 0)
			continue;
		if (n == 0)
			return;
		uint32_t take = MIN((uint32_t)n, want - c->moved);
		memcpy(c->data + c->moved, p, take);
		c->moved += take;
	}
}

static void move_out(struct mmc_drive *d, struct shim_command *c, uint32_t want)
{
	while (c->moved < want) {
		uint32_t n = MIN(want - c->moved, PORTION);

		if (mmc_push(d, c->data + c->moved, n) == 0)
			c->moved += n;
	}
}

static void move(struct mmc_drive *d, struct shim_command *c, const struct mmc_xfer *x)
{
	uint32_t want = MIN(c->len, x->len);

	if (x->dir == MMC_DIR_IN && c->dir == SHIM_IN)
		move_in(d, c, want);
	else if (x->dir == MMC_DIR_OUT && c->dir == SHIM_OUT)
		move_out(d, c, want);
}

static enum mmc_status end(struct mmc_drive *d)
{
	enum mmc_status s = mmc_end(d);

	while (s == MMC_AGAIN)
		s = mmc_end(d);
	return s;
}

/* Like usb-storage, requests the sense at once after a failure, which clears it. */
static void fetch_sense(struct mmc_drive *d, struct shim_command *c)
{
	static const uint8_t cdb[6] = {OP_REQUEST_SENSE, 0, 0, 0, 18, 0};
	struct shim_command rs = {.dir = SHIM_IN, .data = c->sense, .len = sizeof(c->sense)};
	struct mmc_xfer x;

	mmc_begin(d, cdb, sizeof(cdb), rs.len, &x);
	move(d, &rs, &x);
	end(d);
	c->sense_len = (uint8_t)rs.moved;
}

static void log_command(struct shim_drive *d, const struct shim_command *c, const char *odd)
{
	static const char *const dirs[] = {"-", "IN", "OUT"};
	const char *name = mmc_opcode_name(c->cdb[0]);
	char fault[MMC_FAULT_LINE];

	if (!d->log)
		return;
	fprintf(d->log, "%s %s [", c->who, name ? name : "unknown");
	for (uint8_t i = 0; i < c->cdb_len; i++)
		fprintf(d->log, "%s%02x", i ? " " : "", c->cdb[i]);
	fprintf(d->log, "] %s %u -> ", dirs[c->len ? c->dir : SHIM_NONE], c->len);
	if (c->status == MMC_GOOD) {
		fprintf(d->log, "GOOD %u", c->moved);
		for (uint32_t i = 0; c->dir == SHIM_IN && i < MIN(c->moved, 48u); i++)
			fprintf(d->log, "%s%02x", i ? " " : " : ", c->data[i]);
		/* Parameter lists are logged, blocks are not. */
		for (uint32_t i = 0; c->dir == SHIM_OUT && i < c->moved && c->moved < 512; i++)
			fprintf(d->log, "%s%02x", i ? " " : " : ", c->data[i]);
	} else {
		fprintf(d->log, "CHECK %x/%02x/%02x %u", c->sense[2] & 0x0f, c->sense[12],
			c->sense[13], c->moved);
		if (name && c->sense[12] == 0x20)
			fputs(" !REFUSED", d->log);
	}
	if (odd)
		fprintf(d->log, " %s", odd);
	if (d->struck)
		fprintf(d->log, " !FAULT %s", mmc_fault_print(d->struck, fault));
	fputc('\n', d->log);
}

/* Answers like a drive without this command, to show that the programs depend on it. */
static void refuse(struct shim_command *c)
{
	c->status = MMC_CHECK_CONDITION;
	mmc_sense_encode(SHIM_REFUSED, c->sense);
	c->sense_len = sizeof(c->sense);
}

/* ---- a drive that is busy after the status ------------------------------------------------- */

/*
 * The engine formats and erases before its status. Other drives answer GOOD at once if the host
 * asks for that (IMMED), and are not ready for minutes.
 */
static void begin_busy(struct shim_drive *d, const struct shim_command *c)
{
	enum { FORMAT_IMMED = 0x02, BLANK_IMMED = 0x10 };

	if (c->status != MMC_GOOD)
		return;
	if (c->cdb[0] == OP_FORMAT_UNIT && c->moved > 1 && (c->data[1] & FORMAT_IMMED))
		d->busy_sense = 0x020404; /* format in progress */
	else if (c->cdb[0] == OP_BLANK && (c->cdb[1] & BLANK_IMMED))
		d->busy_sense = 0x020407; /* operation in progress */
	else
		return;
	d->busy_left = d->busy_for;
}

/* NOT READY, with a progress indication (SPC-4 4.5.2.4.4). */
static void put_busy_sense(const struct shim_drive *d, uint8_t sense[18])
{
	enum { SKSV = 0x80 };

	mmc_sense_encode(d->busy_sense, sense);
	sense[15] = SKSV;
	put_be16(sense + 16,
		(uint16_t)(0xffffu * (uint64_t)(d->busy_for - d->busy_left) / d->busy_for));
}

/* Answers the command if the drive is busy. False: it is not, or it can do this meanwhile. */
static bool answer_busy(struct shim_drive *d, struct shim_command *c)
{
	if (d->busy_left == 0 || c->cdb[0] == OP_INQUIRY || c->cdb[0] == OP_GET_CONFIGURATION ||
		c->cdb[0] == OP_GET_EVENT_STATUS_NOTIFICATION)
		return false;
	put_busy_sense(d, c->sense);
	if (c->cdb[0] == OP_REQUEST_SENSE && c->dir == SHIM_IN) {
		c->status = MMC_GOOD;
		c->moved = MIN(c->len, sizeof(c->sense));
		memcpy(c->data, c->sense, c->moved);
	} else {
		c->status = MMC_CHECK_CONDITION;
		c->sense_len = sizeof(c->sense);
	}
	/* These two are how a host waits. */
	if (c->cdb[0] == OP_TEST_UNIT_READY || c->cdb[0] == OP_REQUEST_SENSE)
		d->busy_left--;
	return true;
}

/* Answers the command in place of the engine. False: the engine has to carry it out. */
static bool answer_here(struct shim_drive *d, struct shim_command *c)
{
	if (!d->refuses || c->cdb[0] != d->refused)
		return answer_busy(d, c);
	refuse(c);
	return true;
}

void shim_drive_command(struct shim_drive *d, struct shim_command *c)
{
	struct mmc_xfer x;

	if (c->dir == SHIM_NONE)
		c->len = 0;
	shim_faults_before(d);
	if (answer_here(d, c)) {
		log_command(d, c, NULL);
		shim_trace_command(d, c, SHIM_OUTCOME_REFUSED);
		return;
	}
	shim_trace_begin(d);
	mmc_begin(d->mmc, c->cdb, c->cdb_len, c->dir == SHIM_IN ? c->len : 0, &x);
	const char *odd = mismatch(c, &x);
	move(d->mmc, c, &x);
	c->status = (uint8_t)end(d->mmc);
	/* A refused command moves no data, whatever the host announced. */
	if (c->status != MMC_GOOD && x.len == 0)
		odd = NULL;
	if (is_phase_error(odd))
		c->host_status = DID_ERROR;
	shim_trace_command(
		d, c, is_phase_error(odd) ? SHIM_OUTCOME_PHASE_ERROR : SHIM_OUTCOME_STATUS);
	if (c->status != MMC_GOOD)
		fetch_sense(d->mmc, c);
	begin_busy(d, c);
	log_command(d, c, odd);
	shim_faults_after(d);
}

/* ---- creation ----------------------------------------------------------------------------- */

int shim_drive_make(struct shim_drive *d, bool finalised_dvd_plus_r)
{
	struct mmc_config config = {.vendor = "MMCGADGT",
		.product = "DVD BURNER",
		.revision = "0.1",
		.serial = "0123456789AB"};

	if (finalised_dvd_plus_r)
		config.finalised = MMC_FINALISED_DVD_PLUS_R;
	*d = (struct shim_drive){.mmc = mmc_drive_new(&config)};
	return d->mmc ? 0 : -ENOMEM;
}

int shim_drive_log(struct shim_drive *d, const char *path)
{
	FILE *f = fopen(path, "we");

	if (!f)
		return -errno;
	if (d->log)
		fclose(d->log);
	d->log = f;
	/* Others read the log while the server runs. */
	setlinebuf(f);
	return 0;
}

int shim_drive_unmake(struct shim_drive *d)
{
	int r = 0, e;

	/* The disc syncs and saves what is not on storage yet. */
	mmc_drive_free(d->mmc);
	if (d->log && (e = stream_close(d->log)) < 0)
		r = e;
	if (d->trace && (e = stream_close(d->trace)) < 0)
		r = e;
	*d = (struct shim_drive){0};
	return r;
}
