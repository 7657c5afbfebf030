// SPDX-License-Identifier: GPL-2.0-or-later
/* The client side of the socket, in the preloaded library. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "shim/shim_client.h"
#include "shim/shim_wire.h"

static const char *server_path(void)
{
	const char *s = getenv("MMCSHIM_SOCKET");

	return s && strlen(s) < sizeof(((struct sockaddr_un *)0)->sun_path) ? s : NULL;
}

const char *shim_node(void)
{
	const char *node = getenv("MMCSHIM_NODE");

	if (!server_path())
		return "";
	return node ? node : "/dev/sr0";
}

static bool socket_name(int fd, struct sockaddr_un *a, bool peer)
{
	socklen_t len = sizeof(*a);

	memset(a, 0, sizeof(*a));
	return (peer ? getpeername(fd, (struct sockaddr *)a, &len)
		     : getsockname(fd, (struct sockaddr *)a, &len)) == 0 &&
	       a->sun_family == AF_UNIX;
}

bool shim_is_open(int fd)
{
	int error = errno;
	struct sockaddr_un a;
	const char *server = server_path();
	bool is = server && socket_name(fd, &a, true) && strcmp(a.sun_path, server) == 0;

	errno = error;
	return is;
}

bool shim_is_node(const char *path)
{
	static const char *const prefix[] = {"/dev/fd/", "/proc/self/fd/"};

	if (!path || !server_path())
		return false;
	if (strcmp(path, shim_node()) == 0)
		return true;
	for (int i = 0; i < 2; i++) {
		size_t n = strlen(prefix[i]);

		if (strncmp(path, prefix[i], n) == 0 && path[n] >= '0' && path[n] <= '9')
			return shim_is_open(atoi(path + n));
	}
	return false;
}

bool shim_is_empty(const char *path)
{
	return path && path[0] == '\0';
}

/*
 * The error that the program gets when the server cannot be reached. ENOENT or EACCES would look
 * like an error of the device node, so a drive whose server has ended is ENXIO; the reason is
 * printed once.
 */
static int no_server(int error)
{
	static int said;

	if (error != ENOENT && error != ECONNREFUSED && error != EACCES)
		return -error;
	if (!__atomic_exchange_n(&said, 1, __ATOMIC_RELAXED))
		dprintf(STDERR_FILENO,
			"mmcgadget-shim: %s: no server answers at %s: %s; has the mmcgadget-shim "
			"that started this program ended?\n",
			shim_node(), server_path(), strerror(error));
	return -ENXIO;
}

static int server_connect(const char *bind_name)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX}, own = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	strcpy(a.sun_path, server_path());
	if (bind_name) {
		size_t n = strlen(bind_name);

		memcpy(own.sun_path + 1, bind_name, n);
		if (bind(fd, (struct sockaddr *)&own,
			    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + n)) < 0)
			goto failed; /* EADDRINUSE: the name is taken */
	}
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
failed:;
	int error = errno;
	close(fd);
	return no_server(error);
}

static bool transfer_out(int fd, const void *p, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = send(fd, (const char *)p + done, len - done, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return true;
}

static bool transfer_in(int fd, void *p, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = recv(fd, (char *)p + done, len - done, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return true;
}

static int64_t converse(int fd, struct shim_request *q, const void *data_out, struct shim_reply *r,
	void *data_in, size_t in_len)
{
	snprintf(q->who, sizeof(q->who), "%s", program_invocation_short_name);
	if (!transfer_out(fd, q, sizeof(*q)) || (data_out && !transfer_out(fd, data_out, q->len)) ||
		!transfer_in(fd, r, sizeof(*r)) || r->len > in_len ||
		!transfer_in(fd, data_in, r->len))
		return -EIO;
	return r->result;
}

int64_t shim_call(struct shim_request *q, const void *data_out, struct shim_reply *r, void *data_in,
	size_t in_len)
{
	int error = errno;
	int fd = server_connect(NULL);
	int64_t result = fd;

	if (fd >= 0) {
		result = converse(fd, q, data_out, r, data_in, in_len);
		close(fd);
	}
	errno = error;
	return result;
}

/*
 * Connects with a name for the open file: the PID, and a number for each open of the process. The
 * name can be taken: exec keeps PID and descriptors and begins again at number 1, and a descriptor
 * can outlive the process that opened it.
 */
static int connect_named(void)
{
	static unsigned serial;
	char name[32];
	int fd;

	do {
		snprintf(name, sizeof(name), "mmcshim-%d-%u", (int)getpid(),
			__atomic_add_fetch(&serial, 1, __ATOMIC_RELAXED));
		fd = server_connect(name);
	} while (fd == -EADDRINUSE);
	return fd;
}

int64_t shim_open(int flags)
{
	struct shim_request q = {.op = SHIM_OPEN, .arg = flags};
	struct shim_reply r;
	int error = errno, fd = connect_named();
	int64_t result = fd < 0 ? fd : converse(fd, &q, NULL, &r, NULL, 0);

	if (result < 0) {
		if (fd >= 0)
			close(fd);
	} else {
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | (flags & O_NONBLOCK));
		if (!(flags & O_CLOEXEC))
			fcntl(fd, F_SETFD, 0);
		result = fd;
	}
	errno = error;
	return result;
}

static void put_file_name(int fd, struct shim_request *q)
{
	struct sockaddr_un a;

	if (socket_name(fd, &a, false))
		memcpy(q->file, a.sun_path + 1, sizeof(q->file) - 1);
}

int64_t shim_read(int fd, void *buf, size_t len, int64_t at)
{
	size_t done = 0;

	while (done < len) {
		size_t n = len - done < SHIM_MAX_TRANSFER ? len - done : SHIM_MAX_TRANSFER;
		struct shim_request q = {.op = SHIM_READ,
			.len = (uint32_t)n,
			.arg = at < 0 ? -1 : at + (int64_t)done};
		struct shim_reply r;

		put_file_name(fd, &q);
		int64_t got = shim_call(&q, NULL, &r, (char *)buf + done, n);
		if (got < 0)
			return done ? (int64_t)done : got;
		if (got == 0)
			break;
		done += (size_t)got;
	}
	return (int64_t)done;
}

int64_t shim_seek(int fd, int64_t at, int whence)
{
	struct shim_request q = {.op = SHIM_SEEK, .arg = at, .whence = (uint32_t)whence};
	struct shim_reply r;

	put_file_name(fd, &q);
	return shim_call(&q, NULL, &r, NULL, 0);
}
