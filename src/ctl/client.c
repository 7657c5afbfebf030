// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/client.h"

#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "protocol/verbs.h"
#include "protocol/words.h"

#define RETRY_MS 100

static int connect_once(const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd, r;

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
		return fd;
	r = -errno;
	close(fd);
	return r;
}

int client_connect(const char *path, double wait)
{
	const struct timespec pause = {.tv_nsec = RETRY_MS * 1000000L};
	int r = connect_once(path);

	for (; (r == -ENOENT || r == -ECONNREFUSED) && wait > 0; wait -= RETRY_MS / 1000.0) {
		nanosleep(&pause, NULL);
		r = connect_once(path);
	}
	return r;
}

/*
 * Appends a word. The key of an option stays unquoted; everything else is quoted, so that it is a
 * name. A word like a=b is an option even if no verb has the key a: the daemon reports it.
 */
static bool add_word(char *out, size_t size, const char *arg, bool literal)
{
	size_t key = strspn(arg, "abcdefghijklmnopqrstuvwxyz"), n = strlen(out);
	char *value;

	if (verb_is_option(arg))
		key = strcspn(arg, "=");
	if (literal || key == 0 || arg[key] != '=')
		return words_quote(out, size, arg);
	if (n + key + 3 > size)
		return false;
	value = out + n + 1 + key;
	out[n] = ' ';
	memcpy(out + n + 1, arg, key);
	*value = '\0';
	if (!words_quote(out, size, arg + key + 1))
		return false;
	*value = '='; /* words_quote() has put a space there */
	return true;
}

int client_line(int argc, char *const *argv, const bool *literal, char *out, size_t size)
{
	*out = '\0';
	for (int i = 0; i < argc; i++) {
		if (!words_text_ok(argv[i], strlen(argv[i])))
			return -EINVAL;
		if (!add_word(out, size, argv[i], literal && literal[i]))
			return -E2BIG;
	}
	if (strlen(out) > WORDS_LINE_MAX || strlen(out) + 2 > size)
		return -E2BIG;
	strcat(out, "\n");
	return 0;
}

int client_send(int fd, const char *line)
{
	size_t len = strlen(line);

	while (len > 0) {
		ssize_t n = send(fd, line, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		/* The daemon may have answered ("too many clients") before it hung up. */
		if (n < 0)
			return errno == EPIPE ? 0 : -errno;
		line += n;
		len -= (size_t)n;
	}
	return 0;
}

bool client_soon(int fd, int ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, ms) != 0;
}

int client_receive(int fd, char **answer)
{
	size_t size = 0;
	ssize_t n;
	FILE *f;
	int r;

	*answer = NULL;
	fd = dup(fd);
	f = fd < 0 ? NULL : fdopen(fd, "r");
	if (!f) {
		r = -errno;
		if (fd >= 0)
			close(fd);
		return r;
	}
	n = getline(answer, &size, f);
	fclose(f);
	if (n > 0 && (*answer)[n - 1] == '\n') {
		(*answer)[n - 1] = '\0';
		return 0;
	}
	free(*answer);
	*answer = NULL;
	return -EPIPE;
}

void client_group(const char *path, char *out, size_t size)
{
	const struct group *g;
	struct stat st;

	*out = '\0';
	if (stat(path, &st) < 0)
		return;
	g = getgrgid(st.st_gid);
	if (g)
		snprintf(out, size, "%s", g->gr_name);
}
