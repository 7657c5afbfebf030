// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Serves one drive to many programs. As in a real drive, the disc remains when a burning program
 * ends, so the engine runs here and not in the programs.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "shim/shim_server.h"

#define MAX_OPEN 64
#define BUFFER   (1024u * 1024u)

struct open_file {
	int fd;
	uint64_t at;
	char name[32];
};

static struct shim_kernel kern;
static struct open_file files[MAX_OPEN];
static unsigned opened; /* opens so far, failed ones too */
static int file_count;
static bool stopping;
static uint8_t buffer[BUFFER];

static bool read_all(int fd, void *p, size_t len)
{
	return len == 0 || recv(fd, p, len, MSG_WAITALL) == (ssize_t)len;
}

static bool write_all(int fd, const void *p, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = send(fd, (const char *)p + done, len - done, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return true;
}

/* ---- requests ----------------------------------------------------------------------------- */

/* The abstract address the peer bound its socket to, without the leading zero byte. */
static void peer_name(int fd, char out[32])
{
	struct sockaddr_un a = {0};
	socklen_t len = sizeof(a);

	memset(out, 0, 32);
	if (getpeername(fd, (struct sockaddr *)&a, &len) == 0 && a.sun_path[0] == '\0')
		memcpy(out, a.sun_path + 1, 31);
}

static struct open_file *find_file(const char *name)
{
	for (int i = 0; i < file_count; i++)
		if (strncmp(files[i].name, name, sizeof(files[i].name)) == 0)
			return &files[i];
	return NULL;
}

static void do_scsi(const struct shim_request *q, struct shim_reply *r)
{
	struct shim_command c = {.who = q->who,
		.cdb = q->cdb,
		.cdb_len = q->cdb_len,
		.dir = (enum shim_dir)q->dir,
		.data = buffer,
		.len = q->len};

	shim_drive_command(kern.drive, &c);
	r->moved = c.moved;
	r->status = c.status;
	r->host_status = c.host_status;
	r->sense_len = c.sense_len;
	memcpy(r->sense, c.sense, sizeof(r->sense));
	r->len = c.dir == SHIM_IN ? c.moved : 0;
}

static void do_read(const struct shim_request *q, struct shim_reply *r)
{
	struct open_file *f = find_file(q->file);
	uint64_t at = q->arg >= 0 ? (uint64_t)q->arg : f ? f->at : 0;

	r->result = shim_kernel_read(&kern, at, buffer, q->len);
	r->len = r->result > 0 ? (uint32_t)r->result : 0;
	if (f && q->arg < 0)
		f->at += r->len;
}

static void do_seek(const struct shim_request *q, struct shim_reply *r)
{
	struct open_file *f = find_file(q->file);
	int64_t base = q->whence == SEEK_SET ? 0 : f ? (int64_t)f->at : 0, to;

	if (q->whence == SEEK_END)
		base = (int64_t)kern.blocks * 2048;
	if (!f || q->whence > SEEK_END || __builtin_add_overflow(base, q->arg, &to) || to < 0) {
		r->result = -EINVAL;
		return;
	}
	f->at = (uint64_t)to;
	r->result = (int64_t)f->at;
}

static void do_control(const struct shim_request *q, struct shim_reply *r)
{
	static char answer[SHIM_ANSWER_MAX];
	char *word[SHIM_WORDS_MAX] = {NULL};
	int words = 0;

	buffer[q->len] = '\0';
	for (uint32_t at = 0; at < q->len && words < SHIM_WORDS_MAX;
		at += (uint32_t)strlen((char *)buffer + at) + 1)
		word[words++] = (char *)buffer + at;
	if (words == 1 && strcmp(word[0], "stop") == 0) {
		stopping = true;
		return;
	}
	r->result = shim_control(kern.drive, words, word, answer, sizeof(answer));
	r->len = (uint32_t)strlen(answer);
	memcpy(buffer, answer, r->len);
}

static void do_open(int fd, const struct shim_request *q, struct shim_reply *r)
{
	opened++;
	if (file_count == MAX_OPEN) {
		r->result = -ENFILE;
		return;
	}
	r->result = shim_kernel_open(&kern, (int)q->arg);
	if (r->result < 0)
		return;
	files[file_count].fd = fd;
	files[file_count].at = 0;
	peer_name(fd, files[file_count].name);
	file_count++;
}

/* True if the connection stays, because it is an open file now. */
static bool serve(int fd)
{
	struct shim_reply r = {0};
	struct shim_request q;

	if (!read_all(fd, &q, sizeof(q)) || q.len >= BUFFER || q.cdb_len > 16)
		return false;
	q.who[sizeof(q.who) - 1] = '\0';
	bool has_data = q.op == SHIM_CONTROL || (q.op == SHIM_SCSI && q.dir == SHIM_OUT);
	if (has_data && !read_all(fd, buffer, q.len))
		return false;
	switch (q.op) {
	case SHIM_OPEN:
		do_open(fd, &q, &r);
		break;
	case SHIM_SCSI:
		do_scsi(&q, &r);
		break;
	case SHIM_READ:
		do_read(&q, &r);
		break;
	case SHIM_SEEK:
		do_seek(&q, &r);
		break;
	case SHIM_SIZE:
		r.result = (int64_t)kern.blocks * 2048;
		break;
	case SHIM_MEDIA_CHANGED:
		r.result = shim_kernel_media_changed(&kern);
		break;
	case SHIM_DRIVE_STATUS:
		r.result = shim_kernel_drive_status(&kern);
		break;
	case SHIM_CONTROL:
		do_control(&q, &r);
		break;
	default:
		return false;
	}
	return write_all(fd, &r, sizeof(r)) && write_all(fd, buffer, r.len) && q.op == SHIM_OPEN &&
	       r.result == 0;
}

/* ---- the loop ----------------------------------------------------------------------------- */

static void drop_closed_files(void)
{
	struct pollfd p[MAX_OPEN];
	int n = file_count;

	for (int i = 0; i < n; i++)
		p[i] = (struct pollfd){.fd = files[i].fd, .events = POLLIN};
	if (poll(p, (nfds_t)n, 0) <= 0)
		return;
	for (int i = n; i-- > 0;) {
		if (!p[i].revents)
			continue;
		close(files[i].fd);
		files[i] = files[--file_count];
		shim_kernel_release(&kern);
	}
}

/* Serves until "stop", or until nobody has the other end of the pipe `until` (-1: none). */
static int run(int listener, int until)
{
	while (!stopping) {
		struct pollfd p[MAX_OPEN + 2] = {
			{.fd = listener, .events = POLLIN}, {.fd = until, .events = POLLIN}};

		for (int i = 0; i < file_count; i++)
			p[i + 2] = (struct pollfd){.fd = files[i].fd, .events = POLLIN};
		if (poll(p, (nfds_t)file_count + 2, -1) < 0)
			return -errno;
		/* A close must be handled before a connection that was made after it. */
		drop_closed_files();
		if (p[0].revents & POLLIN) {
			int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

			if (fd >= 0 && !serve(fd))
				close(fd);
		} else if (p[1].revents) {
			stopping = true;
		}
	}
	return 0;
}

int shim_listen(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd;

	if (strlen(path) >= sizeof(a.sun_path))
		return -ENAMETOOLONG;
	strcpy(a.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	unlink(path);
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0 && listen(fd, 64) == 0)
		return fd;
	int error = errno;
	close(fd);
	return -error;
}

int shim_serve(struct shim_drive *drive, int listener, int until)
{
	kern = (struct shim_kernel){.drive = drive};
	signal(SIGPIPE, SIG_IGN);
	int r = run(listener, until);
	return r < 0 ? r : (int)opened;
}
