// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/loopback_user.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "protocol/words.h"

static const struct passwd *find(const char *name, const char *number)
{
	unsigned long id;
	char *end;

	if (name)
		return getpwnam(name);
	id = strtoul(number, &end, 10);
	return *number != '\0' && *end == '\0' ? getpwuid((uid_t)id) : NULL;
}

bool loopback_user(const char *name, const char *number, struct loopback_unit *u, char *home,
	size_t home_size, char *why, size_t size)
{
	const struct passwd *p = name || number ? find(name, number) : NULL;

	if (!name && !number) {
		snprintf(why, size,
			"whose drive shall it be? Call it by sudo from that user's session, or "
			"name the user: user=NAME");
		return false;
	}
	if (!p) {
		snprintf(why, size, "no user \"%s\" on this system", name ? name : number);
		return false;
	}
	if (p->pw_uid == 0) {
		snprintf(why, size,
			"the drive runs with the rights of an ordinary user, not of root; name "
			"one: user=NAME");
		return false;
	}
	if (strlen(p->pw_name) >= sizeof(u->user) || strlen(p->pw_dir) >= home_size) {
		snprintf(why, size, "the name or the home of \"%.32s\" is too long", p->pw_name);
		return false;
	}
	strcpy(u->user, p->pw_name);
	u->uid = p->pw_uid;
	u->gid = p->pw_gid;
	strcpy(home, p->pw_dir);
	return true;
}

/* ---- the folder --------------------------------------------------------------------------- */

/* Gives up root's rights, as the user could have any path of root behind a link. */
static bool become(const struct loopback_unit *u)
{
	return geteuid() != 0 ||
	       (initgroups(u->user, u->gid) == 0 && setgid(u->gid) == 0 && setuid(u->uid) == 0);
}

/* Makes and checks the folder, and writes its whole path. NULL, or what failed. */
static const char *make(const struct loopback_unit *u, const char *folder, char path[PATH_MAX])
{
	struct stat st;

	if (!become(u))
		return "cannot take the rights of the user";
	umask(022);
	if ((mkdir(folder, 0755) < 0 && errno != EEXIST) || !realpath(folder, path) ||
		stat(path, &st) < 0)
		return strerror(errno);
	if (!S_ISDIR(st.st_mode))
		return strerror(ENOTDIR);
	if (strcmp(path, "/") == 0)
		return "this is the root of the file system; name a folder for discs";
	return access(path, R_OK | W_OK | X_OK) < 0 ? strerror(errno) : NULL;
}

/* In a process of its own: writes "+" and the path, or "-" and what failed. */
static void make_and_report(const struct loopback_unit *u, const char *folder, int fd)
{
	char path[PATH_MAX] = "";
	const char *fault = make(u, folder, path);

	dprintf(fd, "%c%s", fault ? '-' : '+', fault ? fault : path);
	_exit(0);
}

bool loopback_folder(struct loopback_unit *u, const char *folder, char *why, size_t size)
{
	char text[PATH_MAX + 2];
	size_t n = 0;
	ssize_t got;
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0 || (pid = fork()) < 0) {
		snprintf(why, size, "%s", strerror(errno));
		return false;
	}
	if (pid == 0)
		make_and_report(u, folder, fds[1]);
	close(fds[1]);
	while (n < sizeof(text) - 1 && (got = read(fds[0], text + n, sizeof(text) - 1 - n)) > 0)
		n += (size_t)got;
	text[n] = '\0';
	close(fds[0]);
	waitpid(pid, NULL, 0);
	if (*text != '+') {
		snprintf(why, size, "%s: %s (for the user %s)", folder,
			*text == '-' ? text + 1 : "no answer", u->user);
		return false;
	}
	if (n - 1 >= sizeof(u->folder) || !words_text_ok(text + 1, n - 1)) {
		snprintf(why, size,
			"%s: the path must have at most %zu bytes, and be UTF-8 without control "
			"characters",
			folder, sizeof(u->folder) - 1);
		return false;
	}
	memcpy(u->folder, text + 1, n);
	return true;
}
