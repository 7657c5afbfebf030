// SPDX-License-Identifier: GPL-2.0-or-later
#include "library/cd_set.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cdimage/cdimage.h"
#include "cdimage/cue_write.h"
#include "disc/disc_state.h"

#define NAMES     9u /* STEM.cue, STEM-2.cue ... */
#define FILE_NAME (2 * STORE_NAME_MAX)
#define TEMPORARY ".tmp"

/* The files that an image should have, and what is there. */
struct work {
	struct folder *f;
	const char *image;
	struct cd_map map;
	uint64_t size; /* of the image */
	size_t len, was_len;
	char text[CDIMAGE_TEXT_MAX], was[CDIMAGE_TEXT_MAX];
};

static size_t stem_of(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && dot > name ? (size_t)(dot - name) : strlen(name);
}

/* The n-th name for a file beside the image, from 1. */
static void name_of(const char *image, unsigned n, const char *suffix, char out[FILE_NAME])
{
	int stem = (int)stem_of(image);

	if (n == 1)
		snprintf(out, FILE_NAME, "%.*s%s", stem, image, suffix);
	else
		snprintf(out, FILE_NAME, "%.*s-%u%s", stem, image, n, suffix);
}

enum owner { NOBODY, OURS, OTHERS };

/* Returns who wrote that cue sheet. If it is this disc's (OURS), w->was has its text. */
static enum owner owner_of_cue(struct work *w, const char *cue)
{
	char image[STORE_NAME_MAX + 1];
	int len = w->f->ops->read(w->f, cue, w->was, sizeof(w->was));

	if (len == -ENOENT)
		return NOBODY;
	if (len < 0 || !cue_write_made(w->was, (size_t)len, image, sizeof(image)) ||
		strcmp(image, w->image) != 0)
		return OTHERS;
	w->was_len = (size_t)len;
	return OURS;
}

/* The same for the cue sheet of the n-th name. */
static enum owner owner_of(struct work *w, unsigned n)
{
	char cue[FILE_NAME];

	name_of(w->image, n, CD_SET_CUE, cue);
	return owner_of_cue(w, cue);
}

/* True if the cue sheet in w->was names the file with the packs. */
static bool names_packs(const struct work *w, const char *packs)
{
	char line[FILE_NAME + 32];

	snprintf(line, sizeof(line), "\nCDTEXTFILE \"%s\"", packs);
	return memmem(w->was, w->was_len, line, strlen(line)) != NULL;
}

/* ---- removing ----------------------------------------------------------------------------- */

static int unlink_counted(struct folder *f, const char *name, int *count)
{
	int r = f->ops->unlink(f, name);

	if (r == 0)
		(*count)++;
	return r == -ENOENT ? 0 : r;
}

static int remove_all(struct work *w)
{
	char cue[FILE_NAME], packs[FILE_NAME];
	int count = 0, r = 0;

	for (unsigned n = 1; n <= NAMES && r == 0; n++) {
		if (owner_of(w, n) != OURS)
			continue;
		name_of(w->image, n, CD_SET_CUE, cue);
		name_of(w->image, n, CD_SET_PACKS, packs);
		/* The cue sheet comes last: after a power cut it still names the packs. */
		if (names_packs(w, packs))
			r = unlink_counted(w->f, packs, &count);
		if (r == 0)
			r = unlink_counted(w->f, cue, &count);
	}
	if (r == 0 && count > 0)
		r = w->f->ops->sync_names(w->f);
	return r < 0 ? r : count;
}

int cd_set_remove(struct folder *f, const char *image)
{
	struct work *w = calloc(1, sizeof(*w));
	int r = -ENOMEM;

	if (w) {
		w->f = f;
		w->image = image;
		r = remove_all(w);
	}
	free(w);
	return r;
}

/* ---- writing ------------------------------------------------------------------------------ */

/* Replaces the file as a whole. new: there was none; -EEXIST if there is one by now. */
static int write_whole(struct folder *f, const char *name, bool new, const char *text, size_t len)
{
	char temporary[FILE_NAME + sizeof(TEMPORARY)];
	int r;

	snprintf(temporary, sizeof(temporary), "%s" TEMPORARY, name);
	/* If an earlier attempt left a longer file, its end would stay. */
	r = f->ops->unlink(f, temporary);
	if (r == 0 || r == -ENOENT)
		r = f->ops->write(f, temporary, text, len);
	if (r == 0)
		r = f->ops->sync(f, temporary);
	if (r == 0)
		r = new ? f->ops->rename_new(f, temporary, name)
			: f->ops->rename(f, temporary, name);
	if (r < 0)
		(void)f->ops->unlink(f, temporary);
	return r;
}

/* Whether the file has exactly these bytes: 1; 0: it has others; -ENOENT, -errno. */
static int has_bytes(struct folder *f, const char *name, const void *bytes, size_t len)
{
	char buf[CD_MAX_TEXT_PACKS * CD_TEXT_PACK + 1];
	int n = f->ops->read(f, name, buf, sizeof(buf));

	if (n < 0)
		return n == -EFBIG ? 0 : n;
	return (size_t)n == len && memcmp(buf, bytes, len) == 0;
}

/* Returns 1 if the n-th names can be used; 0 if another file has one of them; -errno. */
static int can_have(struct work *w, unsigned n, enum owner cue)
{
	const size_t len = w->map.text_packs * (size_t)CD_TEXT_PACK;
	char packs[FILE_NAME];
	int r;

	if (cue == OTHERS)
		return 0;
	if (!cue_write_needs_packs(&w->map))
		return 1;
	name_of(w->image, n, CD_SET_PACKS, packs);
	r = has_bytes(w->f, packs, w->map.text, len);
	/* Packs without a cue sheet may be left of an attempt that was cut off: the same bytes. */
	if (r == -ENOENT || r == 1 || (r == 0 && cue == OURS && names_packs(w, packs)))
		return 1;
	/* A folder, a link, or a file that the daemon may not read. */
	return r == -EINVAL || r == -ELOOP || r == -EACCES ? 0 : r;
}

/* Returns the number of the names to use, with their cue sheet in w->was; 0: all are taken. */
static int choose(struct work *w)
{
	int free = 0;

	for (unsigned n = 1; n <= NAMES; n++) {
		enum owner cue = owner_of(w, n);
		int r = cue == OURS || (cue == NOBODY && free == 0) ? can_have(w, n, cue) : 0;

		if (r < 0)
			return r;
		if (r > 0 && cue == OURS)
			return (int)n;
		if (r > 0)
			free = (int)n;
	}
	w->was_len = 0;
	return free;
}

static int write_packs(struct work *w, unsigned n, bool *changed)
{
	const size_t len = w->map.text_packs * (size_t)CD_TEXT_PACK;
	char packs[FILE_NAME];
	int r;

	name_of(w->image, n, CD_SET_PACKS, packs);
	r = has_bytes(w->f, packs, w->map.text, len);
	if (r == 1)
		return 0;
	*changed = true;
	return write_whole(w->f, packs, r == -ENOENT, (const char *)w->map.text, len);
}

static int write_set(struct work *w, unsigned n, struct cd_set *out)
{
	bool with_packs = cue_write_needs_packs(&w->map), new = w->was_len == 0;
	char cue[FILE_NAME], packs[FILE_NAME];
	const struct cue_write ask = {.map = &w->map,
		.file = w->image,
		.size = w->size,
		.packs = with_packs ? packs : NULL};
	int r = 0;

	name_of(w->image, n, CD_SET_CUE, cue);
	name_of(w->image, n, CD_SET_PACKS, packs);
	out->why = cue_write(&ask, w->text, sizeof(w->text), &w->len);
	if (out->why)
		return 0;
	if (with_packs)
		r = write_packs(w, n, &out->changed);
	if (r == 0 && (w->len != w->was_len || memcmp(w->text, w->was, w->len) != 0)) {
		out->changed = true;
		r = write_whole(w->f, cue, new, w->text, w->len);
	}
	if (r == 0 && out->changed)
		r = w->f->ops->sync_names(w->f);
	if (r == 0)
		snprintf(out->cue, sizeof(out->cue), "%.255s", cue);
	return r;
}

/* True if other programs need a cue sheet to read the disc: it is not a plain ISO. */
static bool needs_cue(const struct cd_map *m)
{
	for (unsigned i = 0; i < m->tracks; i++) {
		if (m->track[i].form != CD_MODE1)
			return true;
	}
	for (unsigned i = 0; i < m->extents; i++) {
		if (m->extent[i].file != CD_NO_FILE && m->extent[i].unit != 2048)
			return true;
	}
	return false;
}

/* Makes w->map and w->size from the state of a CD: w->size bytes of the image are in the map. */
static void take_map(struct work *w, const struct disc_state *s)
{
	static const struct cd_cue no_cue;
	struct disc_cd_view view;

	w->size = disc_cd_end_in_image(&s->cd, &no_cue);
	disc_cd_view(&s->cd, &no_cue, &view);
	disc_cd_to_map(&s->cd, &view, w->size, &w->map);
}

/*
 * Whether the state file says that the disc is a finalised CD: 1, and w->map has it; 0; -errno. A
 * state file that is too long or damaged counts as none.
 */
static int read_state(struct work *w)
{
	char name[FILE_NAME];
	struct disc_state *s = malloc(sizeof(*s));
	int n = -ENOMEM, finalised = 0;

	_Static_assert(STORE_TEXT_MAX <= sizeof(w->text), "the state file is read there");
	snprintf(name, sizeof(name), "%s" STORE_SUFFIX, w->image);
	if (s)
		n = w->f->ops->read(w->f, name, w->text, STORE_TEXT_MAX);
	if (n >= 0 && !disc_state_decode(w->text, (size_t)n, NULL, s) &&
		disc_medium_is_cd_recordable(s->medium) && s->cd.finalised) {
		take_map(w, s);
		finalised = 1;
	}
	free(s);
	return n >= 0 || n == -ENOENT || n == -EFBIG ? finalised : n;
}

static int update(struct work *w, struct cd_set *out)
{
	int n = read_state(w);

	if (n < 0)
		return n;
	out->finalised = n > 0;
	if (!out->finalised || !needs_cue(&w->map)) {
		n = remove_all(w);
		out->changed = n > 0;
		return n < 0 ? n : 0;
	}
	n = choose(w);
	if (n < 0)
		return n;
	if (n == 0) {
		out->why = "all names for it are taken by other files";
		return 0;
	}
	return write_set(w, (unsigned)n, out);
}

int cd_set_update(struct folder *f, const char *image, struct cd_set *out)
{
	struct work *w = calloc(1, sizeof(*w));
	int r = -ENOMEM;

	*out = (struct cd_set){0};
	if (w) {
		w->f = f;
		w->image = image;
		r = update(w, out);
	}
	free(w);
	return r;
}

/* ---- reading ------------------------------------------------------------------------------ */

int cd_set_map(struct folder *f, const char *image, struct cd_map *map)
{
	struct work *w = calloc(1, sizeof(*w));
	int r = -ENOMEM;

	if (w) {
		w->f = f;
		w->image = image;
		r = read_state(w);
		if (r > 0)
			r = needs_cue(&w->map);
		if (r > 0 && map)
			*map = w->map;
	}
	free(w);
	return r;
}

bool cd_set_can_be_named(struct folder *f, const char *image, const char *to)
{
	char cue[FILE_NAME], packs[FILE_NAME], byte;
	struct work *w = calloc(1, sizeof(*w));
	enum owner owner;
	bool can;

	if (!w)
		return false;
	w->f = f;
	w->image = image;
	name_of(to, 1, CD_SET_CUE, cue);
	name_of(to, 1, CD_SET_PACKS, packs);
	owner = owner_of_cue(w, cue);
	can = owner != OTHERS && ((owner == OURS && names_packs(w, packs)) ||
					 f->ops->read(f, packs, &byte, 1) == -ENOENT);
	free(w);
	return can;
}

static bool has_suffix(const char *name, const char *suffix)
{
	const char *dot = strrchr(name, '.');

	return dot && strcasecmp(dot, suffix) == 0;
}

static bool is_file(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
}

bool cd_set_image_of(int dir, const char *base, char image[STORE_NAME_MAX + 1])
{
	char head[STORE_NAME_MAX + 64], state[FILE_NAME];
	ssize_t n;
	int fd;

	if (!has_suffix(base, CD_SET_CUE))
		return false;
	fd = openat(dir, base, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	n = fd < 0 ? -1 : pread(fd, head, sizeof(head), 0);
	if (fd >= 0)
		close(fd);
	if (n < 0 || !cue_write_made(head, (size_t)n, image, STORE_NAME_MAX + 1))
		return false;
	/* The text could have come from anywhere. */
	if (image[0] == '\0' || strchr(image, '/') || has_suffix(image, CD_SET_CUE))
		return false;
	snprintf(state, sizeof(state), "%s" STORE_SUFFIX, image);
	return is_file(dir, image) && is_file(dir, state);
}

bool cd_set_is_part(int dir, const char *base)
{
	char cue[FILE_NAME], image[STORE_NAME_MAX + 1];

	if (has_suffix(base, CD_SET_PACKS)) {
		snprintf(cue, sizeof(cue), "%.*s" CD_SET_CUE, (int)stem_of(base), base);
		return cd_set_image_of(dir, cue, image);
	}
	return cd_set_image_of(dir, base, image);
}
