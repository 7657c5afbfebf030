// SPDX-License-Identifier: GPL-2.0-or-later
#include "library/checksum.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/log.h"

#define PIECE (256u * 1024u) /* bytes of one read; stop is checked before each */
#define ALIGN 4096u          /* for O_DIRECT: at least the block size of the storage */
#define SPARE ".new"
#define MISMATCH_HEAD                                                                              \
	"# mmcgadget: storage gave back other data than was burned, with the checksum "
#define OUTDATED_HEAD "# mmcgadget: the disc was written to after this checksum was computed:\n"

/*
 * Opens the file again for reads that bypass the page cache. Returns a descriptor, or -errno
 * if the file system has no O_DIRECT.
 */
static int open_direct(int fd)
{
	char proc[32];
	int direct;

	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
	direct = open(proc, O_RDONLY | O_DIRECT | O_CLOEXEC);
	return direct < 0 ? -errno : direct;
}

/*
 * Reads one piece at offset at. *direct is used until it fails with EINVAL, as it does at the
 * end of a file whose size is not a multiple of ALIGN; then *direct is -1. Returns bytes, 0 at
 * the end, -errno.
 */
static ssize_t read_piece(int fd, int *direct, bool from_storage, uint8_t *buf, uint64_t at)
{
	ssize_t n;

	if (*direct >= 0) {
		n = pread(*direct, buf, PIECE, (off_t)at);
		if (n >= 0)
			return n;
		if (errno != EINVAL)
			return -errno;
		close(*direct);
		*direct = -1;
	}
	if (from_storage)
		(void)posix_fadvise(fd, (off_t)at, PIECE, POSIX_FADV_DONTNEED);
	n = pread(fd, buf, PIECE, (off_t)at);
	return n < 0 ? -errno : n;
}

static int hash_all(int fd, int *direct, const struct checksum_request *ask, uint8_t *buf,
	struct sha256_ctx *sha)
{
	uint64_t at = 0;
	ssize_t n;

	for (;;) {
		if (ask->stop && atomic_load(ask->stop))
			return -ECANCELED;
		n = read_piece(fd, direct, ask->from_storage, buf, at);
		if (n == -EINTR)
			continue;
		if (n <= 0)
			return (int)n;
		sha256_update(sha, (size_t)n, buf);
		at += (uint64_t)n;
		if (ask->progress)
			ask->progress(ask->ctx, at);
	}
}

int checksum_file(int fd, const struct checksum_request *ask, char hex[CHECKSUM_HEX])
{
	uint8_t digest[SHA256_DIGEST_SIZE], *buf = NULL;
	struct sha256_ctx sha;
	int direct = -1, r;

	if (posix_memalign((void **)&buf, ALIGN, PIECE) != 0)
		return -ENOMEM;
	r = 0;
	if (ask->from_storage) {
		/*
		 * Syncs first: dirty pages cannot be dropped from the page cache, and until
		 * they are written, storage returns the data that was there before.
		 */
		r = fdatasync(fd) < 0 ? -errno : 0;
		(void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
		direct = open_direct(fd);
		if (direct < 0)
			log_debug("read back without O_DIRECT: %s", strerror(-direct));
	}
	sha256_init(&sha);
	if (r == 0)
		r = hash_all(fd, &direct, ask, buf, &sha);
	if (direct >= 0)
		close(direct);
	free(buf);
	sha256_digest(&sha, sizeof(digest), digest);
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	return r;
}

/* Writes a line of sha256sum(1). If the name has a backslash, the line begins with one. */
static void make_line(const char *name, const char *hex, char *out, size_t size)
{
	size_t n = (size_t)snprintf(out, size, "%s%s  ", strchr(name, '\\') ? "\\" : "", hex);

	for (; *name != '\0' && n + 4 < size; name++) {
		if (*name == '\\')
			out[n++] = '\\';
		out[n++] = *name;
	}
	out[n++] = '\n';
	out[n] = '\0';
}

/* Replaces NAME.sha256 as a whole. 0 or -errno. */
static int replace_text(struct folder *f, const char *name, const char *text, size_t len)
{
	char own[STORE_NAME_MAX + 1], spare[STORE_NAME_MAX + 1];
	const struct folder_ops *ops = f->ops;
	int r;

	/* The spare file's name is hidden, so that no listing shows half a file. */
	if (strlen(name) + strlen("." CHECKSUM_SUFFIX SPARE) > STORE_NAME_MAX)
		return -ENAMETOOLONG;
	strcpy(own, name);
	strcat(own, CHECKSUM_SUFFIX);
	strcpy(spare, ".");
	strcat(spare, own);
	strcat(spare, SPARE);
	r = ops->unlink(f, spare);
	if (r == 0 || r == -ENOENT)
		r = ops->write(f, spare, text, len);
	if (r == 0)
		r = ops->sync(f, spare);
	if (r == 0)
		r = ops->rename(f, spare, own);
	if (r < 0) {
		(void)ops->unlink(f, spare);
		return r;
	}
	return ops->sync_names(f);
}

int checksum_write(struct folder *f, const char *name, const char *hex, const char *read_back)
{
	char text[CHECKSUM_TEXT] = "";
	size_t n = 0;

	if (read_back)
		n = (size_t)snprintf(text, sizeof(text), MISMATCH_HEAD "%s\n", read_back);
	make_line(name, hex, text + n, sizeof(text) - n);
	return replace_text(f, name, text, strlen(text));
}

/*
 * Reads a line of sha256sum(1) without its end, for text or binary data. Returns the name's
 * place in it if it is that of the image, NULL otherwise; names as in make_line().
 */
static const char *name_in_line(const char *line, size_t len, const char *image)
{
	bool escaped = len > 0 && line[0] == '\\';
	const char *name = line + (escaped ? 1 : 0) + CHECKSUM_HEX - 1, *end = line + len, *p;

	if (name + 2 > end || name[0] != ' ' || (name[1] != ' ' && name[1] != '*'))
		return NULL;
	name += 2;
	for (p = name; p < end && *image != '\0'; p++, image++) {
		if (escaped && *p == '\\')
			p++;
		if (p == end || *p != *image)
			return NULL;
	}
	return p == end && *image == '\0' ? name : NULL;
}

size_t checksum_rename(
	const char *text, size_t len, const char *old, const char *to, char *out, size_t size)
{
	char hex[CHECKSUM_HEX], line[2 * CHECKSUM_TEXT];
	size_t n = 0, have, take;

	for (size_t at = 0; at < len; at += take) {
		const char *end = memchr(text + at, '\n', len - at), *from = text + at;

		take = end ? (size_t)(end - from) + 1 : len - at;
		have = take;
		if (name_in_line(from, end ? take - 1 : take, old)) {
			memcpy(hex, from + (*from == '\\' ? 1 : 0), CHECKSUM_HEX - 1);
			hex[CHECKSUM_HEX - 1] = '\0';
			make_line(to, hex, line, sizeof(line));
			from = line;
			have = strlen(line);
		}
		if (n + have > size)
			return 0;
		memcpy(out + n, from, have);
		n += have;
	}
	return n;
}

int checksum_outdate(struct folder *f, const char *name)
{
	char file[STORE_NAME_MAX + sizeof(CHECKSUM_SUFFIX)], text[CHECKSUM_TEXT];
	char out[sizeof(OUTDATED_HEAD) + 2 * CHECKSUM_TEXT] = OUTDATED_HEAD;
	size_t n = strlen(OUTDATED_HEAD), take;
	bool found = false;
	int len;

	snprintf(file, sizeof(file), "%.*s" CHECKSUM_SUFFIX, (int)STORE_NAME_MAX, name);
	len = f->ops->read(f, file, text, sizeof(text));
	if (len < 0)
		return len == -ENOENT || len == -ENAMETOOLONG ? 0 : len;
	for (size_t at = 0; at < (size_t)len; at += take) {
		const char *from = text + at, *end = memchr(from, '\n', (size_t)len - at);
		size_t line = end ? (size_t)(end - from) : (size_t)len - at;

		take = end ? line + 1 : line;
		if (name_in_line(from, line, name)) {
			found = true;
			memcpy(out + n, "# ", 2);
			n += 2;
		}
		memcpy(out + n, from, take);
		n += take;
	}
	if (!found)
		return 0;
	len = replace_text(f, name, out, n);
	return len < 0 ? len : 1;
}

bool checksum_find(const char *text, size_t len, const char *image, char hex[CHECKSUM_HEX])
{
	for (size_t at = 0, take; at < len; at += take) {
		const char *from = text + at, *end = memchr(from, '\n', len - at);
		size_t line = end ? (size_t)(end - from) : len - at;

		take = end ? line + 1 : line;
		if (!name_in_line(from, line, image))
			continue;
		snprintf(hex, CHECKSUM_HEX, "%.64s", from + (*from == '\\' ? 1 : 0));
		return strspn(hex, "0123456789abcdefABCDEF") == CHECKSUM_HEX - 1;
	}
	return false;
}

bool checksum_is_bad(const char *text, size_t len)
{
	return len > strlen(MISMATCH_HEAD) &&
	       memcmp(text, MISMATCH_HEAD, strlen(MISMATCH_HEAD)) == 0;
}

bool checksum_is_own_name(const char *name)
{
	size_t n = strlen(name), m = strlen(CHECKSUM_SUFFIX);

	return n > m && strcmp(name + n - m, CHECKSUM_SUFFIX) == 0;
}
