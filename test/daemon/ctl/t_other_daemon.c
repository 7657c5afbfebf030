// SPDX-License-Identifier: GPL-2.0-or-later
/* The client with answers that this daemon would not give: another version, a daemon that lies. */
#include "daemon/scratch.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "version.h"

/* Sends the answer, and with it the descriptor, unless that is -1. */
static ssize_t send_answer(int fd, const char *answer, int passed)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {.head = {.cmsg_len = CMSG_LEN(sizeof(int)),
			     .cmsg_level = SOL_SOCKET,
			     .cmsg_type = SCM_RIGHTS}};
	struct iovec data = {(void *)(uintptr_t)answer, strlen(answer)};
	struct msghdr m = {.msg_iov = &data, .msg_iovlen = 1};

	if (passed >= 0) {
		memcpy(CMSG_DATA(&control.head), &passed, sizeof(int));
		m.msg_control = &control;
		m.msg_controllen = sizeof(control);
	}
	return sendmsg(fd, &m, 0);
}

/* Answers each line of each client with this text and descriptor, until it is killed. */
static void serve(int listener, const char *answer, int passed)
{
	char buf[4096];
	int fd;

	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		while (read(fd, buf, sizeof(buf)) > 0)
			if (send_answer(fd, answer, passed) < 0)
				break;
		close(fd);
	}
	_exit(0);
}

/* Runs the client against a daemon that also passes a descriptor; returns its exit code. */
static int ctl_passed(const char *args, const char *answer, int passed, char *out, size_t size)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), status;
	char command[2048];
	pid_t daemon;

	strcpy(addr.sun_path, in_scratch("socket"));
	unlink(addr.sun_path);
	assert_int_equal(bind(listener, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(listener, 5), 0);
	daemon = fork();
	if (daemon == 0)
		serve(listener, answer, passed);
	snprintf(command, sizeof(command), "%s --socket %s %s >%s 2>&1", client(), addr.sun_path,
		args, in_scratch("out"));
	status = system(command);
	kill(daemon, SIGTERM);
	waitpid(daemon, NULL, 0);
	close(listener);
	snprintf(out, size, "%s", get_text("out"));
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* The same without a descriptor. */
static int ctl(const char *args, const char *answer, char *out, size_t size)
{
	return ctl_passed(args, answer, -1, out, size);
}

#define STATUS(version, image)                                                                     \
	"{\"ok\":true,\"message\":\"m\",\"version\":\"" version "\",\"udc\":\"u\",\"drives\":[{"   \
	"\"name\":\"d\",\"medium\":\"dvd-rom\",\"state\":\"complete\",\"image\":\"" image          \
	"\",\"path\":\"/m/" image "\",\"pending\":\"" image "\"}]}\n"

static void an_older_daemon_is_told(void **state)
{
	static char out[16384];

	(void)state;
	assert_int_equal(ctl("status", STATUS("0.0.1", "a.iso"), out, sizeof(out)), 0);
	assert_non_null(strstr(out, "\nmmcgadgetd 0.0.1 runs, " MMCGADGET_VERSION
				    " is installed; when the PC does not use the drive: sudo "
				    "systemctl restart mmcgadgetd\n"));
	assert_int_equal(ctl("status", STATUS(MMCGADGET_VERSION, "a.iso"), out, sizeof(out)), 0);
	assert_null(strstr(out, "is installed"));
}

/* A name with U+202E, U+2028, a tag and a flood of marks, as a daemon might pass it on. */
static void the_client_shows_nothing_deceptive_itself(void **state)
{
	static const char answer[] = STATUS(MMCGADGET_VERSION,
		"gnp\xe2\x80\xaeosi\xe2\x80\xa8x\xf3\xa0\x81\xa1"
		"e\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\\u001b[2J");
	static const char shown[] = "gnp?osi?x?e\xcc\x81\xcc\x81\xcc\x81\xcc\x81??[2J";
	static char out[16384];

	(void)state;
	assert_int_equal(ctl("status", answer, out, sizeof(out)), 0);
	assert_non_null(strstr(out, shown));
	assert_null(strchr(out, '\033'));
	assert_int_equal(ctl("status -v", answer, out, sizeof(out)), 0);
	assert_non_null(strstr(out, shown));
	assert_int_equal(ctl("watch | head -n 1", answer, out, sizeof(out)), 0);
	assert_non_null(strstr(out, shown));
	assert_int_equal(ctl("status --json", answer, out, sizeof(out)), 0);
	assert_non_null(strstr(out, "gnp\\u202eosi\\u2028x\\udb40\\udc61e"));
	assert_null(strstr(out, "\xe2\x80"));
	assert_int_equal(ctl("watch --json | head -n 1", answer, out, sizeof(out)), 0);
	assert_non_null(strstr(out, "gnp\\u202eosi\\u2028x\\udb40\\udc61e"));
	assert_null(strstr(out, "\xe2\x80"));
	assert_int_equal(
		ctl("eject", "{\"ok\":false,\"message\":\"a\xe2\x80\xae\",\"code\":\"x\"}\n", out,
			sizeof(out)),
		1);
	assert_string_equal(out, "mmcgadgetctl: a?\n");
}

static void what_is_no_answer_is_an_error(void **state)
{
	static char out[16384];

	(void)state;
	assert_int_equal(ctl("status", "hello\n", out, sizeof(out)), 1);
	assert_string_equal(out, "mmcgadgetctl: the daemon's answer cannot be read\n");
	assert_int_equal(ctl("status --json", "[]\n", out, sizeof(out)), 1);
	assert_string_equal(out, "{\"ok\":false,\"message\":\"the daemon's answer cannot be read\","
				 "\"code\":\"io-error\",\"format\":1}\n");
	assert_int_equal(ctl("wait host", "[]\n", out, sizeof(out)), 1);
	assert_string_equal(out, "mmcgadgetctl: the daemon's answer cannot be read\n");
	assert_int_equal(ctl("watch --json", "hello\n", out, sizeof(out)), 1);
	assert_non_null(strstr(out, "\"code\":\"io-error\",\"format\":1}"));
}

/* A failure of get names the file that failed: the image, not the file that it is copied to. */
static void get_names_the_image_that_cannot_be_read(void **state)
{
	static const char answer[] = "{\"ok\":true,\"message\":\"m\",\"image\":\"films/"
				     "a.iso\",\"size\":4096,\"etag\":\"1\"}\n";
	static char out[16384];
	char get[512];
	int fd;

	(void)state;
	snprintf(get, sizeof(get), "get a.iso %s", in_scratch("copy.iso"));
	put_size("short", 100);
	fd = open(in_scratch("short"), O_RDONLY | O_CLOEXEC);
	assert_int_equal(ctl_passed(get, answer, fd, out, sizeof(out)), 1);
	assert_string_equal(out,
		"mmcgadgetctl: films/a.iso was cut while it was copied; the same command starts "
		"again\n");
	close(fd);
	/* A read of a directory fails, as one of a bad card does. */
	fd = open(in_scratch("."), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(ctl_passed(get, answer, fd, out, sizeof(out)), 1);
	assert_string_equal(
		out, "mmcgadgetctl: films/a.iso: Is a directory; the same command goes on\n");
	close(fd);
	assert_int_equal(access(in_scratch("copy.iso"), F_OK), -1);
}

/* The first signal asks for what arrived to be saved, the second one ends the client. */
static void an_upload_can_be_ended_without_an_answer(void **state)
{
	static char out[64];
	char upload[512];

	(void)state;
	put_size("a.iso", 4096);
	snprintf(upload, sizeof(upload),
		"upload %s & p=$!; for signal in TERM TERM KILL; do sleep 1; kill -$signal $p; "
		"done 2>/dev/null; wait $p; echo $?",
		in_scratch("a.iso"));
	ctl(upload, "", out, sizeof(out));
	assert_string_equal(out, "143\n");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, scratch_make, scratch_remove)
	const struct CMUnitTest tests[] = {
		T(an_older_daemon_is_told),
		T(the_client_shows_nothing_deceptive_itself),
		T(what_is_no_answer_is_an_error),
		T(get_names_the_image_that_cannot_be_read),
		T(an_upload_can_be_ended_without_an_answer),
	};

	return cmocka_run_group_tests_name("other daemons", tests, NULL, NULL);
}
