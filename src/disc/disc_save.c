// SPDX-License-Identifier: GPL-2.0-or-later
/* Saving, common to all write models: data to storage, then the layout to the store. */
#include <errno.h>
#include <string.h>

#include "disc/disc_int.h"
#include "disc/model.h"
#include "util/array.h"
#include "util/crc32.h"

/* ---- the layout ------------------------------------------------------------------------------ */

int disc_check_image(struct media *m, uint32_t blocks, uint32_t *crc)
{
	uint8_t buf[MEDIA_UNIT_MAX];
	uint32_t most = sizeof(buf) / m->unit;
	int r = 0;

	*crc = 0;
	for (uint32_t i = 0, n; i < blocks && r == 0; i += n) {
		n = MIN(most, blocks - i);
		r = media_read(m, i, n, buf);
		if (r == 0)
			*crc = crc32_add(*crc, buf, (size_t)n * m->unit);
	}
	return r;
}

uint32_t disc_max_unsaved(const struct disc *d)
{
	uint32_t scale = disc_image_scale(d);
	bool tells = !d->store || d->checked >= DISC_STATE_CHECKED * scale;
	uint64_t most = (uint64_t)(tells ? d->max_unsaved : DISC_MAX_UNSAVED_LEAST) * scale;

	return (uint32_t)MIN(most, (uint64_t)UINT32_MAX);
}

void disc_image_moved(struct disc *d, struct folder *folder, const char *name)
{
	if (!d->store || !d->media->writable || strlen(name) > STORE_NAME_MAX) {
		folder->ops->close(folder);
		return;
	}
	if (d->moved.folder)
		d->moved.folder->ops->close(d->moved.folder);
	d->moved.folder = folder;
	strcpy(d->moved.name, name);
	/* The next disc_sync() is to save the layout, although it has not changed. */
	d->store_uncertain = true;
}

bool disc_state_missing(struct disc *d)
{
	/* While a text is being saved, its file may be missing for a moment. */
	if (!d->store || !d->media->writable || d->saving.under_way || !d->store->present)
		return false;
	d->store_uncertain = true;
	return true;
}

/* The text that is saved next moves to the image's new place. */
static void take_new_place(struct disc *d)
{
	if (!d->moved.folder)
		return;
	d->saving.to = d->moved.folder;
	memcpy(d->saving.to_name, d->moved.name, sizeof(d->saving.to_name));
	d->moved.folder = NULL;
}

/* For media_run(): saves d->saving.text as the state file, or removes the state file. */
static int store_text(void *disc)
{
	struct disc *d = disc;
	struct folder *to = d->saving.to;

	d->saving.to = NULL;
	if (d->saving.len == 0)
		store_mark_burned(d->store, to, d->saving.to_name);
	if (to)
		return store_move(d->store, to, d->saving.to_name, d->saving.text, d->saving.len);
	return d->saving.len ? store_save(d->store, d->saving.text, d->saving.len)
			     : store_remove(d->store);
}

/*
 * A medium with a thread answers -EAGAIN until the text is in the store. If the layout has
 * changed meanwhile, the result belongs to the old text, and the new text is saved next.
 */
static int save_text(struct disc *d, const char *text, size_t len)
{
	bool same =
		!d->moved.folder && d->saving.len == len && memcmp(d->saving.text, text, len) == 0;
	int r;

	if (d->saving.under_way) {
		r = media_run(d->media, store_text, d);
		if (r == -EAGAIN || same) {
			d->saving.under_way = r == -EAGAIN;
			return r;
		}
	}
	memcpy(d->saving.text, text, len);
	d->saving.len = len;
	take_new_place(d);
	r = media_run(d->media, store_text, d);
	d->saving.under_way = r == -EAGAIN;
	return r;
}

/* Recorded blocks of a sequential disc never change, so one checksum of the first is enough. */
static void check_first_blocks(struct disc *d, struct disc_state *s)
{
	s->checked = d->cd ? MIN(disc_image_end(d), DISC_STATE_CHECKED * disc_image_scale(d))
			   : MIN(d->layout.track[0].written, DISC_STATE_CHECKED);
	if (s->checked != d->checked) {
		d->checked = 0;
		if (disc_check_image(d->media, s->checked, &d->check) == 0)
			d->checked = s->checked;
	}
	s->checked = d->checked;
	s->check = d->check;
	s->max_unsaved = disc_max_unsaved(d);
}

/* True if the image alone, opened without a state, is the same disc. */
static bool image_gives_layout(const struct disc *d)
{
	return d->layout.finalised && !d->keep_state && !disc_layout_needs_state(&d->layout) &&
	       disc_medium_shows_in_image(d->medium, disc_layout_end(&d->layout));
}

static int save_layout(struct disc *d)
{
	struct disc_state s = {
		.medium = d->medium,
		.format = d->format,
		.capacity = d->capacity,
		.layer_break = d->layer_break,
		.unit = (uint16_t)d->media->unit,
		.truncate = d->intent == DISC_INTENT_TRUNCATE,
		.truncate_stamped = d->intent == DISC_INTENT_TRUNCATE,
		.truncate_to = d->intent_blocks,
		.truncate_stamp = d->intent_stamp,
		.layout = d->layout,
	};
	char text[STORE_TEXT_MAX];

	if (!d->store)
		return 0;
	if (d->cd)
		s.cd = d->cd->now;
	if (image_gives_layout(d))
		return save_text(d, "", 0);
	if (d->model->counts_recorded)
		check_first_blocks(d, &s);
	else if (d->format == DISC_INTERMEDIATE)
		s.max_unsaved = d->max_unsaved;
	strcpy(s.boot, d->store->boot);
	return save_text(d, text, disc_state_encode(&s, text));
}

/*
 * The data stays on storage even if its layout could not be saved: the store may have
 * got that layout all the same, and would count blocks that are gone.
 */
int disc_save(struct disc *d)
{
	int r = save_layout(d);

	d->store_uncertain = r < 0;
	if (r == 0) {
		d->safe_end = disc_image_end(d);
		d->saved = true;
		if (d->intent == DISC_INTENT_DONE)
			d->intent = DISC_INTENT_NONE;
	}
	return r;
}

int disc_commit(struct disc *d, const struct disc_layout *before)
{
	int r = d->testing ? DISC_OK : disc_save(d);

	if (r < 0)
		d->layout = *before;
	return r;
}

/* ---- the data ------------------------------------------------------------------------------- */

int disc_wait_written(struct disc *d)
{
	uint64_t lost;
	int r = d->testing ? 0 : media_wait_written(d->media, &lost);

	if (r == 0)
		d->written_end = d->media->blocks;
	else if (r != -EAGAIN)
		d->model->lost(d, MAX(lost, d->data_end));
	return r;
}

int disc_sync_data(struct disc *d)
{
	int r = media_sync(d->media);

	if (r == 0) {
		d->data_end = disc_image_end(d);
		d->overwritten = 0;
		if (d->intent == DISC_INTENT_TRUNCATE)
			d->intent = DISC_INTENT_DONE;
	} else if (r != -EAGAIN) {
		d->model->lost(d, d->data_end);
	}
	return r;
}

int disc_announce_cut(struct disc *d, uint32_t blocks)
{
	int r = 0;

	if (!d->media->stamped && d->saving.under_way) {
		/* Ends the saving of an older text: the medium's thread does one thing at a time.
		 */
		r = media_run(d->media, store_text, d);
		d->saving.under_way = r == -EAGAIN;
		if (r == -EAGAIN)
			return r;
	}
	r = media_stamp(d->media);
	if (r < 0)
		return r;
	d->intent = DISC_INTENT_TRUNCATE;
	d->intent_blocks = blocks;
	d->intent_stamp = d->media->stamp;
	d->replaced = d->format;
	return 0;
}

int disc_sync_before_change(struct disc *d)
{
	int r;

	if (d->testing)
		return DISC_OK;
	r = disc_wait_written(d);
	if (r == 0)
		r = media_truncate(d->media, disc_image_end(d));
	return r == 0 ? disc_sync_data(d) : r;
}

static bool is_on_storage(const struct disc *d)
{
	return disc_unsynced(d) == 0 && !d->media->dirty && !d->store_uncertain &&
	       d->intent == DISC_INTENT_NONE;
}

int disc_sync(struct disc *d)
{
	int r = d->unreported_error;

	d->unreported_error = 0;
	if (r < 0)
		return r;
	if (d->testing || !d->media->writable || is_on_storage(d))
		return DISC_OK;
	r = disc_wait_written(d);
	if (r == 0)
		r = disc_sync_data(d);
	if (r < 0)
		return r;
	if (!d->model->counts_recorded && !d->store_uncertain && d->intent == DISC_INTENT_NONE &&
		d->safe_end == disc_image_end(d))
		return DISC_OK;
	return disc_save(d);
}

uint32_t disc_unsynced(const struct disc *d)
{
	/* During a test write, only the layout `real` counts what is on the medium. */
	uint32_t more;

	if (d->cd)
		more = disc_cd_unsynced(
			d->cd, d->safe_end, (uint32_t)(d->testing ? d->cd->real_end : d->cd->end));
	else
		more = disc_layout_end(d->testing ? &d->real : &d->layout) - d->safe_end;
	return more + d->overwritten + (d->unreported_error ? 1 : 0);
}

int disc_stop_format(struct disc *d)
{
	int r = disc_sync(d);

	if (r == DISC_OK)
		d->formatting = false;
	return r;
}

/* ---- replacing layout and data --------------------------------------------------------------- */

/* The layout of a CD does not tell what was recorded before its program area. */
static bool is_replaced(const struct disc *d, const struct disc_layout *layout,
	enum disc_format format, uint32_t blocks)
{
	const struct disc_track *t = &d->layout.track[0], *new = &layout->track[0];

	return (!d->cd || disc_cd_is_empty(d->cd)) && d->format == format &&
	       d->layout.tracks == 1 && layout->tracks == 1 &&
	       d->layout.finalised == layout->finalised && d->layout.sessions == layout->sessions &&
	       t->state == new->state && t->written == new->written && d->media->blocks <= blocks;
}

/* Announces the new layout, then cuts the image. On failure the disc is as before. */
static int begin_replacing(
	struct disc *d, const struct disc_layout *layout, enum disc_format format, uint32_t blocks)
{
	const struct disc_layout before = d->layout;
	const enum disc_format format_before = d->format;
	const uint32_t safe_before = d->safe_end;
	int r = disc_announce_cut(d, blocks);

	if (r < 0) {
		/* As after a sync that failed. */
		if (r != -EAGAIN)
			d->model->lost(d, d->data_end);
		return r;
	}
	if (d->cd) {
		disc_cd_keep(d);
		disc_cd_reset(d);
	} else {
		d->layout = *layout;
	}
	d->format = format;
	d->model = disc_model_of(d->medium, format);
	d->checked = 0;
	r = disc_save(d);
	if (r == 0)
		r = media_truncate(d->media, blocks);
	if (r == 0) {
		d->written_end = d->media->blocks;
		return 0;
	}
	if (d->cd)
		disc_cd_restore(d);
	else
		d->layout = before;
	d->format = format_before;
	d->model = disc_model_of(d->medium, format_before);
	d->safe_end = safe_before;
	d->intent = DISC_INTENT_NONE;
	d->store_uncertain = true;
	return r;
}

void disc_set_limit(struct disc *d)
{
	uint32_t end = disc_image_end(d);
	uint64_t room = d->room_end > end ? d->room_end - end : 0;

	d->limit = d->capacity;
	if (d->cd)
		disc_cd_set_room(d, d->room_end ? room : UINT64_MAX);
	if (d->room_end == 0 || d->layout.finalised || d->cd)
		return;
	room -= room % d->medium->ecc_blocks;
	d->limit = (uint32_t)MIN(end + MAX(room, 1u), (uint64_t)d->capacity);
}

int disc_replace(
	struct disc *d, const struct disc_layout *layout, enum disc_format format, uint32_t blocks)
{
	int r = disc_wait_written(d);

	if (r == 0 && !is_replaced(d, layout, format, blocks))
		r = begin_replacing(d, layout, format, blocks);
	if (r == 0 && d->intent == DISC_INTENT_TRUNCATE)
		r = disc_sync_data(d);
	if (r == 0 && d->intent == DISC_INTENT_DONE)
		r = disc_save(d);
	/* Storage has the room of the old data again. */
	if (r == 0)
		disc_set_limit(d);
	return r;
}

int disc_set_layer_break(struct disc *d, uint32_t blocks)
{
	int r;

	if (d->medium->layer_break == 0)
		return DISC_CLOSED;
	if (!disc_layer_break_is_possible(d->medium, blocks))
		return DISC_OUT_OF_RANGE;
	if (!disc_is_blank(d) || d->layer_break || d->layout.sessions > 1)
		return DISC_TRACK_FULL;
	d->layer_break = blocks;
	if (d->testing)
		return DISC_OK;
	r = disc_save(d);
	if (r < 0)
		d->layer_break = 0;
	return r;
}

/* ---- test write ------------------------------------------------------------------------------ */

int disc_test_write(struct disc *d, bool on)
{
	int r = DISC_OK;

	if (on == d->testing || (on && (!d->model->has_test_write || d->medium->no_test_write)))
		return DISC_OK;
	if (on) {
		r = disc_sync(d);
		if (r < 0)
			return r;
		d->real = d->layout;
		d->real_layer_break = d->layer_break;
	} else {
		d->layout = d->real;
		d->layer_break = d->real_layer_break;
	}
	d->testing = on;
	if (d->cd)
		disc_cd_test(d, on);
	return r;
}
