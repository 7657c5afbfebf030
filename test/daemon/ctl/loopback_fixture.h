/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A PC that is a folder, for mmcgadgetctl loopback and network: its modules, its service and
 * sockets, and a record of the programs that were run.
 */
#ifndef DAEMON_LOOPBACK_FIXTURE_H
#define DAEMON_LOOPBACK_FIXTURE_H

#include "daemon/ctl/doctor_fixture.h"

#include <arpa/inet.h>
#include <pwd.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "ctl/loopback.h"
#include "ctl/loopback_unit.h"

#define VUDC   "/sys/class/udc/usbip-vudc.0"
#define TCP    "/proc/net/tcp"
#define DUMMY  "/sys/class/udc/dummy_udc.0"
#define DEVICE "/sys/devices/platform/dummy_hcd.0/usb9/9-1/host7/block/sr1"
#define RUNNING                                                                                    \
	"{\"ok\":true,\"udc\":\"dummy_udc.0\",\"drives\":[{\"locked\":%s,\"host\":{\"connected\":" \
	"%s}}]}\n"

static struct loopback_env env;
static char root[SCRATCH_PATH], socket_path[SCRATCH_PATH], user[64], caller[16];
static char asked[1024];       /* the programs that were run */
static const char *broken;     /* the beginning of a command that fails */
static bool active;            /* the service runs before the test */
static const char *listens_at; /* the address and port that the socket listens at */
static pid_t server;

static inline bool root_file(const char *path)
{
	char full[2 * SCRATCH_PATH];

	snprintf(full, sizeof(full), "%s%s", root, path);
	return access(full, F_OK) == 0;
}

/* ---- the system ------------------------------------------------------------------------------ */

/* A daemon that answers with what is in the file "answer". */
static inline void serve(int listener)
{
	char buf[256];
	int fd;

	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		while (read(fd, buf, sizeof(buf)) > 0) {
			const char *answer = get_text("answer");

			if (write(fd, answer, strlen(answer)) < 0)
				break;
		}
		close(fd);
	}
	_exit(0);
}

static inline void set_host(bool locked, bool connected)
{
	char text[256];

	snprintf(text, sizeof(text), RUNNING, locked ? "true" : "false",
		connected ? "true" : "false");
	put_text("answer", text);
}

static inline void start_daemon(void)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	set_host(false, true);
	assert_true(strlen(socket_path) < sizeof(addr.sun_path));
	memcpy(addr.sun_path, socket_path, strlen(socket_path) + 1);
	assert_int_equal(bind(listener, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(listener, 5), 0);
	server = fork();
	if (server == 0)
		serve(listener);
	close(listener);
}

static inline void stop_daemon(void)
{
	if (server > 0) {
		kill(server, SIGKILL);
		waitpid(server, NULL, 0);
		unlink(socket_path);
	}
	server = 0;
}

/*
 * Writes the kernel's table with a socket that listens at an address, or has another state: the
 * address is there as the numbers that this machine reads from each four bytes of it.
 */
static inline void put_socket(const char *address_and_port, const char *state)
{
	bool v6 = *address_and_port == '[';
	char address[INET6_ADDRSTRLEN], in_table[33], row[256];
	const char *port = strrchr(address_and_port, ':');
	unsigned words = v6 ? 4 : 1;
	uint32_t raw[4];

	assert_non_null(port);
	snprintf(address, sizeof(address), "%.*s", (int)(port - address_and_port - (v6 ? 2 : 0)),
		address_and_port + (v6 ? 1 : 0));
	assert_int_equal(inet_pton(v6 ? AF_INET6 : AF_INET, address, raw), 1);
	for (unsigned i = 0; i < words; i++)
		snprintf(in_table + i * 8, 9, "%08X", (unsigned)raw[i]);
	snprintf(row, sizeof(row), "  sl  local_address\n   0: %s:%04X %0*d:0000 %s 00000000\n",
		in_table, (unsigned)strtoul(port + 1, NULL, 10), v6 ? 32 : 8, 0, state);
	put_file(v6 ? TCP "6" : TCP, row);
}

static inline void change_network(const char *line)
{
	if (strcmp(line, "modprobe usbip-vudc") == 0 && !root_file(VUDC)) {
		assert_true(root_file(NETWORK_DROP_IN));
		assert_true(root_file(NETWORK_SOCKET_DROP_IN));
		put_file("/sys/module/usbip_vudc/x", "");
		put_file(VUDC "/function", "");
	} else if (strcmp(line, "modprobe -r usbip-vudc") == 0 && root_file(VUDC)) {
		remove_tree("/sys/class/udc");
		remove_tree("/sys/module/usbip_vudc");
	} else if (strcmp(line, "systemctl start mmcgadget-usbip.socket") == 0) {
		put_socket(listens_at, "0A");
	} else if (strcmp(line, "systemctl stop mmcgadget-usbip.socket") == 0) {
		put_file(TCP, "  sl  local_address\n");
	}
}

/* In place of run_program(): the modules and the service of this PC. */
static inline int run(const char *const *argv, bool quiet)
{
	char line[128] = "";

	(void)quiet;
	for (; *argv; argv++)
		snprintf(line + strlen(line), sizeof(line) - strlen(line), "%s%s", *line ? " " : "",
			*argv);
	snprintf(asked + strlen(asked), sizeof(asked) - strlen(asked), "%s%s", *asked ? "; " : "",
		line);
	if (broken && strncmp(line, broken, strlen(broken)) == 0)
		return 1;
	if (strcmp(line, "systemctl is-active mmcgadgetd.service") == 0)
		return active ? 0 : 3;
	if (strcmp(line, "modprobe dummy_hcd") == 0 && !root_file(DUMMY)) {
		/* udev starts the service when there is a controller. */
		assert_true(root_file(LOOPBACK_DROP_IN));
		put_file("/sys/module/dummy_hcd/x", "");
		put_file(DUMMY "/function", "");
		put_file(DEVICE "/x", "");
		put_file("/sys/block/x", "");
		assert_int_equal(symlink("../devices/platform/dummy_hcd.0/usb9/9-1/host7/block/sr1",
					 in_scratch("root/sys/block/sr1")),
			0);
	} else if (strcmp(line, "modprobe -r dummy_hcd") == 0 && root_file(DUMMY)) {
		remove_tree("/sys/class/udc");
		remove_tree("/sys/module/dummy_hcd");
		remove_tree("/sys/block");
	} else if (strcmp(line, "systemctl start mmcgadgetd.service") == 0 && server == 0) {
		put_file(root_file(VUDC) ? VUDC "/function" : DUMMY "/function", "mmcgadget");
		start_daemon();
	} else if (strcmp(line, "systemctl stop mmcgadgetd.service") == 0) {
		stop_daemon();
	}
	change_network(line);
	return 0;
}

/* A PC with Debian's kernel, systemd, and a user who may use sudo. */
static inline int setup_pc(void **state)
{
	const struct passwd *p = geteuid() == 0 ? getpwnam("nobody") : getpwuid(geteuid());

	if (!p || scratch_make(state) < 0)
		return -1;
	kernel();
	put_file("/lib/modules/6.12.0-test/modules.dep",
		"x/libcomposite.ko:\nx/usb_f_fs.ko:\nx/dummy_hcd.ko.xz:\nx/usbip-vudc.ko.xz:\n");
	put_file("/run/systemd/system/x", "");
	snprintf(root, sizeof(root), "%s", in_scratch("root"));
	snprintf(socket_path, sizeof(socket_path), "%s", in_scratch("socket"));
	snprintf(user, sizeof(user), "%s", p->pw_name);
	snprintf(caller, sizeof(caller), "%lu", (unsigned long)p->pw_uid);
	assert_int_equal(mkdir(in_scratch("home"), 0777), 0);
	assert_int_equal(chmod(in_scratch("home"), 0777), 0);
	env = (struct loopback_env){
		.root = root, .socket = socket_path, .caller = caller, .wait_ms = 300, .run = run};
	*asked = '\0';
	broken = NULL;
	listens_at = "127.0.0.1:3240";
	active = false;
	return 0;
}

static inline int teardown_pc(void **state)
{
	stop_daemon();
	return scratch_remove(state);
}

/* Runs "VERB WORD..."; what it prints is the result, and ends in its exit code. */
static inline const char *carry_out(const char *verb, const char *words)
{
	static char result[17000];
	char line[512], *argv[16] = {line}, *save = NULL, why[128];
	struct options o = {.socket = socket_path};
	int argc = 0, saved[2] = {dup(1), dup(2)}, out;
	enum exit_code code;

	snprintf(line, sizeof(line), "mmcgadgetctl %s %s", verb, words);
	for (char *w = strtok_r(line, " ", &save); w && argc < 15; w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	optind = 0;
	assert_int_equal(options_parse(argc, argv, &o, why, sizeof(why)), 0);
	fflush(stdout);
	fflush(stderr);
	out = open(in_scratch("out"), O_CREAT | O_TRUNC | O_WRONLY, 0644);
	dup2(out, 1);
	dup2(out, 2);
	*asked = '\0';
	code = loopback_run(&o, &env);
	fflush(stdout);
	dup2(saved[0], 1);
	dup2(saved[1], 2);
	close(saved[0]);
	close(saved[1]);
	close(out);
	snprintf(result, sizeof(result), "%s-> %d", get_text("out"), (int)code);
	return result;
}

/* Puts the folder's path in the place of "@"; valid until the second call after it. */
static inline const char *with(const char *text)
{
	static char texts[2][1024];
	static unsigned turn;
	char *out = texts[turn++ % 2];
	const char *at = strchr(text, '@');

	assert_non_null(at);
	snprintf(out, sizeof(texts[0]), "%.*s%s%s", (int)(at - text), text,
		in_scratch("home/discs"), at + 1);
	return out;
}

static inline void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		assert_string_equal(text, part);
}

#endif
