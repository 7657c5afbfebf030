// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/run_program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define FOLDERS "/usr/sbin:/sbin:/usr/bin:/bin"

static void become(const char *const *argv, bool quiet)
{
	int null = quiet ? open("/dev/null", O_WRONLY) : -1;

	if (null >= 0)
		dup2(null, STDERR_FILENO);
	dup2(STDERR_FILENO, STDOUT_FILENO);
	setenv("PATH", FOLDERS, 1);
	/* execvp() does not change its arguments. */
	execvp(argv[0], (char *const *)(uintptr_t)argv);
}

int run_program(const char *const *argv, bool quiet)
{
	int status, error = 0, report[2];
	pid_t pid;

	/* The child writes errno to this pipe if execvp() fails; otherwise execvp() closes it. */
	if (pipe2(report, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid < 0) {
		error = errno;
		close(report[0]);
		close(report[1]);
		return -error;
	}
	if (pid == 0) {
		become(argv, quiet);
		error = errno;
		(void)!write(report[1], &error, sizeof(error));
		_exit(127);
	}
	close(report[1]);
	if (read(report[0], &error, sizeof(error)) != (ssize_t)sizeof(error))
		error = 0;
	close(report[0]);
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	if (error)
		return -error;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
