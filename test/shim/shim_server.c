// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mmcshimd: one drive for many programs. As in a real drive, the disc remains when a burning
 * program ends, so the engine runs here and not in the programs.
 *
 *   mmcshimd SOCKET [LOG [dvd-rom|dvd+r]]   serves until "stop"
 *   mmcshimd --ask SOCKET WORD...           sends a control line and prints the answer
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "test/shim/shim_server.h"

#define MAX_OPEN 64
#define BUFFER   (1024u * 1024u)

struct open_file {
	int fd;
	uint64_t at;
	char name[32];
};

static struct shim_drive drive;
static struct shim_kernel kern = {.drive = &drive};
static struct open_file files[MAX_OPEN];
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

	shim_drive_command(&drive, &c);
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
	int64_t base = q->whence == SEEK_SET ? 0 : f ? (int64_t)f->at : 0;

	if (q->whence == SEEK_END)
		base = (int64_t)kern.blocks * 2048;
	if (!f || q->whence > SEEK_END || base + q->arg < 0) {
		r->result = -EINVAL;
		return;
	}
	f->at = (uint64_t)(base + q->arg);
	r->result = (int64_t)f->at;
}

static void do_control(const struct shim_request *q, struct shim_reply *r)
{
	static char answer[1024];

	buffer[q->len] = '\0';
	if (strcmp((char *)buffer, "stop") == 0) {
		stopping = true;
		return;
	}
	r->result = shim_drive_control(&drive, (char *)buffer, answer, sizeof(answer));
	r->len = (uint32_t)strlen(answer);
	memcpy(buffer, answer, r->len);
}

static void do_open(int fd, const struct shim_request *q, struct shim_reply *r)
{
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

static int run(int listener)
{
	while (!stopping) {
		struct pollfd p[MAX_OPEN + 1] = {{.fd = listener, .events = POLLIN}};

		for (int i = 0; i < file_count; i++)
			p[i + 1] = (struct pollfd){.fd = files[i].fd, .events = POLLIN};
		if (poll(p, (nfds_t)file_count + 1, -1) < 0)
			return 1;
		/* A close must be handled before a connection that was made after it. */
		drop_closed_files();
		if (!(p[0].revents & POLLIN))
			continue;
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0 && !serve(fd))
			close(fd);
	}
	return 0;
}

static int server(const char *path, const char *log, const char *finalised)
{
	struct mmc_config config = {.vendor = "MMCGADGT",
		.product = "DVD BURNER",
		.revision = "0.1",
		.serial = "0123456789AB"};
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (finalised && strcmp(finalised, "dvd+r") == 0)
		config.finalised = MMC_FINALISED_DVD_PLUS_R;
	drive.mmc = mmc_drive_new(&config);
	if (log) {
		drive.log = fopen(log, "we");
		if (!drive.log)
			return 1;
		setlinebuf(drive.log);
	}
	strncpy(a.sun_path, path, sizeof(a.sun_path) - 1);
	unlink(path);
	if (!drive.mmc || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 64) < 0) {
		perror(path);
		return 1;
	}
	signal(SIGPIPE, SIG_IGN);
	int rc = run(fd);
	unlink(path);
	mmc_drive_free(drive.mmc);
	if (drive.log)
		fclose(drive.log);
	return rc;
}

static int ask(const char *path, int words, char **word)
{
	struct shim_request q = {.op = SHIM_CONTROL, .who = "mmcshimd"};
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	struct shim_reply r;
	char line[4096] = "";

	for (int i = 0; i < words; i++) {
		strncat(line, word[i], sizeof(line) - strlen(line) - 2);
		if (i + 1 < words)
			strcat(line, " ");
	}
	q.len = (uint32_t)strlen(line);
	strncpy(a.sun_path, path, sizeof(a.sun_path) - 1);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || !write_all(fd, &q, sizeof(q)) ||
		!write_all(fd, line, q.len) || !read_all(fd, &r, sizeof(r)) || r.len >= BUFFER ||
		!read_all(fd, buffer, r.len))
		return 3;
	printf("%.*s\n", (int)r.len, (char *)buffer);
	return (int)r.result;
}

int main(int argc, char **argv)
{
	if (argc >= 4 && strcmp(argv[1], "--ask") == 0)
		return ask(argv[2], argc - 3, argv + 3);
	if (argc >= 2 && argc <= 4 && argv[1][0] != '-')
		return server(argv[1], argc > 2 ? argv[2] : NULL, argc > 3 ? argv[3] : NULL);
	fputs("usage: mmcshimd SOCKET [LOG [dvd-rom|dvd+r]] | mmcshimd --ask SOCKET WORD...\n",
		stderr);
	return 2;
}
