// SPDX-License-Identifier: GPL-2.0-or-later
#include "image/image_compact.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compact/decoder.h"
#include "util/array.h"
#include "util/log.h"

uint64_t image_compact_size(const struct resolver_disc *d)
{
	uint64_t size = 0;

	for (unsigned i = 0; i < d->map.files; i++)
		size += d->file[i].size;
	return size;
}

static int refuse_file(
	struct refusal *why, int error, const struct library_file *text, const char *name)
{
	if (error == -EBUSY)
		return image_refuse(why, error, "in-use",
			"\"%s\", a file of \"%s\", is being written by another program", name,
			text->base);
	if (error == -ESTALE || error == -ENOENT)
		return image_refuse(why, -ESTALE, "in-use",
			"\"%s\", a file of \"%s\", changed just now; ask again", name, text->base);
	return image_refuse(why, error, "io-error",
		"\"%s\", a file of \"%s\", cannot be opened: %s", name, text->base,
		strerror(-error));
}

static int32_t read_samples(void *decoder, unsigned file, uint64_t at, void *buf, uint32_t len)
{
	return decoder_read(decoder, file, at, buf, len);
}

static void close_decoder(void *decoder)
{
	decoder_free(decoder);
}

/* 1: the disc has files that are compressed, and *out decodes them; 0; -errno with *why. */
static int start_decoder(const struct library_file *text, const struct resolver_disc *d,
	const int *fd, struct media_decoder *out, struct refusal *why)
{
	int flac[CD_MAX_FILES], r;
	struct decoder *decoder;
	unsigned count = 0;

	for (unsigned i = 0; i < d->map.files; i++) {
		flac[i] = d->decoded[i] ? fd[i] : -1;
		count += d->decoded[i] != 0;
	}
	if (count == 0)
		return 0;
	r = decoder_new(flac, d->map.files, &decoder);
	if (r < 0)
		return image_refuse(why, r, "resolver-failed",
			"\"%s\" cannot be read: mmcgadget-decoder, which decodes its files, "
			"cannot be started: %s",
			text->base, strerror(-r));
	*out = (struct media_decoder){d->decoded, read_samples, close_decoder, decoder};
	return 1;
}

static int open_files(const struct library_file *text, const struct resolver_disc *d,
	uint64_t *begin, struct media **out, struct refusal *why)
{
	struct media_decoder decoder;
	int fd[CD_MAX_FILES] = {-1}, r;
	unsigned n, bad;

	for (n = 0; n < d->map.files; n++) {
		fd[n] = compact_parts_open(text, &d->file[n]);
		if (fd[n] < 0)
			break;
	}
	if (n < d->map.files) {
		r = refuse_file(why, fd[n], text, d->file[n].name);
		while (n > 0)
			close(fd[--n]);
		return r;
	}
	r = start_decoder(text, d, fd, &decoder, why);
	if (r < 0) {
		while (n > 0)
			close(fd[--n]);
		return r;
	}
	/* It takes the descriptors and the decoder over in any case. */
	r = media_files_open_decoded(fd, n, r ? &decoder : NULL, begin, out, &bad);
	return r < 0 && n > 0 ? refuse_file(why, r, text, d->file[bad].name) : r;
}

/* FNV-1a of 64 bits. */
static uint64_t add_number(uint64_t hash, uint64_t number)
{
	for (unsigned i = 0; i < 64; i += 8)
		hash = (hash ^ (number >> i & 0xff)) * UINT64_C(0x100000001b3);
	return hash;
}

/* Not the bytes of the structures: their padding may be anything. */
uint64_t image_compact_composition(const struct resolver_disc *d)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);
	const struct cd_map *m = &d->map;

	h = add_number(add_number(h, m->first_track), m->sessions);
	for (unsigned i = 0; i < m->tracks; i++) {
		const struct cd_track *t = &m->track[i];

		h = add_number(add_number(h, (uint32_t)t->start), t->pregap);
		h = add_number(add_number(h, t->length), t->session);
		h = add_number(add_number(h, t->control), t->form);
	}
	for (unsigned i = 0; i < m->extents; i++) {
		const struct cd_extent *e = &m->extent[i];

		h = add_number(add_number(h, (uint32_t)e->lba), e->count);
		h = add_number(add_number(h, e->offset), e->file);
		h = add_number(add_number(h, e->unit), e->swapped);
		h = add_number(add_number(add_number(h, e->subs), e->sub_file), e->sub_offset);
	}
	for (unsigned i = 0; i < m->files; i++) {
		const struct resolver_file *f = &d->file[i];

		h = add_number(add_number(add_number(h, f->dev), f->ino), f->size);
	}
	return h;
}

static int open_resolved(const struct library_file *f, const struct resolver_disc *d,
	const struct image_policy *policy, struct image *out, struct refusal *why)
{
	uint64_t begin[CD_MAX_FILES] = {0};
	struct disc_options o = {
		.map = &d->map,
		.map_file = begin,
		.release = policy->release,
		.release_ctx = policy->release_ctx,
	};
	int r = open_files(f, d, begin, &o.media, why);

	if (r < 0)
		return r;
	r = image_place_new(f, &out->place);
	if (r < 0) {
		media_close(o.media);
		return image_refuse_open(why, r, f->base, "the media folder");
	}
	if (policy->ready && d->map.files > 0 &&
		media_files_read_ahead(o.media, policy->ready, policy->ready_ctx) < 0)
		log_warn("%s: no thread for read-ahead, so the drive waits for storage", out->name);
	if (d->note[0])
		snprintf(out->warning, sizeof(out->warning), "; %s", d->note);
	out->disc = disc_open(&o);
	out->size = image_compact_size(d);
	out->composition = image_compact_composition(d);
	return out->disc ? 0 : image_refuse(why, -ENOMEM, "io-error", "there is no memory");
}

int image_compact_open(const struct library_file *f, const struct image_policy *policy,
	struct image *out, struct refusal *why)
{
	struct resolver_disc *d = calloc(1, sizeof(*d));
	int r = d ? resolver_resolve(f, d, why)
		  : image_refuse(why, -ENOMEM, "io-error", "there is no memory");

	out->recordable = false;
	out->dev = f->dev;
	out->ino = f->ino;
	if (r == 0)
		r = open_resolved(f, d, policy, out, why);
	free(d);
	return r;
}

int image_compact_open_raw(const struct library_file *f, int form,
	const struct image_policy *policy, struct image *out, struct refusal *why)
{
	struct resolver_disc *d = calloc(1, sizeof(*d));
	int r;

	out->recordable = false;
	out->dev = f->dev;
	out->ino = f->ino;
	if (!d)
		return image_refuse(why, -ENOMEM, "io-error", "there is no memory");
	/* Bytes after the last whole sector are not part of the disc. */
	cd_map_one_track(&d->map, (enum cd_form)form, (uint32_t)(f->size / CD_SECTOR), CD_SECTOR);
	snprintf(d->file[0].name, sizeof(d->file[0].name), "%s", f->base);
	d->file[0].size = f->size;
	d->file[0].dev = f->dev;
	d->file[0].ino = f->ino;
	r = open_resolved(f, d, policy, out, why);
	free(d);
	return r;
}

/* ---- deleting ----------------------------------------------------------------------------- */

int image_compact_delete(
	struct folder *folder, const struct library_file *f, struct image_compact_deleted *out)
{
	struct resolver_file *parts = calloc(COMPACT_PARTS_MAX, sizeof(*parts));
	int n = parts ? compact_parts_find(f, parts) : -ENOMEM, r = MIN(n, 0);
	struct stat st;

	*out = (struct image_compact_deleted){0};
	if (r == 0)
		r = disc_file_delete(folder, f->base, &out->text);
	for (int i = 0; r == 0 && i < n; i++) {
		bool known = fstatat(f->dir_fd, parts[i].name, &st, AT_SYMLINK_NOFOLLOW) == 0;

		r = folder->ops->unlink(folder, parts[i].name);
		if (r == 0) {
			out->parts++;
			out->bytes += known && st.st_nlink == 1 ? (uint64_t)st.st_blocks * 512 : 0;
		}
		r = r == -ENOENT ? 0 : r;
	}
	if (r == 0 && out->parts > 0)
		r = folder->ops->sync_names(folder);
	free(parts);
	return r;
}
