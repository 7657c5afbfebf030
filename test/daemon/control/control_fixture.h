/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A control (FIFO, socket, status file) for two drives with a fake USB thread. */
#ifndef DAEMON_CONTROL_FIXTURE_H
#define DAEMON_CONTROL_FIXTURE_H

#include "daemon/fake_usb.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "control/control.h"
#include "util/log.h"
#include "version.h"

static sd_event *event;
static struct drives set;
static struct fake_usb usb[2];
static struct control *control;

static inline const char *udc(void *ctx)
{
	return ctx;
}

static inline const char *problem(void *ctx)
{
	(void)ctx;
	return "";
}

/* The configuration was changed since, if it is not NULL. */
static const char *fake_changed_config;

static inline const char *changed_config(void *ctx)
{
	(void)ctx;
	return fake_changed_config;
}

static inline json_t *functions(void *ctx)
{
	(void)ctx;
	return json_pack("[{s:s, s:s}]", "type", "acm", "node", "/dev/ttyGS0");
}

static inline int make_control(void)
{
	static char name[] = "dummy_udc.0";
	struct command_env env = {
		.drives = &set,
		.udc = udc,
		.problem = problem,
		.changed_config = changed_config,
		.functions = functions,
		.ctx = name,
	};
	struct control_config cc = {.fifo = "control",
		.socket = "socket",
		.status = "status",
		.group = "",
		.web = "web"};
	const struct group *own = getgrgid(getegid());

	snprintf(cc.web_group, sizeof(cc.web_group), "%s", own ? own->gr_name : "");
	snprintf(cc.directory, sizeof(cc.directory), "%s/run", scratch);
	return control_new(&cc, &env, event, &control);
}

static inline int setup(void **state)
{
	if (scratch_make(state) < 0 || sd_event_new(&event) < 0)
		return -1;
	control = NULL;
	mkdir(in_scratch("media"), 0755);
	mkdir(in_scratch("run"), 0755);
	put_size("media/a.iso", 4096);
	put_size("media/b c.iso", 8192);
	fake_drive(&usb[0], "drive0", event, &set, 2500);
	fake_drive(&usb[1], "drive1", event, &set, 200);
	log_set_level(LOG_LEVEL_ERROR);
	signal(SIGPIPE, SIG_IGN);
	return make_control();
}

/* As the daemon stops. */
static inline void stop_all(void)
{
	for (unsigned i = 0; i < 2; i++) {
		if (usb[i].drive)
			drive_detach(usb[i].drive);
		drive_free(usb[i].drive);
		usb[i].drive = NULL;
	}
	control_free(control);
	control = NULL;
}

static inline int teardown(void **state)
{
	stop_all();
	sd_event_unref(event);
	return scratch_remove(state);
}

/* Runs a shell command while control and drives run; returns its exit code. */
static inline int run_beside(const char *command)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(126);
	}
	while (waitpid(pid, &status, WNOHANG) == 0)
		turn(event, usb, 2, 5, NULL);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static inline void fifo_write(const char *data, size_t n)
{
	int fd = open(in_scratch("run/control"), O_WRONLY | O_NONBLOCK);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, n), (ssize_t)n);
	close(fd);
}

/* Writes to the FIFO; waits until the first line of the status file is `want`. */
static inline void fifo(const char *data, size_t n, const char *want)
{
	uint64_t end = now_ms() + 20000;
	const char *text;
	size_t len;

	unlink(in_scratch("run/status"));
	fifo_write(data, n);
	do {
		turn(event, usb, 2, 10, NULL);
		text = get_text("run/status");
		len = strcspn(text, "\n");
	} while ((len != strlen(want) || strncmp(text, want, len) != 0) && now_ms() < end);
	assert_starts(text, want);
	assert_int_equal(text[len], '\n');
	assert_int_equal(len, strlen(want));
}

#define FIFO(text, want) fifo(text, sizeof(text) - 1, want)

static inline int connect_client(void)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(addr.sun_path, in_scratch("run/socket"));
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

static inline void send_text(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* Returns the next line without its newline; "" = the daemon closed the connection. */
static inline const char *receive_line(int fd)
{
	static char line[4 << 20];
	uint64_t end = now_ms() + 200000;
	size_t n = 0;

	for (;;) {
		ssize_t r = recv(fd, line + n, sizeof(line) - n, MSG_DONTWAIT | MSG_PEEK);
		const char *end_of_line = r > 0 ? memchr(line + n, '\n', (size_t)r) : NULL;

		/* Bytes after the line stay in the socket for the next call. */
		if (end_of_line)
			r = end_of_line + 1 - (line + n);
		if (r > 0)
			assert_int_equal(recv(fd, line + n, (size_t)r, 0), r);
		if (r == 0 || end_of_line) {
			line[r == 0 ? n : n + (size_t)r - 1] = '\0';
			return line;
		}
		if (r > 0) {
			n += (size_t)r;
			assert_true(n < sizeof(line));
			continue;
		}
		assert_int_equal(errno, EAGAIN);
		assert_true(now_ms() < end);
		turn(event, usb, 2, 5, NULL);
	}
}

/* Writes to the FIFO; waits up to 200 s until the status file begins with `begins`. */
static inline void fifo_slow(const char *line, const char *begins)
{
	uint64_t end = now_ms() + 200000;

	unlink(in_scratch("run/status"));
	fifo_write(line, strlen(line));
	while (strncmp(get_text("run/status"), begins, strlen(begins)) != 0 && now_ms() < end)
		turn(event, usb, 2, 10, NULL);
	assert_starts(get_text("run/status"), begins);
}

/* The user whose files the tests make. */
static inline const char *own_name(void)
{
	const struct passwd *me = getpwuid(geteuid());
	static char name[40];

	snprintf(name, sizeof(name), "user %u", (unsigned)geteuid());
	if (me)
		snprintf(name, sizeof(name), "%.32s", me->pw_name);
	return name;
}

/* Waits until a disc that was ejected is closed, by a thread of its own: it is locked until then.
 */
static inline void wait_unlocked(const char *name)
{
	struct flock fl;
	int fd = open(in_scratch(name), O_RDONLY);
	uint64_t end = now_ms() + 60000;

	assert_true(fd >= 0);
	do {
		/* The kernel writes the lock that it finds there, whose l_pid of -1 it refuses. */
		fl = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
		turn(event, usb, 2, 10, NULL);
		assert_int_equal(fcntl(fd, F_OFD_GETLK, &fl), 0);
	} while (fl.l_type != F_UNLCK && now_ms() < end);
	assert_int_equal(fl.l_type, F_UNLCK);
	close(fd);
}

#endif
