// SPDX-License-Identifier: GPL-2.0-or-later
/* Decides which faults strike the command in flight, and carries them out. */
#include "mmc/fault.h"

#include "mmc/mmc_int.h"
#include "util/array.h"

bool mmc_fault_is_live(const struct mmc_fault *f)
{
	return !f->over && (f->times == 0 || f->struck < f->times);
}

static void count(uint32_t *n)
{
	if (*n < UINT32_MAX)
		++*n;
}

static void strike(struct mmc_faults *all, struct mmc_fault *f)
{
	count(&f->struck);
	if (all->struck)
		all->struck(all->ctx, (unsigned)(f - all->fault));
}

static bool is_for_blocks(const struct mmc_fault *f)
{
	return f->kind == MMC_FAULT_READ || f->kind == MMC_FAULT_WRITE;
}

static bool is_delay(const struct mmc_fault *f)
{
	return f->kind == MMC_FAULT_SLOW || f->kind == MMC_FAULT_RATE;
}

static void begin_command(struct mmc_drive *d)
{
	d->faults->command = d->commands;
	d->faults->cause = NULL;
	d->faults->waits = MMC_HOLD_UNDECIDED;
}

/* ---- before a command ----------------------------------------------------------------------- */

/* True if the fault is for the command that begins. */
static bool is_for(const struct mmc_fault *f, const struct mmc_command *c)
{
	if (f->has_op && f->op != c->cdb[0])
		return false;
	switch (f->kind) {
	case MMC_FAULT_NOT_READY:
	case MMC_FAULT_VANISH:
		/* With an operation code, it is for that command, whatever the table says of it. */
		return c->disc && (f->has_op || (c->row->flags & ROW_MEDIUM));
	case MMC_FAULT_SENSE:
		return true;
	default:
		return false;
	}
}

/* The disc is out of the host's reach at once; the board's side takes it out of the drive later. */
static void vanish(struct mmc_drive *d)
{
	struct disc *disc = d->cmd.disc;

	d->cmd.disc = NULL;
	d->tray_out = d->gone = true;
	d->prevent = d->persistent_prevent = false;
	mmc_disc_left(d);
	disc_put(disc);
}

/* The milliseconds by which live faults delay the command that ends. */
static uint32_t delay_of(struct mmc_drive *d)
{
	const struct mmc_command *c = &d->cmd;
	uint64_t ms = 0;

	for (unsigned i = 0; i < d->faults->count; i++) {
		struct mmc_fault *f = &d->faults->fault[i];
		uint64_t add = f->amount;

		if (!is_delay(f) || !mmc_fault_is_live(f))
			continue;
		/* Without an operation code: the commands that move or verify blocks. */
		if (f->has_op ? f->op != c->cdb[0] : c->unit == 0)
			continue;
		count(&f->matched);
		if (f->matched <= f->after)
			continue;
		if (f->kind == MMC_FAULT_RATE)
			add = c->done / f->amount;
		strike(d->faults, f);
		ms += add;
	}
	return (uint32_t)MIN(ms, UINT32_MAX);
}

/* Takes the place of the row's finish: waits first. A failed command does not come here. */
static mmc_sense_t delayed_finish(struct mmc_drive *d, const uint8_t *cdb)
{
	struct mmc_faults *all = d->faults;

	/* A struct of faults that was set after the command began does not delay it. */
	if (all && (!all->hold || all->command != d->commands))
		all = NULL;
	if (all && all->waits == MMC_HOLD_UNDECIDED) {
		uint32_t ms = delay_of(d);

		all->waits = ms ? MMC_HOLD_WAITS : MMC_HOLD_OVER;
		if (ms)
			all->hold(all->ctx, d->commands, ms);
	}
	if (all && all->waits == MMC_HOLD_WAITS)
		return SENSE_AGAIN;
	return d->finish ? d->finish(d, cdb) : SENSE_NONE;
}

/* Lets the command pass through delayed_finish(), which asks at its end whether it waits. */
static void arrange_delay(struct mmc_drive *d)
{
	d->delayed_row = *d->cmd.row;
	d->finish = d->delayed_row.finish;
	d->delayed_row.finish = delayed_finish;
	d->cmd.row = &d->delayed_row;
}

mmc_sense_t mmc_fault_begin(struct mmc_drive *d)
{
	struct mmc_command *c = &d->cmd;
	mmc_sense_t s = SENSE_NONE;
	bool delays = false;

	begin_command(d);
	for (unsigned i = 0; i < d->faults->count; i++) {
		struct mmc_fault *f = &d->faults->fault[i];

		if (!mmc_fault_is_live(f))
			continue;
		delays |= is_delay(f);
		if (!is_for(f, c))
			continue;
		count(&f->matched);
		if (f->matched <= f->after || s)
			continue;
		if (f->kind == MMC_FAULT_VANISH) {
			strike(d->faults, f);
			vanish(d);
		} else {
			s = f->sense;
			d->faults->cause = f;
		}
	}
	if (delays)
		arrange_delay(d);
	return s;
}

/* ---- the blocks of a command ---------------------------------------------------------------- */

uint32_t mmc_fault_good_units(struct mmc_drive *d, bool writing, uint32_t units)
{
	struct mmc_command *c = &d->cmd;
	enum mmc_fault_kind kind = writing ? MMC_FAULT_WRITE : MMC_FAULT_READ;
	int64_t end = c->lba + units, bad = end;
	struct mmc_fault *cause = NULL;

	for (unsigned i = 0; i < d->faults->count; i++) {
		struct mmc_fault *f = &d->faults->fault[i];
		int64_t first = f->first > c->lba ? f->first : c->lba;

		if (f->kind != kind || !mmc_fault_is_live(f) || (f->has_op && f->op != c->cdb[0]) ||
			first > f->last || first >= bad)
			continue;
		bad = first;
		cause = f;
	}
	if (cause && bad == c->lba) {
		if (d->faults->command != d->commands)
			begin_command(d); /* the faults came while it was in flight */
		d->faults->cause = cause;
		c->sense = mmc_fail_at(d, cause->sense, bad);
	}
	return (uint32_t)(bad - c->lba);
}

void mmc_fault_count(struct mmc_drive *d)
{
	struct mmc_fault *f = d->faults->cause;

	if (!f || d->faults->command != d->commands)
		return;
	if (is_for_blocks(f))
		count(&f->matched);
	strike(d->faults, f);
}

/* ---- from the board's side ------------------------------------------------------------------ */

void mmc_set_faults(struct mmc_drive *d, struct mmc_faults *faults)
{
	d->faults = faults && faults->count > 0 ? faults : NULL;
	if (!d->faults)
		return;
	/* The command in flight has met other faults. */
	faults->cause = NULL;
	if (faults->waits == MMC_HOLD_WAITS)
		faults->waits = MMC_HOLD_OVER;
}

void mmc_fault_release(struct mmc_drive *d, uint64_t command)
{
	if (d->faults && d->faults->command == command && d->faults->waits == MMC_HOLD_WAITS)
		d->faults->waits = MMC_HOLD_OVER;
}
