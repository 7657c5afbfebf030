/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Clients of the control socket that get descriptors of part files, and write to these. */
#ifndef DAEMON_UPLOAD_FIXTURE_H
#define DAEMON_UPLOAD_FIXTURE_H

#include "daemon/control/control_fixture.h"

#include <glob.h>
#include <inttypes.h>

#include "protocol/field.h"

static inline int connect_to(const char *name)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(addr.sun_path, in_scratch(name));
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

/* Receives a line and the descriptor that came with it; *passed -1: none. */
static inline const char *receive_with(int fd, int *passed)
{
	static char line[1 << 16];
	uint64_t end = now_ms() + 30000;
	size_t n = 0;

	*passed = -1;
	while (n == 0 || line[n - 1] != '\n') {
		union {
			struct cmsghdr head;
			char space[CMSG_SPACE(sizeof(int))];
		} space;
		struct iovec data = {line + n, sizeof(line) - 1 - n};
		struct msghdr m = {.msg_iov = &data,
			.msg_iovlen = 1,
			.msg_control = &space,
			.msg_controllen = sizeof(space)};
		ssize_t r = recvmsg(fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
		const struct cmsghdr *c = r > 0 ? CMSG_FIRSTHDR(&m) : NULL;

		if (c) {
			assert_int_equal(*passed, -1);
			memcpy(passed, CMSG_DATA(c), sizeof(int));
		}
		if (r == 0)
			break;
		if (r > 0)
			n += (size_t)r;
		else
			turn(event, usb, 2, 5, NULL);
		assert_true(now_ms() < end);
	}
	line[n] = '\0';
	return line;
}

/* The answer to a line, which the caller frees; *passed as above, NULL: there must be none. */
__attribute__((format(printf, 3, 4))) static inline json_t *ask_fd(
	int fd, int *passed, const char *fmt, ...)
{
	char line[4096];
	int none;
	va_list ap;
	json_t *a;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	send_text(fd, line);
	a = json_loads(receive_with(fd, passed ? passed : &none), 0, NULL);
	if (!a)
		fail_msg("%s: no answer", line);
	if (!passed)
		assert_int_equal(none, -1);
	if (!answer_is_ok(a) && passed)
		assert_int_equal(*passed, -1);
	return a;
}

#define expect_ok(a) expect_ok_at(a, __LINE__)
static inline void expect_ok_at(const json_t *a, int line)
{
	if (!answer_is_ok(a))
		fail_msg("line %d: %s: %s", line, field_text(a, "code"), field_text(a, "message"));
}

/* The line is refused with that code, and the message has that part. */
static inline void refused(int fd, const char *code, const char *part, const char *line)
{
	int passed;
	json_t *a = ask_fd(fd, &passed, "%s\n", line);

	if (answer_is_ok(a) || strcmp(field_text(a, "code"), code) != 0 ||
		!strstr(field_text(a, "message"), part))
		fail_msg("%s: \"%s\" %s, not \"%s\" %s", line, field_text(a, "code"),
			field_text(a, "message"), code, part);
	json_decref(a);
}

struct upload {
	char id[32];
	uint64_t offset;
	int fd;
};

/* Begins an upload, or goes on with it. */
static inline struct upload begin(int fd, const char *line)
{
	struct upload u;
	json_t *a = ask_fd(fd, &u.fd, "%s\n", line);

	expect_ok(a);
	assert_true(u.fd >= 0);
	snprintf(u.id, sizeof(u.id), "%s", field_text(a, "id"));
	u.offset = field_number(a, "offset");
	json_decref(a);
	return u;
}

/* The byte at that place of a test's data. */
static inline char byte_at(uint64_t at)
{
	return (char)(at * 2654435761u >> 13);
}

static inline void write_bytes(int fd, uint64_t from, uint64_t to)
{
	char buf[4096];

	for (uint64_t at = from, n; at < to; at += n) {
		n = to - at < sizeof(buf) ? to - at : sizeof(buf);
		for (uint64_t i = 0; i < n; i++)
			buf[i] = byte_at(at + i);
		assert_int_equal(pwrite(fd, buf, n, (off_t)at), (ssize_t)n);
	}
}

static inline void check_bytes(const char *name, uint64_t size)
{
	int fd = open(in_scratch(name), O_RDONLY | O_CLOEXEC);
	char buf[4096];

	assert_true(fd >= 0);
	assert_int_equal(size_of(name), size);
	for (uint64_t at = 0; at < size;) {
		ssize_t n = pread(fd, buf, sizeof(buf), (off_t)at);

		assert_true(n > 0);
		for (ssize_t i = 0; i < n; i++) {
			if (buf[i] != byte_at(at + (uint64_t)i))
				fail_msg("%s differs at %" PRIu64, name, at + (uint64_t)i);
		}
		at += (uint64_t)n;
	}
	close(fd);
}

static inline void save_at(int fd, const struct upload *u, uint64_t offset)
{
	json_t *a;

	assert_int_equal(fdatasync(u->fd), 0);
	a = ask_fd(fd, NULL, "upload-at %s offset=%" PRIu64 "\n", u->id, offset);
	expect_ok(a);
	assert_int_equal(field_number(a, "offset"), offset);
	json_decref(a);
}

/* Number of hidden files of uploads in the media folder. */
static inline size_t hidden_files(void)
{
	glob_t g;
	size_t n;

	(void)glob(in_scratch("media/.mmcgadget-????????????????.part*"), 0, NULL, &g);
	n = g.gl_pathc;
	globfree(&g);
	return n;
}

#endif
