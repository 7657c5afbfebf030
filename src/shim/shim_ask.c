// SPDX-License-Identifier: GPL-2.0-or-later
/* Asks the server of a drive: sends the words of a control line, prints the answer. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "shim/shim_server.h"

#define LINE_MAX_BYTES 8192

/* The server has a current directory of its own, so a file's name is made absolute. */
static const char *absolute(const char *word, char *out, size_t size)
{
	char here[PATH_MAX];

	if (word[0] == '/' || !getcwd(here, sizeof(here)) ||
		snprintf(out, size, "%s/%s", here, word) >= (int)size)
		return word;
	return out;
}

/* Puts the words into line, each with a zero byte after it. The length; 0: they do not fit. */
static size_t join(int words, char **word, char *line, size_t size)
{
	int file_at = shim_control_file_at(words, word);
	char path[PATH_MAX * 2];
	size_t len = 0;

	for (int i = 0; i < words; i++) {
		const char *w =
			i > 0 && i == file_at ? absolute(word[i], path, sizeof(path)) : word[i];
		size_t n = strlen(w) + 1;

		if (n > size - len)
			return 0;
		memcpy(line + len, w, n);
		len += n;
	}
	return len;
}

static bool receive(int fd, void *p, size_t len)
{
	return len == 0 || recv(fd, p, len, MSG_WAITALL) == (ssize_t)len;
}

int shim_ask(const char *path, int words, char **word)
{
	struct shim_request q = {.op = SHIM_CONTROL, .who = "ask"};
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	char line[LINE_MAX_BYTES], answer[SHIM_ANSWER_MAX];
	struct shim_reply r;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool good = fd >= 0 && strlen(path) < sizeof(a.sun_path);

	q.len = (uint32_t)join(words, word, line, sizeof(line));
	if (good)
		strcpy(a.sun_path, path);
	good = good && connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0 && q.len > 0 &&
	       send(fd, &q, sizeof(q), MSG_NOSIGNAL) == (ssize_t)sizeof(q) &&
	       send(fd, line, q.len, MSG_NOSIGNAL) == (ssize_t)q.len &&
	       receive(fd, &r, sizeof(r)) && r.len < sizeof(answer) && receive(fd, answer, r.len);
	if (fd >= 0)
		close(fd);
	if (!good) {
		fprintf(stderr, "mmcgadget-shim: no server answers at %s\n", path);
		return SHIM_ASK_NO_SERVER;
	}
	/* An answer that refuses is an error, which belongs to the other stream. */
	fprintf(r.result ? stderr : stdout, "%.*s\n", (int)r.len, answer);
	return (int)r.result;
}
