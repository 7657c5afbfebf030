// SPDX-License-Identifier: GPL-2.0-or-later
#include "burned/extract.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "disc/compact.h"
#include "library/free_room.h"
#include "protocol/format_size.h"
#include "util/array.h"

#define PIECE (DISC_SECTORS_MOST * CD_SECTOR)
#define SYNC_EVERY                                                                                 \
	(UINT64_C(1) << 20)             /* bytes: little is unwritten when a burn asks for a sync  \
					 */
#define LOOK_EVERY  (UINT64_C(8) << 20) /* bytes, then the room on the card is looked at again */
#define ALLOCATION  UINT64_C(65536)     /* bytes: a file takes a multiple of at most that much */
#define BUSY_WAIT   100000000           /* ns */
#define TRACKS_TEXT 400u

/* A copy that runs. */
struct copy {
	const struct extract *e;
	const struct cd_map *map;
	uint8_t track[CD_MAX_TRACKS]; /* positions in the map */
	struct extract_progress now;
	struct song_folder folder;
	struct extracted *out;
	struct refusal *why;
	uint8_t piece[PIECE];
};

static bool is_audio(const struct cd_map *m, unsigned i)
{
	return m->track[i].form == CD_AUDIO;
}

static unsigned number(const struct copy *c, unsigned i)
{
	return c->map->first_track + i;
}

static uint32_t bytes_of(const struct cd_track *t)
{
	return t->length * CD_SECTOR;
}

/* ---- which tracks ------------------------------------------------------------------------- */

/* Writes the numbers of the audio tracks: "1 to 3, 5". */
static void list_audio(const struct cd_map *m, char out[TRACKS_TEXT])
{
	size_t n = 0;

	out[0] = '\0';
	for (unsigned i = 0, end; i < m->tracks && n < TRACKS_TEXT - 16; i = end) {
		for (end = i; end < m->tracks && is_audio(m, end); end++)
			continue;
		if (end == i) {
			end++;
			continue;
		}
		n += (size_t)snprintf(
			out + n, TRACKS_TEXT - n, "%s%u", n ? ", " : "", m->first_track + i);
		if (end > i + 1)
			n += (size_t)snprintf(
				out + n, TRACKS_TEXT - n, " to %u", m->first_track + end - 1);
	}
}

static int refuse_track(const struct copy *c, const char *what)
{
	char tracks[TRACKS_TEXT];

	list_audio(c->map, tracks);
	return image_refuse(c->why, -ENODATA, "no-such-track",
		"\"%.120s\": track %u %s; its audio tracks are %.300s", c->e->name, c->e->track,
		what, tracks);
}

/* Chooses the tracks. 0, or -ENODATA. */
static int choose(struct copy *c)
{
	const struct cd_map *m = c->map;
	bool any = false, found = false;

	for (unsigned i = 0; m && i < m->tracks; i++) {
		bool wanted = c->e->track == 0 || c->e->track == number(c, i);

		any |= is_audio(m, i);
		found |= wanted;
		if (!wanted || !is_audio(m, i))
			continue;
		c->track[c->now.tracks++] = (uint8_t)i;
		c->now.all_bytes += bytes_of(&m->track[i]);
	}
	if (!any)
		return image_refuse(c->why, -ENODATA, "no-audio",
			"\"%s\" has no audio tracks; only those of a compact disc become songs",
			c->e->name);
	if (c->now.tracks == 0)
		return refuse_track(c, found ? "is a data track" : "is not there");
	return 0;
}

/* ---- room --------------------------------------------------------------------------------- */

static int refuse_room(const struct copy *c, uint64_t need, uint64_t room)
{
	char takes[16], are[16];

	format_size(need, takes);
	format_size(room, are);
	return image_refuse(c->why, -ENOSPC, "no-room",
		"there is no room for the songs of \"%s\": they take %s, and %s are free, but "
		"%u MiB stay free for burns",
		c->e->name, takes, are, (unsigned)(c->e->reserve >> 20));
}

/* Is there room for so many bytes more? */
static int check_room(const struct copy *c, uint64_t need)
{
	uint64_t room;

	if (free_room(c->folder.fd, &room) < 0)
		return 0;
	return room < c->e->reserve || room - c->e->reserve < need ? refuse_room(c, need, room) : 0;
}

/* ---- one song ----------------------------------------------------------------------------- */

/* Waits for the end of a burn. 0 or -ECANCELED. */
static int may_go_on(const struct copy *c)
{
	const struct timespec pause = {.tv_nsec = BUSY_WAIT};

	while (!atomic_load(c->e->stop)) {
		if (!c->e->busy || !c->e->busy(c->e->ctx))
			return 0;
		nanosleep(&pause, NULL);
	}
	return image_refuse(c->why, -ECANCELED, "stopping",
		"the songs of \"%s\" were given up, and what was copied is removed", c->e->name);
}

static int write_all(int fd, const uint8_t *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n == 0 || (n < 0 && errno != EINTR))
			return n == 0 ? -EIO : -errno;
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

/* Copies sectors of an audio track to to[], in the byte order of a WAV file. */
static void take_samples(const struct disc_sectors *s, uint8_t *to)
{
	for (uint32_t i = 0; i < s->count; i++, to += CD_SECTOR) {
		if (s->data)
			memcpy(to, s->data + (size_t)i * s->unit, CD_SECTOR);
		else
			memset(to, 0, CD_SECTOR);
		for (uint32_t k = 0; s->swapped && k < CD_SECTOR; k += 2) {
			uint8_t low = to[k];

			to[k] = to[k + 1];
			to[k + 1] = low;
		}
	}
}

/* Reads up to `left` sectors from lba on into the piece. Their number, or -errno. */
static int read_piece(struct copy *c, int32_t lba, uint32_t left)
{
	struct disc_sectors s;
	int r = disc_view_sectors(c->e->disc, lba, left, &s);

	if (r != DISC_OK || s.form != CD_AUDIO) {
		r = r < 0 && r != -EAGAIN ? r : -EIO;
		return image_refuse(c->why, r, "io-error", "track %u of \"%s\" cannot be read: %s",
			c->now.track, c->e->name, strerror(-r));
	}
	take_samples(&s, c->piece);
	return (int)s.count;
}

static int refuse_write(const struct copy *c, int error)
{
	if (error == -ENOSPC || error == -EDQUOT)
		return image_refuse(c->why, -ENOSPC, "no-room",
			"the card became full before the songs of \"%s\" were complete; what was "
			"copied is removed",
			c->e->name);
	return image_refuse(c->why, error, "io-error", "the songs of \"%s\" cannot be written: %s",
		c->e->name, strerror(-error));
}

/* After bytes up to `end` were written. `from`: up to where an earlier call has begun to sync. */
static int pace(struct copy *c, int fd, uint64_t *from, uint64_t end)
{
	if (end - *from >= SYNC_EVERY) {
		(void)sync_file_range(fd, (off_t)*from, (off_t)(end - *from),
			SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
				SYNC_FILE_RANGE_WAIT_AFTER);
		if (end / LOOK_EVERY != *from / LOOK_EVERY) {
			int r = check_room(c, c->now.all_bytes - c->now.bytes);

			if (r < 0)
				return r;
		}
		*from = end;
	}
	return may_go_on(c);
}

static int copy_samples(struct copy *c, const struct cd_track *t, int fd)
{
	uint64_t synced = 0, at = SONG_WAV_HEADER;
	int r = may_go_on(c);

	for (uint32_t done = 0; r == 0 && done < t->length;) {
		int n = read_piece(c, t->start + (int32_t)done, t->length - done);

		if (n < 0)
			return n;
		r = write_all(fd, c->piece, (size_t)n * CD_SECTOR);
		if (r < 0)
			return refuse_write(c, r);
		done += (uint32_t)n;
		at += (uint64_t)n * CD_SECTOR;
		c->now.bytes += (uint64_t)n * CD_SECTOR;
		if (c->e->progress)
			c->e->progress(c->e->ctx, &c->now);
		r = pace(c, fd, &synced, at);
	}
	return r;
}

static int copy_track(struct copy *c, unsigned i, const char *name)
{
	const struct cd_track *t = &c->map->track[i];
	uint8_t header[SONG_WAV_HEADER];
	int fd = openat(
		c->folder.fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0664);
	int r;

	if (fd < 0)
		return refuse_write(c, -errno);
	song_wav_header(bytes_of(t), header);
	r = write_all(fd, header, sizeof(header));
	r = r < 0 ? refuse_write(c, r) : copy_samples(c, t, fd);
	if (r == 0) {
		(void)fchmod(fd, 0664);
		r = fsync(fd) < 0 ? refuse_write(c, -errno) : 0;
	}
	/* The page cache is of more use to burns and reads. */
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	close(fd);
	return r;
}

/* ---- all of them -------------------------------------------------------------------------- */

static int begin_folder(struct copy *c)
{
	const struct extract *e = c->e;
	char name[SONG_NAME];
	int r;

	if (e->to)
		snprintf(name, sizeof(name), "%s", e->to);
	else
		song_folder_name(c->map, e->base, name);
	r = song_folder_begin(&c->folder, e->home, e->beside, e->hidden, name, e->to != NULL);
	switch (-r) {
	case 0:
		return 0;
	case EBUSY:
		return image_refuse(c->why, r, "in-use",
			"another daemon copies songs to this folder for a drive of the same name");
	case ENOTDIR:
	case ELOOP:
		return image_refuse(c->why, -EEXIST, "exists",
			"\"%s\" is not a folder; take another name for that of the songs", name);
	case EACCES:
	case EPERM:
	case EROFS:
		return image_refuse(c->why, r, "not-writable",
			"the songs of \"%s\" cannot be written: %s; its folder must be writable "
			"for the daemon",
			e->name, strerror(-r));
	default:
		return refuse_write(c, r);
	}
}

static int check_names(const struct copy *c)
{
	for (unsigned i = 0; i < c->now.tracks; i++) {
		if (song_folder_has(&c->folder, c->out->file[i]))
			return image_refuse(c->why, -EEXIST, "exists",
				"\"%.180s/%.240s\" exists, and nothing is overwritten; take "
				"another "
				"folder, or delete it first",
				c->folder.name, c->out->file[i]);
	}
	return 0;
}

static int copy_all(struct copy *c)
{
	int r = check_names(c);

	if (r == 0)
		r = check_room(c, c->now.all_bytes + c->now.tracks * ALLOCATION);
	for (unsigned i = 0; r == 0 && i < c->now.tracks; i++) {
		c->now.track = number(c, c->track[i]);
		c->now.nth = i + 1;
		r = copy_track(c, c->track[i], c->out->file[i]);
	}
	return r;
}

static int finish(struct copy *c)
{
	char name[SONG_NAME];
	int r;

	strcpy(name, c->folder.name);
	r = song_folder_finish(&c->folder);
	if (r == -EEXIST)
		return image_refuse(c->why, r, "exists",
			"songs of these names, or folders \"%s\" of all numbers, exist by now; "
			"nothing was overwritten",
			name);
	if (r < 0)
		return refuse_write(c, r);
	strcpy(c->out->folder, c->folder.name);
	c->out->tracks = c->now.tracks;
	c->out->bytes = c->now.all_bytes + c->now.tracks * (uint64_t)SONG_WAV_HEADER;
	return 0;
}

int extract(const struct extract *e, struct extracted *out, struct refusal *why)
{
	struct copy *c = calloc(1, sizeof(*c));
	int r;

	memset(out, 0, sizeof(*out));
	if (!c)
		return image_refuse(why, -ENOMEM, "io-error", "there is no memory");
	c->e = e;
	c->map = disc_cd_map(e->disc);
	c->out = out;
	c->why = why;
	r = choose(c);
	if (r == 0)
		r = begin_folder(c);
	if (r == 0) {
		for (unsigned i = 0; i < c->now.tracks; i++)
			song_file_name(c->map, c->track[i], out->file[i]);
		r = copy_all(c);
		if (r == 0)
			r = finish(c);
		else
			song_folder_drop(&c->folder);
	}
	free(c);
	return r;
}
