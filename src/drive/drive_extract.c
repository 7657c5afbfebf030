// SPDX-License-Identifier: GPL-2.0-or-later
#include "drive/drive_extract.h"

/* Returns the blocks written by all drives of the daemon, because they may share a card. */
static uint64_t written(void *drives)
{
	const struct drives *set = drives;
	uint64_t blocks = 0;
	struct mmc_state m;

	for (unsigned i = 0; i < set->count; i++) {
		engine_thread_get_state(set->drive[i]->engine, &m);
		blocks += m.blocks_written;
	}
	return blocks;
}

int drive_extract_new(struct drive *d, struct drives *set, sd_event *event)
{
	const struct extract_jobs_config ec = {
		.drive = d->name,
		.media = d->media,
		.catalog = d->catalog,
		.holders = d->opener.holders,
		.policy = d->opener.policy,
		.written = written,
		.ctx = set,
	};

	return extract_jobs_new(&ec, event, &d->extract);
}
