// SPDX-License-Identifier: GPL-2.0-or-later
/* How a disc begins and ends: the rule of sizes, the kept layout, whether the two fit. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "disc/disc_int.h"
#include "util/array.h"
#include "util/crc32.h"

/* ---- the checksum that tells images apart ------------------------------------------------- */

static int check_image(struct media *m, uint32_t blocks, uint32_t *crc)
{
	uint8_t block[MEDIA_BLOCK];
	int r = 0;

	*crc = 0;
	for (uint32_t i = 0; i < blocks && r == 0; i++) {
		r = media_read(m, i, 1, block);
		if (r == 0)
			*crc = crc32_add(*crc, block, sizeof(block));
	}
	return r;
}

uint32_t disc_max_unsaved(const struct disc *d)
{
	return d->store && d->checked < DISC_STATE_CHECKED ? DISC_MAX_UNSAVED_LEAST
							   : d->max_unsaved;
}

static int put_text(void *disc)
{
	struct disc *d = disc;

	return d->saving.len ? store_save(d->store, d->saving.text, d->saving.len)
			     : store_remove(d->store);
}

/*
 * Where the medium has somewhere to wait, this comes again until it is done. Meanwhile
 * the layout may have become another one: then the answer is that one's, not this one's.
 */
static int save_text(struct disc *d, const char *text, size_t len)
{
	bool same = d->saving.len == len && memcmp(d->saving.text, text, len) == 0;
	int r;

	if (d->saving.under_way) {
		r = media_run(d->media, put_text, d);
		if (r == -EAGAIN || same) {
			d->saving.under_way = r == -EAGAIN;
			return r;
		}
	}
	memcpy(d->saving.text, text, len);
	d->saving.len = len;
	r = media_run(d->media, put_text, d);
	d->saving.under_way = r == -EAGAIN;
	return r;
}

int disc_save(struct disc *d)
{
	struct disc_state s = {
		.capacity = d->capacity,
		.layout = d->layout,
	};
	char text[STORE_TEXT_MAX];

	if (!d->store)
		return 0;
	if (d->layout.finalised && !disc_layout_needs_state(&d->layout))
		return save_text(d, "", 0);
	/* What is recorded never changes: once is enough. */
	s.checked = MIN(d->layout.track[0].written, DISC_STATE_CHECKED);
	if (s.checked != d->checked) {
		d->checked = 0;
		if (check_image(d->media, s.checked, &d->check) == 0)
			d->checked = s.checked;
	}
	s.checked = d->checked;
	s.check = d->check;
	s.max_unsaved = disc_max_unsaved(d);
	strcpy(s.boot, d->store->boot);
	return save_text(d, text, disc_state_encode(&s, text));
}

/* ---- opening -------------------------------------------------------------------------------- */

static void one_track(struct disc *d, uint32_t written, enum disc_track_state state)
{
	d->layout = (struct disc_layout){
		.finalised = state == DISC_TRACK_CLOSED,
		.sessions = 1,
		.tracks = 1,
		.track[0] = {.session = 1, .written = written, .state = state},
	};
}

static void be_rom(struct disc *d, const char *read_only)
{
	d->type = DISC_DVD_ROM;
	d->read_only = read_only;
	d->capacity = d->media->blocks > 0xfffffffe ? 0xfffffffe : (uint32_t)d->media->blocks;
	one_track(d, d->capacity, DISC_TRACK_CLOSED);
}

static void be_blank(struct disc *d, uint32_t capacity)
{
	d->type = DISC_DVD_PLUS_R;
	d->capacity = capacity ? capacity : DISC_DVD_PLUS_R_BLOCKS;
	one_track(d, 0, DISC_TRACK_INVISIBLE);
}

/* NULL, or why this state is not of this image. */
static const char *misfit(struct disc *d, const struct disc_state *s)
{
	uint32_t end = disc_layout_end(&s->layout), crc;
	uint64_t blocks = d->media->blocks;

	if (blocks < end || (blocks == end && d->media->tail))
		return "its state tells of more blocks than the image has";
	if (blocks > (uint64_t)end + (s->layout.finalised ? 0 : s->max_unsaved))
		return "the image has more blocks than its state can have missed";
	if (check_image(d->media, s->checked, &crc) < 0)
		return "the image cannot be read where its state would be checked";
	if (crc != s->check)
		return "its state is that of another image";
	return NULL;
}

/* A burn that ended without us: what was written behind the saved layout. */
static void take_rest(struct disc *d, const struct disc_state *s)
{
	struct disc_track *t = disc_layout_open(&d->layout);
	uint64_t blocks = d->media->blocks - (d->media->tail ? 1 : 0);
	uint32_t end = disc_layout_end(&d->layout);
	bool same_boot = s->boot[0] && strcmp(s->boot, d->store->boot) == 0;

	if (d->media->blocks == end)
		return;
	/* Written since this machine started: it is there, and storage takes it now or says no. */
	d->media->dirty = true;
	if (t)
		blocks = MIN(blocks, t->reserved ? t->start + t->reserved : d->capacity);
	if (same_boot && t && blocks > t->start && media_sync(d->media) == 0) {
		d->adopted = (uint32_t)blocks - MAX(end, t->start);
		t->written = (uint32_t)blocks - t->start;
		t->state = DISC_TRACK_OPEN;
	}
	d->dropped = (uint32_t)(d->media->blocks - MAX(disc_layout_end(&d->layout), end));
	if (media_truncate(d->media, disc_layout_end(&d->layout)) < 0)
		be_rom(d, "the rest of a cut burn could not be taken off its end");
}

/* Recorded, and not to be gone on with: what is open counts as closed. */
static void freeze(struct disc *d)
{
	struct disc_layout *l = &d->layout;
	struct disc_track *t = disc_layout_open(l);

	if (t && t->written)
		t->state = DISC_TRACK_CLOSED;
	else if (t)
		l->tracks--;
	if (l->tracks == 0) {
		be_rom(d, NULL);
	} else {
		l->sessions = l->track[l->tracks - 1].session;
		l->finalised = true;
	}
}

static void use_state(struct disc *d, const struct disc_state *s)
{
	const char *why = misfit(d, s);

	if (why) {
		be_rom(d, why);
		return;
	}
	d->layout = s->layout;
	d->checked = s->checked;
	d->check = s->check;
	d->capacity = s->capacity;
	d->type = DISC_DVD_PLUS_R;
	if (d->layout.finalised) {
		d->type = DISC_DVD_ROM;
		d->capacity = disc_layout_end(&d->layout);
	} else if (d->media->writable) {
		take_rest(d, s);
	} else {
		freeze(d);
		d->read_only = "the image cannot be written";
	}
}

static void begin(struct disc *d, uint32_t capacity)
{
	char text[STORE_TEXT_MAX];
	struct disc_state s;
	int n = d->store ? store_load(d->store, text, sizeof(text)) : -ENOENT;
	int settled = d->store ? store_sync_found(d->store, d->media->writable) : 0;
	const char *why;

	if (n == -ENOENT && settled == 0) {
		if (d->media->blocks == 0 && d->media->writable)
			be_blank(d, capacity);
		else
			be_rom(d, NULL);
		return;
	}
	if (n < 0 || settled < 0) {
		be_rom(d, "its state cannot be read");
		return;
	}
	why = disc_state_decode(text, (size_t)n, &s);
	if (why)
		be_rom(d, why);
	else
		use_state(d, &s);
}

struct disc *disc_open(const struct disc_options *o)
{
	struct disc *d = calloc(1, sizeof(*d));

	if (!d) {
		media_close(o->media);
		store_close(o->store);
		return NULL;
	}
	d->media = o->media;
	d->store = o->store;
	d->max_unsaved =
		o->max_unsaved ? MAX(o->max_unsaved, DISC_MAX_UNSAVED_LEAST) : DISC_MAX_UNSAVED;
	d->refs = 1;
	d->release = o->release;
	d->release_ctx = o->release_ctx;
	begin(d, o->capacity);
	d->data_end = disc_layout_end(&d->layout);
	d->safe_end = d->data_end - d->adopted;
	d->limit = d->capacity;
	if (o->room && !d->layout.finalised)
		d->limit = (uint32_t)MIN(
			(uint64_t)disc_layout_end(&d->layout) + o->room, (uint64_t)d->capacity);
	if (d->type == DISC_DVD_ROM)
		d->media->writable = false;
	else if (d->adopted)
		(void)disc_sync(d);
	return d;
}

struct disc *disc_new(struct media *media, uint32_t capacity, disc_release_fn *release, void *ctx)
{
	struct disc_options o = {
		.media = media,
		.capacity = capacity,
		.release = release,
		.release_ctx = ctx,
	};

	return disc_open(&o);
}

void disc_destroy(struct disc *d)
{
	if (!d)
		return;
	if (d->media) {
		media_wait(d->media);
		(void)disc_test_write(d, false);
		/* On failure the medium has complained; the layout counts what is there. */
		int r = disc_sync(d);

		/* Nothing came of it: it is a fresh blank again. */
		if (r == 0 && d->store && d->store->present && disc_is_blank(d) &&
			d->media->writable && d->media->blocks == 0)
			(void)store_remove(d->store);
	}
	media_close(d->media);
	store_close(d->store);
	free(d);
}
