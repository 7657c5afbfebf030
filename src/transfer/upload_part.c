// SPDX-License-Identifier: GPL-2.0-or-later
#include "transfer/upload_part.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "library/disc_file.h"
#include "library/free_room.h"
#include "protocol/format_size.h"

#define PREFIX ".mmcgadget-"
#define PART   ".part"
#define NAME   (sizeof(PREFIX PART) + UPLOAD_ID)

static void name_of(const char *id, char out[NAME])
{
	snprintf(out, NAME, PREFIX "%.16s" PART, id);
}

bool upload_part_is_id(const char *id)
{
	return strlen(id) == UPLOAD_ID - 1 && strspn(id, "0123456789abcdef") == UPLOAD_ID - 1;
}

bool upload_part_id_of(const char *name, char id[UPLOAD_ID], bool *part)
{
	const size_t prefix = strlen(PREFIX), digits = UPLOAD_ID - 1;
	const char *rest = name + prefix + digits;

	if (strlen(name) < prefix + digits || strncmp(name, PREFIX, prefix) != 0)
		return false;
	memcpy(id, name + prefix, digits);
	id[digits] = '\0';
	*part = strcmp(rest, PART) == 0;
	return upload_part_is_id(id) && (*part || strcmp(rest, PART STORE_SUFFIX) == 0);
}

/* ---- the text ------------------------------------------------------------------------------- */

static int open_store(int dir, const char *id, struct store **out)
{
	struct folder *f = folder_file_of(dir);
	char name[NAME];

	name_of(id, name);
	return f ? store_new(f, name, "", out) : -errno;
}

/* Saves the text as a whole or not at all. */
static int save(int dir, struct upload_part *p)
{
	char text[UPLOAD_TEXT], old[STORE_TEXT_MAX];
	struct store *s;
	time_t now = time(NULL);
	int r = open_store(dir, p->id, &s);

	if (r < 0)
		return r;
	p->text.touched = now > 0 ? now : 0;
	(void)store_load(s, old, sizeof(old));
	r = store_save(s, text, upload_text_encode(&p->text, text));
	store_close(s);
	return r;
}

int upload_part_load(int dir, const char *id, struct upload_part *p)
{
	char name[NAME], text[STORE_TEXT_MAX];
	struct store *s;
	struct stat st;
	int r = open_store(dir, id, &s);

	if (r < 0)
		return r;
	memset(p, 0, sizeof(*p));
	snprintf(p->id, sizeof(p->id), "%s", id);
	r = store_load(s, text, sizeof(text));
	store_close(s);
	if (r < 0)
		return r;
	if (upload_text_decode(text, (size_t)r, &p->text))
		return -EBADMSG;
	name_of(id, name);
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -ENOTBLK;
	p->allocated = (uint64_t)st.st_blocks * 512;
	return 0;
}

/* ---- who can write -------------------------------------------------------------------------- */

static int open_part(int dir, const char *id, int flags)
{
	char name[NAME];
	int fd;

	name_of(id, name);
	fd = openat(dir, name, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int upload_part_read(int dir, const char *id)
{
	return open_part(dir, id, O_RDONLY);
}

/*
 * Takes a read lease on the part file, which the kernel grants only while nobody has the file open
 * for writing or has a writable mapping of it. Returns a descriptor that holds the lease; -EBUSY;
 * or -errno. If the kernel grants no lease on this file system, the descriptor has none, and with
 * must_lease the result is -EOPNOTSUPP.
 */
static int lease(int dir, const struct upload_part *p, bool must_lease, struct refusal *why)
{
	int fd = open_part(dir, p->id, O_RDONLY), error;

	if (fd < 0)
		return image_refuse(why, fd, "io-error", "the part file of \"%s\": %s",
			p->text.image, strerror(-fd));
	if (fcntl(fd, F_SETLEASE, F_RDLCK) == 0)
		return fd;
	error = errno;
	if (error != EAGAIN && !must_lease)
		return fd;
	close(fd);
	if (error == EAGAIN)
		return image_refuse(why, -EBUSY, "busy",
			"a program still has \"%s\" open for writing; one at a time can upload it",
			p->text.image);
	return image_refuse(why, -EOPNOTSUPP, "no-lease",
		"the file system of the media folder cannot tell whether a program still writes to "
		"\"%s\" (%s); copy it there, or upload it with mmcgadgetctl on the board",
		p->text.image, strerror(error));
}

/* ---- room ----------------------------------------------------------------------------------- */

/* 0, or -ENOSPC with *why and *room. */
static int check_room(int dir, const struct upload_part *p, uint64_t kept, struct upload_room *room,
	struct refusal *why)
{
	char need[16], has[16], keep[16];

	*room = (struct upload_room){.kept = UPLOAD_KEEP + kept};
	if (p->text.size > p->allocated)
		room->need = p->text.size - p->allocated;
	if (free_room(dir, &room->free) < 0 || room->need == 0 ||
		(room->free >= room->kept && room->free - room->kept >= room->need))
		return 0;
	format_size(room->need, need);
	format_size(room->free, has);
	format_size(room->kept, keep);
	return image_refuse(why, -ENOSPC, "no-room",
		"no room for \"%s\": %s wanted, %s free, but %s are kept for discs in drives, "
		"other uploads and the file system; delete a disc, or eject a blank",
		p->text.image, need, has, keep);
}

/* FAT32 has no files of 4 GiB. 0, or -EFBIG with *why. */
static int check_largest(
	int fd, const struct upload_part *p, struct upload_room *room, struct refusal *why)
{
	char size[16], most[16];

	if (largest_file(fd, p->text.size, &room->largest) < 0 || room->largest >= p->text.size) {
		room->largest = 0;
		return 0;
	}
	format_size(p->text.size, size);
	format_size(room->largest, most);
	return image_refuse(why, -EFBIG, "too-large",
		"\"%s\" has %s, and a file of this file system has at most %s (FAT32 has this "
		"limit, "
		"exFAT and ext4 do not)",
		p->text.image, size, most);
}

/*
 * Allocates the blocks now, if the file system can without writing zeros. Otherwise the room may be
 * gone before the upload has used it, and the upload waits then. 0, or -ENOSPC with *why.
 */
static int take_room(int fd, struct upload_part *p, struct refusal *why)
{
	struct stat st;
	int r;

	do
		r = p->text.size == 0 ? 0
				      : fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)p->text.size);
	while (r < 0 && errno == EINTR);
	if (r < 0 && errno == ENOSPC)
		return image_refuse(why, -ENOSPC, "no-room", "no room for \"%s\": %s",
			p->text.image, strerror(ENOSPC));
	if (fstat(fd, &st) == 0)
		p->allocated = (uint64_t)st.st_blocks * 512;
	return 0;
}

/* ---- begin ---------------------------------------------------------------------------------- */

static int cannot(const struct upload_part *p, int error, struct refusal *why)
{
	return image_refuse(why, error,
		error == -EACCES || error == -EPERM || error == -EROFS ? "not-writable"
		: error == -ENOSPC                                     ? "no-room"
								       : "io-error",
		"\"%s\" cannot be uploaded: %s", p->text.image, strerror(-error));
}

static int new_file(int dir, struct upload_part *p)
{
	unsigned char random[8];
	char name[NAME];
	int fd;

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return -EIO;
	for (unsigned i = 0; i < sizeof(random); i++)
		snprintf(p->id + 2 * i, 3, "%02x", random[i]);
	name_of(p->id, name);
	fd = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : fd;
}

/* A descriptor that can only write, and whose offset is 0. */
static int for_writer(int dir, struct upload_part *p, struct refusal *why)
{
	int fd = open_part(dir, p->id, O_WRONLY);

	return fd < 0 ? cannot(p, fd, why) : fd;
}

static int fill_new(int dir, int fd, struct upload_part *p, uint64_t kept, struct upload_room *room,
	struct refusal *why)
{
	int r = check_largest(fd, p, room, why);

	if (r == 0)
		r = check_room(dir, p, kept, room, why);
	if (r == 0)
		r = take_room(fd, p, why);
	if (r == 0) {
		r = save(dir, p);
		if (r < 0)
			(void)cannot(p, r, why);
	}
	return r;
}

int upload_part_make(int dir, struct upload_part *p, uint64_t kept, bool must_lease,
	struct upload_room *room, struct refusal *why)
{
	int fd = new_file(dir, p), r;

	*room = (struct upload_room){0};
	p->allocated = 0;
	if (fd < 0)
		return cannot(p, fd, why);
	r = fill_new(dir, fd, p, kept, room, why);
	/* The lease is asked for when nobody, not even this function, has the file for writing. */
	close(fd);
	if (r == 0) {
		r = lease(dir, p, must_lease, why);
		if (r >= 0) {
			close(r);
			r = for_writer(dir, p, why);
		}
	}
	if (r < 0)
		(void)upload_part_drop(dir, p->id);
	return r;
}

/* Cuts the file at the offset, or sets the offset back to the end of a file that is shorter. */
static int cut(int fd, struct upload_part *p)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if ((uint64_t)st.st_size < p->text.offset)
		p->text.offset = (uint64_t)st.st_size;
	/* A cut to the same length would also free the room after the end. */
	if ((uint64_t)st.st_size == p->text.offset)
		return 0;
	return ftruncate(fd, (off_t)p->text.offset) < 0 ? -errno : 0;
}

int upload_part_open(int dir, struct upload_part *p, uint64_t kept, bool must_lease,
	struct upload_room *room, struct refusal *why)
{
	int fd = lease(dir, p, must_lease, why), r;

	*room = (struct upload_room){0};
	if (fd < 0)
		return fd;
	/* As long as the lease is held, the daemon's own open for writing fails, too. */
	close(fd);
	fd = open_part(dir, p->id, O_RDWR);
	if (fd < 0)
		return cannot(p, fd, why);
	r = cut(fd, p);
	if (r == 0)
		r = save(dir, p);
	if (r < 0)
		(void)cannot(p, r, why);
	if (r == 0) {
		struct stat st;

		/* The blocks that were cut off are free again. */
		if (fstat(fd, &st) == 0)
			p->allocated = (uint64_t)st.st_blocks * 512;
		r = check_room(dir, p, kept, room, why);
	}
	if (r == 0)
		r = take_room(fd, p, why);
	close(fd);
	return r < 0 ? r : for_writer(dir, p, why);
}

/* ---- in between ----------------------------------------------------------------------------- */

int upload_part_at(int dir, struct upload_part *p, uint64_t offset, struct refusal *why)
{
	uint64_t before = p->text.offset;
	char name[NAME];
	struct stat st;
	int r;

	name_of(p->id, name);
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return cannot(p, -errno, why);
	if (offset < before || offset > p->text.size || offset > (uint64_t)st.st_size)
		return image_refuse(why, -EINVAL, "bad-offset",
			"%" PRIu64 " bytes of \"%s\" cannot be on storage: %" PRIu64
			" are already, the part file has %" PRIu64 ", and the whole has %" PRIu64,
			offset, p->text.image, before, (uint64_t)st.st_size, p->text.size);
	p->allocated = (uint64_t)st.st_blocks * 512;
	p->text.offset = offset;
	r = save(dir, p);
	if (r == 0)
		return 0;
	p->text.offset = before;
	return cannot(p, r, why);
}

/* ---- the end -------------------------------------------------------------------------------- */

/* As upload_part_sync(); returns the descriptor that has the lease. */
static int sync_part(
	int dir, const struct upload_part *p, bool must_lease, struct stat *st, struct refusal *why)
{
	int fd = lease(dir, p, must_lease, why), r = 0;

	if (fd < 0)
		return fd;
	if (fstat(fd, st) < 0 || fsync(fd) < 0)
		r = cannot(p, -errno, why);
	else if (p->text.offset != p->text.size || (uint64_t)st->st_size != p->text.size)
		r = image_refuse(why, -EINVAL, "incomplete",
			"%" PRIu64 " of the %" PRIu64
			" bytes of \"%s\" are on storage, and the part "
			"file has %" PRIu64,
			p->text.offset, p->text.size, p->text.image, (uint64_t)st->st_size);
	if (r == 0)
		return fd;
	close(fd);
	return r;
}

int upload_part_sync(
	int dir, struct upload_part *p, bool must_lease, struct stat *st, struct refusal *why)
{
	int fd = sync_part(dir, p, must_lease, st, why);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static int taken(const char *base, struct refusal *why)
{
	return image_refuse(why, -EEXIST, "exists",
		"\"%s\" exists, or a state or checksum of that name; nothing is overwritten: end "
		"the "
		"upload with as=OTHER, or delete that one first",
		base);
}

static int give_name(struct folder *f, int fd, const struct upload_part *p, const char *base,
	struct refusal *why)
{
	char name[NAME];
	int r = disc_file_has_leftovers(f, base);

	if (r != 0)
		return r > 0 ? taken(base, why) : cannot(p, r, why);
	/* The members of the folder's group may use it like any disc. FAT has no such modes. */
	(void)fchmod(fd, 0660);
	name_of(p->id, name);
	r = fsync(fd) < 0 ? -errno : f->ops->rename_new(f, name, base);
	if (r == 0)
		return f->ops->sync_names(f) < 0 ? cannot(p, -EIO, why) : 0;
	(void)fchmod(fd, 0600);
	if (r == -EINVAL || r == -EILSEQ)
		return image_refuse(why, r, "bad-name",
			"the file system of the media folder cannot hold the name \"%s\"", base);
	return r == -EEXIST ? taken(base, why) : cannot(p, r, why);
}

/* Removes the text, which is all that is left of the upload. */
static void drop_text(int dir, const char *id)
{
	struct store *s;

	if (open_store(dir, id, &s) < 0)
		return;
	(void)store_remove(s);
	/* store_close() removes the spare file of an own store only. */
	s->own = true;
	store_close(s);
}

int upload_part_finish(int dir, struct upload_part *p, const char *base, bool must_lease,
	const struct stat *seen, struct refusal *why)
{
	struct folder *f;
	struct stat st;
	int fd = sync_part(dir, p, must_lease, &st, why), r;

	if (fd < 0)
		return fd;
	f = folder_file_of(dir);
	if (seen && !is_same(&st, seen))
		r = image_refuse(why, -EBUSY, "busy",
			"a program wrote to \"%s\" while its checksum was computed", p->text.image);
	else
		r = f ? give_name(f, fd, p, *base ? base : p->text.image, why)
		      : cannot(p, -errno, why);
	if (f)
		f->ops->close(f);
	close(fd);
	if (r == 0)
		drop_text(dir, p->id);
	return r;
}

uint64_t upload_part_drop(int dir, const char *id)
{
	uint64_t bytes = 0;
	char name[NAME];
	struct stat st;

	name_of(id, name);
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && unlinkat(dir, name, 0) == 0)
		bytes = (uint64_t)st.st_blocks * 512;
	drop_text(dir, id);
	return bytes;
}
