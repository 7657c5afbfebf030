// SPDX-License-Identifier: GPL-2.0-or-later
#include "compact/bare_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/array.h"

#define FILES_MAX 128u

/*
 * In a build directory the program is beside the daemon, installed it is below the same prefix or
 * where the Makefile was told.
 */
const char *bare_process_find(const char *name, char path[PATH_MAX])
{
	static const char *const places[] = {"", "../lib/mmcgadget/"};
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	while (n > 0 && self[n - 1] != '/')
		n--;
	for (size_t i = 0; n > 0 && i < ARRAY_LEN(places); i++) {
		if (snprintf(path, PATH_MAX, "%.*s%s%s", (int)n, self, places[i], name) <
				PATH_MAX &&
			access(path, X_OK) == 0)
			return path;
	}
	snprintf(path, PATH_MAX, "%s/%s", LIBEXECDIR, name);
	return path;
}

static int spawn(pid_t *pid, const char *path, const int *fd, unsigned count)
{
	const char *slash = strrchr(path, '/');
	char name[64], *argv[] = {name, NULL}, *env[] = {NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;
	int r = posix_spawn_file_actions_init(&actions);

	if (r != 0)
		return -r;
	r = posix_spawnattr_init(&attributes);
	if (r != 0) {
		posix_spawn_file_actions_destroy(&actions);
		return -r;
	}
	snprintf(name, sizeof(name), "%s", slash ? slash + 1 : path);
	sigemptyset(&none);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	for (unsigned i = 0; r == 0 && i < count; i++)
		r = posix_spawn_file_actions_adddup2(&actions, fd[i], (int)i);
	if (r == 0)
		r = posix_spawn_file_actions_addclosefrom_np(&actions, (int)count);
	if (r == 0)
		r = posix_spawn(pid, path, &actions, &attributes, argv, env);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return -r;
}

/* Spawns with copies whose numbers are above those that the process gets. */
static int spawn_with_copies(pid_t *pid, const char *path, const int *fd, unsigned count)
{
	int copy[FILES_MAX + 1];
	unsigned n = 0;
	int r = 0;

	while (r == 0 && n < count) {
		copy[n] = fcntl(fd[n], F_DUPFD_CLOEXEC, (int)count);
		if (copy[n] < 0)
			r = -errno;
		else
			n++;
	}
	if (r == 0)
		r = spawn(pid, path, copy, count);
	while (n > 0)
		close(copy[--n]);
	return r;
}

int bare_process_start(struct bare_process *p, const char *path, const int *fd, unsigned count)
{
	int all[FILES_MAX + 1], pair[2], r;

	p->pid = -1;
	if (count > FILES_MAX)
		return -EMFILE;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	all[0] = pair[1];
	for (unsigned i = 0; i < count; i++)
		all[i + 1] = fd[i];
	r = spawn_with_copies(&p->pid, path, all, count + 1);
	close(pair[1]);
	p->socket = pair[0];
	if (r < 0) {
		close(pair[0]);
		p->pid = -1;
	}
	return r;
}

int bare_process_end(struct bare_process *p)
{
	int status = -1;

	if (p->pid <= 0)
		return -1;
	close(p->socket);
	kill(p->pid, SIGKILL);
	while (waitpid(p->pid, &status, 0) < 0) {
		if (errno != EINTR)
			break;
	}
	p->pid = -1;
	return status;
}
