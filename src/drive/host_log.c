// SPDX-License-Identifier: GPL-2.0-or-later
#include "drive/host_log.h"

#include <stdio.h>
#include <time.h>

#include "drive/unfinished.h"
#include "protocol/format_medium.h"
#include "protocol/format_size.h"
#include "util/log.h"

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/*
 * Writes "; 3.40 GB in 9:12 (6.16 MB/s)" and ends the burn; "" if its beginning is not known, or no
 * blocks were added.
 */
static void end_burn(struct host_log *l, const struct mmc_state *now, char *out, size_t size)
{
	uint64_t us = l->began ? now_us() - l->began : 0;
	uint32_t blocks = now->recorded > l->from ? now->recorded - l->from : 0;
	uint64_t bytes = mmc_state_bytes(now, blocks);
	char burned[16], took[16], rate[16];

	out[0] = '\0';
	l->began = 0;
	if (us == 0 || bytes == 0)
		return;
	format_size(bytes, burned);
	format_duration((us + 500000) / 1000000, took);
	format_size((uint64_t)((double)bytes * 1e6 / (double)us), rate);
	snprintf(out, size, "; %s in %s (%s/s)", burned, us < 1000000 ? "less than 1 s" : took,
		rate);
}

static void log_cd(
	const char *drive, const char *image, const struct mmc_state *now, const char *pace)
{
	log_info("%s: %s is finalised, %u audio and %u data tracks, %u:%02u%s", drive, image,
		now->cd.audio, now->cd.data, now->cd.seconds / 60, now->cd.seconds % 60, pace);
}

static void log_burn(struct host_log *l, const char *image, const struct mmc_state *before,
	const struct mmc_state *now)
{
	char size[FORMAT_AMOUNT], pace[80];

	format_amount(disc_medium_of(now->type)->name, now->recorded, size);
	if (unfinished_is(now) && !unfinished_is(before)) {
		l->began = now_us();
		l->from = before->recorded;
		log_info("%s: burning to %s begins", l->drive, image);
	}
	if (now->open_track && now->open_track != before->open_track)
		log_info("%s: %s track %u (%s) of %s", l->drive,
			now->testing ? "a test burns" : "burning", now->open_track,
			now->open_track_audio ? "audio" : "data", image);
	if (now->finalised && !before->finalised && !mmc_state_is_overwritable(now)) {
		l->burns.finalised++;
		end_burn(l, now, pace, sizeof(pace));
		if (now->cd.seconds > 0)
			log_cd(l->drive, image, now, pace);
		else
			log_info("%s: %s is finalised, %u blocks, %s%s", l->drive, image,
				now->recorded, size, pace);
	} else if (now->sessions > before->sessions && !now->testing && !before->testing) {
		l->burns.sessions++;
		end_burn(l, now, pace, sizeof(pace));
		log_info("%s: session %u of %s is closed, %s are recorded; the disc is open for "
			 "more%s",
			l->drive, before->sessions, image, size, pace);
	}
}

static void on_engine_state(void *ctx, const struct mmc_state *before, const struct mmc_state *now,
	const struct image *in)
{
	struct host_log *l = ctx;
	const char *drive = l->drive, *image = in->name ? in->name : "the disc";

	if (now->ejected_by_host && !before->ejected_by_host)
		log_info("%s: the host ejected %s", drive, image);
	if (!now->ejected_by_host && before->ejected_by_host && now->loaded)
		log_info("%s: the host loaded %s again", drive, image);
	if (in->recordable && before->loaded && now->loaded)
		log_burn(l, image, before, now);
	else
		l->began = 0;
	if (before->loaded && !now->loaded && unfinished_is(before))
		l->burns.unfinished++;
	if (now->locked != before->locked)
		log_debug("%s: the host %s the drive", drive, now->locked ? "locked" : "unlocked");
}

const struct drive_observer host_log_observer = {.engine_state = on_engine_state};
