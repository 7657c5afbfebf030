// SPDX-License-Identifier: GPL-2.0-or-later
/* Opens discs, counts references, and destroys discs. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "disc/compact_int.h"
#include "disc/disc_int.h"
#include "disc/model.h"
#include "util/array.h"

/* ---- opening -------------------------------------------------------------------------------- */

static void drop_recorder(struct disc *d)
{
	disc_cd_free_all(d->cd);
	disc_compact_free(d->compact);
	d->cd = NULL;
	d->compact = NULL;
}

/* Gives a CD-R or CD-RW a recorder with nothing recorded yet. False: no memory. */
static bool make_recorder(struct disc *d)
{
	d->compact = disc_compact_new(NULL, NULL, 0);
	d->cd = disc_cd_new();
	if (d->compact && d->cd)
		return true;
	drop_recorder(d);
	return false;
}

/*
 * Makes a CD-ROM of a CD-R or CD-RW whose state cannot be used. Only the state says where sectors
 * begin, so the image is read as blocks of 2048 bytes, even if it has sectors of other sizes.
 */
static void make_cd_rom(struct disc *d)
{
	d->medium = disc_medium_of(DISC_CD_ROM);
	d->model = d->medium->model;
	d->capacity = (uint32_t)MIN(d->media->blocks / MEDIA_BLOCK, (uint64_t)CD_LBA_END);
	disc_layout_one_track(&d->layout, d->capacity, DISC_TRACK_CLOSED);
}

/* Makes the disc read-only with all blocks of the image; read_only: why it cannot be recorded. */
static void make_rom(struct disc *d, const struct disc_options *o, const char *read_only)
{
	bool fits = o->rom && d->media->blocks <= o->rom->largest_image && !read_only;

	d->medium = fits ? o->rom : disc_medium_of_image(d->media->blocks);
	d->format = DISC_UNFORMATTED;
	d->model = d->medium->model;
	d->intent = DISC_INTENT_NONE;
	d->layer_break = 0;
	d->read_only = read_only;
	drop_recorder(d);
	if (d->media->unit == 1) {
		make_cd_rom(d);
		return;
	}
	d->capacity = d->media->blocks > 0xfffffffe ? 0xfffffffe : (uint32_t)d->media->blocks;
	disc_layout_one_track(&d->layout, d->capacity, DISC_TRACK_CLOSED);
}

/* Gives the disc the sectors of the map, or of a plain image. False: no memory. */
static bool make_compact(struct disc *d, const struct disc_options *o)
{
	assert(!o->map || d->media->unit == 1);
	d->compact = disc_compact_new(o->map, o->map_file, d->capacity);
	if (!d->compact)
		return false;
	disc_compact_layout(d->compact, &d->layout);
	d->capacity = disc_layout_end(&d->layout);
	return true;
}

static void make_blank(struct disc *d, const struct disc_options *o)
{
	d->medium = o->medium ? o->medium : disc_medium_of_blank();
	d->capacity = o->capacity ? o->capacity : d->medium->capacity;
	disc_layout_one_track(&d->layout, 0, DISC_TRACK_INVISIBLE);
	if (d->medium->formatted) {
		d->format = DISC_FORMATTED;
		disc_layout_one_track(
			&d->layout, MIN(d->medium->formatted, d->capacity), DISC_TRACK_CLOSED);
		/* Without a state file, the image would be another disc once it is recorded. */
		d->store_uncertain = true;
	}
	d->model = disc_model_of(d->medium, d->format);
	if (d->model->compact && make_recorder(d))
		disc_cd_refresh(d);
}

/*
 * True if the image is the one that was to be cut. Its length and time were on storage before the
 * state announced the cut, so after a power cut it has the same time, and the same length or less:
 * some file systems cut a large file in several steps, and change its time only with the last one.
 */
static bool is_image_to_cut(const struct media *m, const struct disc_state *s)
{
	const struct media_stamp *was = &s->truncate_stamp, *is = &m->stamp;

	return s->truncate_stamped && is->bytes <= was->bytes && is->seconds == was->seconds &&
	       is->nanoseconds == was->nanoseconds;
}

/*
 * Cuts the image as the state announces: power failed before the cut was done and synced. Somebody
 * may have given the name to another file since, whose data is not to be lost. NULL, or why the
 * image was not cut.
 */
static const char *cut_as_announced(
	struct disc *d, const struct disc_options *o, const struct disc_state *s)
{
	bool is_short = d->media->stamp.bytes <= (uint64_t)s->truncate_to * d->media->unit;

	if (!is_short && !o->erasing && !is_image_to_cut(d->media, s))
		return "its state file announces that an image is to be erased, and this one is "
		       "another or was changed since; erase it, or delete its state file";
	if (!d->media->writable)
		return "the image cannot be written, and it is still to be erased";
	if (media_truncate(d->media, s->truncate_to) < 0)
		return "the image could not be erased";
	d->intent = DISC_INTENT_TRUNCATE;
	d->intent_blocks = s->truncate_to;
	d->intent_stamp = s->truncate_stamp;
	d->replaced = s->format;
	/* A daemon that died may have cut the image without syncing it. */
	d->media->dirty = true;
	return NULL;
}

/* NULL, or why the disc is not what the state says. */
static const char *use_state(
	struct disc *d, const struct disc_options *o, const struct disc_state *s)
{
	const struct disc_medium *m = s->medium;
	const char *why = NULL;

	if (s->unit != d->media->unit)
		return "the blocks of the image are of another size than its state file says";
	if (s->truncate)
		why = cut_as_announced(d, o, s);
	if (!why && m->model->compact && m->model->recordable && !make_recorder(d))
		why = "there is no memory for what its state file says";
	if (!why)
		why = disc_model_of(m, s->format)->misfit(d, s);
	if (why)
		return why;
	bool changes_type = s->layout.finalised && m->when_finalised != m->type;
	d->medium = changes_type ? disc_medium_of(m->when_finalised) : m;
	d->capacity = changes_type ? disc_layout_end(&s->layout) : s->capacity;
	d->format = changes_type ? DISC_UNFORMATTED : s->format;
	d->model = disc_model_of(d->medium, d->format);
	d->layer_break = s->layer_break;
	return d->model->resume(d, s);
}

/* A compact disc that is no plain image. It has no state: its map says everything. */
static void use_map(struct disc *d)
{
	d->medium = disc_medium_of(DISC_CD_ROM);
	d->model = d->medium->model;
}

static void read_state(struct disc *d, const struct disc_options *o)
{
	char text[STORE_TEXT_MAX];
	struct disc_state s;
	int n = d->store ? store_load(d->store, text, sizeof(text)) : -ENOENT;
	int synced = d->store ? store_sync_found(d->store, d->media->writable) : 0;
	const char *why;

	d->had_state = n != -ENOENT;
	if (n == -ENOENT && synced == 0) {
		if (d->media->blocks == 0 && d->media->writable)
			make_blank(d, o);
		else
			make_rom(d, o, NULL);
		return;
	}
	if (n < 0 || synced < 0) {
		make_rom(d, o, "its state file cannot be read");
		return;
	}
	why = disc_state_decode(text, (size_t)n, o->medium, &s);
	if (!why)
		why = use_state(d, o, &s);
	if (why)
		make_rom(d, o, why);
}

/*
 * Syncs what a daemon that died, or a power cut, has left unsynced. If that fails, overwritten
 * blocks may be lost that were answered GOOD: the next disc_sync() reports it to the host.
 */
static void sync_found(struct disc *d)
{
	bool rewritable = d->model->rewritable;
	int r = DISC_OK;

	if (d->adopted || d->intent || (rewritable && d->media->dirty))
		r = disc_sync(d);
	if (r < 0 && rewritable)
		d->unreported_error = r;
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
	d->keep_state = o->keep_state;
	d->refs = 1;
	d->release = o->release;
	d->release_ctx = o->release_ctx;
	if (o->map)
		use_map(d);
	else
		read_state(d, o);
	if (d->model->compact && !d->compact && (d->model->recordable || !make_compact(d, o))) {
		media_close(o->media);
		store_close(o->store);
		free(d);
		return NULL;
	}
	d->data_end = disc_image_end(d);
	d->safe_end = d->cd ? (uint32_t)d->cd->counted : d->data_end - d->adopted;
	d->room_end = o->room ? d->media->blocks + (uint64_t)o->room * disc_image_scale(d) : 0;
	disc_set_limit(d);
	if (!disc_medium_is_recordable(d->medium))
		d->media->writable = false;
	else
		sync_found(d);
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

/* ---- references, destroying ----------------------------------------------------------------- */

/*
 * True if an image of 0 bytes alone gives the same disc, wherever it is opened: a blank that was
 * not recorded. A state that was there before the disc was opened stays: in a drive whose
 * blanks are of another medium (disc_options.medium), only the state says what this one is.
 */
static bool is_plain_blank(const struct disc *d)
{
	return disc_is_blank(d) && d->medium == disc_medium_of_blank() && d->media->writable &&
	       d->media->blocks == 0 && !d->had_state;
}

void disc_destroy(struct disc *d)
{
	if (!d)
		return;
	if (d->media) {
		media_wait(d->media);
		(void)disc_test_write(d, false);
		/* A failure is logged by the medium; the saved layout counts only synced blocks. */
		int r = disc_sync(d);

		if (r == 0 && d->store && d->store->present && is_plain_blank(d))
			(void)store_remove(d->store);
	}
	if (d->moved.folder)
		d->moved.folder->ops->close(d->moved.folder);
	media_close(d->media);
	store_close(d->store);
	drop_recorder(d);
	free(d);
}

struct disc *disc_get(struct disc *d)
{
	if (d)
		d->refs++;
	return d;
}

void disc_put(struct disc *d)
{
	if (!d)
		return;
	assert(d->refs > 0);
	if (--d->refs > 0)
		return;
	if (d->release)
		d->release(d, d->release_ctx);
	else
		disc_destroy(d);
}
