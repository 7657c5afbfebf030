// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mmcgadget-usbip on a machine that is a folder, and a PC that is the other end of a socket: golden
 * bytes of the protocol (Documentation/usb/usbip_protocol.rst of Linux), and a PC that is no PC.
 */
#include "daemon/scratch.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "usbip/usbip_serve.h"
#include "usbip/usbip_vudc.h"
#include "util/be.h"
#include "util/log.h"

#define PLATFORM "root/sys/devices/platform"
#define HEAD     USBIP_HEAD_BYTES
#define IMPORT   (USBIP_HEAD_BYTES + USBIP_NAME_BYTES)

/* A gadget of mmcgadgetd: 1d6b:0104, version 1.00. */
static const uint8_t descriptor[USB_DEVICE_BYTES] = {
	18, 1, 0, 2, 0xEF, 2, 1, 64, 0x6B, 0x1D, 0x04, 0x01, 0x00, 0x01, 1, 2, 3, 1};

static char root[SCRATCH_PATH];
static uint8_t answer[8192];
static size_t answered;

static void put_bytes(const char *name, const void *bytes, size_t size)
{
	int fd = open(in_scratch(name), O_CREAT | O_TRUNC | O_WRONLY, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), size);
	close(fd);
}

static void put_folder(const char *name)
{
	char path[SCRATCH_PATH];

	snprintf(path, sizeof(path), "%s", in_scratch(name));
	for (char *p = path + strlen(scratch) + 1; (p = strchr(p, '/')) != NULL; *p++ = '/') {
		*p = '\0';
		mkdir(path, 0755);
	}
	mkdir(path, 0755);
}

static void put_controller(const char *name, bool gadget)
{
	char path[128];

	snprintf(path, sizeof(path), PLATFORM "/%s", name);
	put_folder(path);
	snprintf(path, sizeof(path), PLATFORM "/%s/usbip_sockfd", name);
	put_bytes(path, "", 0);
	snprintf(path, sizeof(path), PLATFORM "/%s/usbip_status", name);
	put_bytes(path, "1\n", 2);
	snprintf(path, sizeof(path), PLATFORM "/%s/dev_desc", name);
	put_bytes(path, descriptor, gadget ? sizeof(descriptor) : 0);
}

static int setup(void **state)
{
	if (scratch_make(state) < 0)
		return -1;
	log_set_level(LOG_LEVEL_ERROR);
	snprintf(root, sizeof(root), "%s", in_scratch("root"));
	put_folder(PLATFORM "/serial8250");
	put_controller("usbip-vudc.0", true);
	return 0;
}

/* A connection over TCP: fds[0] is the PC's end. */
static void connect_pc(int fds[2])
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(a);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(listener, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&a, &size), 0);
	assert_int_equal(listen(listener, 1), 0);
	fds[0] = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(fds[0], (struct sockaddr *)&a, sizeof(a)), 0);
	fds[1] = accept(listener, NULL, NULL);
	assert_true(fds[1] >= 0);
	close(listener);
}

static void read_answer(int fd)
{
	ssize_t n;

	answered = 0;
	while ((n = recv(fd, answer + answered, sizeof(answer) - answered, 0)) > 0)
		answered += (size_t)n;
}

/* The PC sends bytes and closes its direction; what it gets is in answer. */
static bool ask(const void *bytes, size_t size)
{
	int fds[2];
	bool good;

	connect_pc(fds);
	assert_int_equal(send(fds[0], bytes, size, 0), size);
	shutdown(fds[0], SHUT_WR);
	good = usbip_serve(fds[1], root);
	close(fds[1]);
	read_answer(fds[0]);
	close(fds[0]);
	return good;
}

static bool ask_import(const char *name)
{
	uint8_t request[IMPORT] = {0x01, 0x11, 0x80, 0x03};

	memcpy(request + HEAD, name, strnlen(name, USBIP_NAME_BYTES));
	return ask(request, sizeof(request));
}

static void assert_status(enum usbip_status status)
{
	assert_true(answered >= HEAD);
	assert_int_equal(get_be16(answer), 0x0111);
	assert_int_equal(get_be16(answer + 2), 0x0003);
	assert_int_equal(get_be32(answer + 4), status);
	assert_int_equal(answered, status == USBIP_OK ? HEAD + USBIP_DEVICE_BYTES : HEAD);
}

static void assert_device(const uint8_t *at, const char *name)
{
	static const uint8_t rest[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0x1D, 0x6B, 0x01, 0x04,
		0x01, 0x00, 0xEF, 2, 1, 0, 1, 0};
	char path[64];

	snprintf(path, sizeof(path), "/sys/devices/platform/%s", name);
	assert_string_equal((const char *)at, path);
	assert_string_equal((const char *)at + 256, name);
	assert_memory_equal(at + 288, rest, sizeof(rest));
}

/* ---- what a PC asks -------------------------------------------------------------------------- */

static void devices_with_a_gadget_are_listed(void **state)
{
	static const uint8_t request[HEAD] = {0x01, 0x11, 0x80, 0x05};
	static const uint8_t none[] = {0x01, 0x11, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0};

	(void)state;
	put_controller("usbip-vudc.1", false);
	put_controller("usbip-vudc.10", true);
	put_controller("usbip-vudc.2", true);
	assert_true(ask(request, sizeof(request)));
	assert_int_equal(answered, HEAD + 4 + 3 * USBIP_DEVICE_BYTES);
	assert_memory_equal(answer, none, HEAD);
	assert_int_equal(get_be32(answer + HEAD), 3);
	assert_device(answer + HEAD + 4, "usbip-vudc.0");
	assert_device(answer + HEAD + 4 + USBIP_DEVICE_BYTES, "usbip-vudc.2");
	assert_device(answer + HEAD + 4 + 2 * USBIP_DEVICE_BYTES, "usbip-vudc.10");
	for (unsigned i = 20; i < 40; i++) {
		char name[32];

		snprintf(name, sizeof(name), "usbip-vudc.%u", i);
		put_controller(name, true);
	}
	assert_true(ask(request, sizeof(request)));
	assert_int_equal(get_be32(answer + HEAD), 16);
	assert_int_equal(answered, HEAD + 4 + 16 * USBIP_DEVICE_BYTES);
	snprintf(root, sizeof(root), "/nowhere");
	assert_true(ask(request, sizeof(request)));
	assert_int_equal(answered, sizeof(none));
	assert_memory_equal(answer, none, sizeof(none));
}

static void an_import_gives_the_connection_to_the_kernel(void **state)
{
	int fd;

	(void)state;
	put_controller("usbip-vudc.1", true);
	assert_true(ask_import("usbip-vudc.1"));
	assert_status(USBIP_OK);
	assert_device(answer + HEAD, "usbip-vudc.1");
	assert_string_equal(get_text(PLATFORM "/usbip-vudc.0/usbip_sockfd"), "");
	assert_int_equal(sscanf(get_text(PLATFORM "/usbip-vudc.1/usbip_sockfd"), "%d\n", &fd), 1);
	assert_true(fd > 2);
}

static int option(int fd, int level, int name)
{
	socklen_t size = sizeof(int);
	int value = -1;

	assert_int_equal(getsockopt(fd, level, name, &value, &size), 0);
	return value;
}

/* The kernel keeps them: a PC that is gone must not have the drive for ever. */
static void the_connection_ends_if_the_pc_is_silent(void **state)
{
	uint8_t request[IMPORT] = {0x01, 0x11, 0x80, 0x03};
	int fds[2];

	(void)state;
	memcpy(request + HEAD, "usbip-vudc.0", 12);
	connect_pc(fds);
	assert_int_equal(send(fds[0], request, sizeof(request), 0), sizeof(request));
	assert_true(usbip_serve(fds[1], root));
	assert_int_equal(option(fds[1], SOL_SOCKET, SO_KEEPALIVE), 1);
	assert_int_equal(option(fds[1], IPPROTO_TCP, TCP_NODELAY), 1);
	assert_int_equal(option(fds[1], IPPROTO_TCP, TCP_USER_TIMEOUT), USBIP_SILENCE_S * 1000);
	assert_int_equal(option(fds[1], IPPROTO_TCP, TCP_KEEPIDLE) +
				 option(fds[1], IPPROTO_TCP, TCP_KEEPINTVL) *
					 option(fds[1], IPPROTO_TCP, TCP_KEEPCNT),
		USBIP_SILENCE_S);
	close(fds[0]);
	close(fds[1]);
}

/* ---- what is refused ------------------------------------------------------------------------- */

static void names_that_are_none_lead_nowhere(void **state)
{
	static const char *const names[] = {"", "usbip-vudc.", "usbip-vudc.x", "usbip-vudc.0x",
		"usbip-vudc.0/../usbip-vudc.0", "../usbip-vudc.0", "/usbip-vudc.0",
		"usbip-vudc.00000", "1-1", "usbip-vudc.-1", "usbip-vudc.0\n", "USBIP-VUDC.0",
		"serial8250", "usbip-vudc.000000000000000000000",
		"................................"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_true(ask_import(names[i]));
		assert_status(USBIP_NO_DEVICE);
	}
	assert_string_equal(get_text(PLATFORM "/usbip-vudc.0/usbip_sockfd"), "");
}

static void a_controller_that_cannot_be_had_is_refused(void **state)
{
	(void)state;
	put_controller("usbip-vudc.1", false);
	assert_true(ask_import("usbip-vudc.1"));
	assert_status(USBIP_NOT_AVAILABLE);
	assert_true(ask_import("usbip-vudc.2"));
	assert_status(USBIP_NOT_AVAILABLE);
	/* A file that cannot be written, for root neither. */
	assert_int_equal(unlink(in_scratch(PLATFORM "/usbip-vudc.0/usbip_sockfd")), 0);
	put_folder(PLATFORM "/usbip-vudc.0/usbip_sockfd");
	assert_true(ask_import("usbip-vudc.0"));
	assert_status(USBIP_DEVICE_ERROR);
}

/* The kernel says EBUSY by write(); a full device says ENOSPC in the same way. */
static void what_the_kernel_refuses_is_told(void **state)
{
	(void)state;
	assert_int_equal(unlink(in_scratch(PLATFORM "/usbip-vudc.0/usbip_sockfd")), 0);
	assert_int_equal(
		symlink("/dev/full", in_scratch(PLATFORM "/usbip-vudc.0/usbip_sockfd")), 0);
	assert_int_equal(vudc_take(root, "usbip-vudc.0", 0), -ENOSPC);
	assert_true(ask_import("usbip-vudc.0"));
	assert_status(USBIP_DEVICE_ERROR);
}

static void bytes_that_are_no_request_get_no_answer(void **state)
{
	static const struct {
		uint8_t bytes[IMPORT];
		size_t size;
	} rows[] = {
		{{0}, 0},
		{{0x01}, 1},
		{{0x01, 0x11, 0x80, 0x05}, HEAD - 1},
		{{0x01, 0x11, 0x80, 0x03}, HEAD},
		{{0x01, 0x11, 0x80, 0x03, 0, 0, 0, 0, 'u'}, IMPORT - 1},
		{{0x01, 0x10, 0x80, 0x05}, HEAD},
		{{0x01, 0x11, 0x80, 0x06}, HEAD},
		{{0x01, 0x11, 0x00, 0x05}, HEAD},
		{{0x11, 0x01, 0x05, 0x80}, HEAD},
		{"GET / HTTP/1.1\r\n\r\n", 18},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_false(ask(rows[i].bytes, rows[i].size));
		assert_int_equal(answered, 0);
	}
	assert_string_equal(get_text(PLATFORM "/usbip-vudc.0/usbip_sockfd"), "");
}

/* The right to give a connection to the kernel belongs to root, until a group gets it. */
static void a_group_gets_the_right(void **state)
{
	/* Only root can give a file to a group that it is not in. */
	const gid_t group = geteuid() == 0 ? 65534 : getegid();
	struct stat st;

	(void)state;
	put_controller("usbip-vudc.1", false);
	assert_int_equal(vudc_allow(root, group), 0);
	assert_int_equal(stat(in_scratch(PLATFORM "/usbip-vudc.0/usbip_sockfd"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0220);
	assert_int_equal(st.st_gid, group);
	assert_int_equal(stat(in_scratch(PLATFORM "/usbip-vudc.1/usbip_sockfd"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0220);
	assert_int_equal(st.st_gid, group);
	assert_int_equal(stat(in_scratch(PLATFORM "/usbip-vudc.1/dev_desc"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(st.st_gid, getegid());
	assert_int_equal(unlink(in_scratch(PLATFORM "/usbip-vudc.0/usbip_sockfd")), 0);
	assert_int_equal(vudc_allow(root, group), -ENOENT);
	assert_int_equal(vudc_allow("/nowhere", group), 0);
}

/* ---- the program ----------------------------------------------------------------------------- */

static int run_program(int in, const char *argument)
{
	const char *dir = getenv("O");
	char path[PATH_MAX];
	const char *const argv[] = {path, argument, NULL};
	int status;
	pid_t pid;

	snprintf(path, sizeof(path), "%s/mmcgadget-usbip", dir ? dir : "build");
	pid = fork();
	if (pid == 0) {
		dup2(in, 0);
		dup2(open("/dev/null", O_WRONLY), 1);
		dup2(1, 2);
		execv(path, (char *const *)(uintptr_t)argv);
		_exit(126);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void the_program_serves_its_standard_input(void **state)
{
	static const uint8_t request[HEAD] = {0x01, 0x11, 0x80, 0x05};
	int fds[2];

	(void)state;
	if (emulated())
		return;
	connect_pc(fds);
	assert_int_equal(send(fds[0], request, sizeof(request), 0), sizeof(request));
	assert_int_equal(run_program(fds[1], NULL), 0);
	close(fds[1]);
	read_answer(fds[0]);
	assert_true(answered >= HEAD + 4);
	close(fds[0]);
	assert_int_equal(run_program(0, "--version"), 0);
	assert_int_equal(run_program(0, "x"), 2);
	assert_int_equal(run_program(0, "--set-up"), 2);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, scratch_remove)
	const struct CMUnitTest tests[] = {
		T(devices_with_a_gadget_are_listed),
		T(an_import_gives_the_connection_to_the_kernel),
		T(the_connection_ends_if_the_pc_is_silent),
		T(names_that_are_none_lead_nowhere),
		T(a_controller_that_cannot_be_had_is_refused),
		T(what_the_kernel_refuses_is_told),
		T(bytes_that_are_no_request_get_no_answer),
		T(a_group_gets_the_right),
		T(the_program_serves_its_standard_input),
	};

	return cmocka_run_group_tests_name("usbip", tests, NULL, NULL);
}
