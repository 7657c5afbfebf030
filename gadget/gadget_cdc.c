// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Serial ports and network interfaces beside the drives. The kernel runs them; this file
 * adds them to the gadget, compares them with the configuration, closes the serial ports
 * before the gadget is removed, and reads the state.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <net/ethernet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <usbg/function/net.h>
#include <usbg/function/serial.h>
#include <usbg/usbg.h>

#include "gadget/gadget_int.h"
#include "util/log.h"

#define TTY           "/dev/ttyGS"
#define CLOSE_WAIT_MS 10000
#define CLOSE_POLL_MS 100 /* not less: each poll reads the descriptors of all processes */
#define HANG_UP_MS    1000
#define UNEXECUTED_MS 2000

static usbg_function_type type_of(enum gadget_cdc_type type)
{
	switch (type) {
	case GADGET_ACM:
		break;
	case GADGET_NCM:
		return USBG_F_NCM;
	case GADGET_ECM:
		return USBG_F_ECM;
	}
	return USBG_F_ACM;
}

const char *gadget_cdc_name(enum gadget_cdc_type type)
{
	return usbg_get_function_type_str(type_of(type));
}

/*
 * The instance is named by the function's place in the configuration, so that a gadget whose
 * functions have changed places does not match: to the host they are different functions.
 */
static void instance_of(unsigned place, char out[8])
{
	snprintf(out, 8, "%u", place & 0xffu);
}

static usbg_function *find(usbg_gadget *g, enum gadget_cdc_type type, unsigned place)
{
	char instance[8];

	instance_of(place, instance);
	return usbg_get_function(g, type_of(type), instance);
}

/* Must be done before the gadget is bound, or the kernel chooses random addresses. */
static int set_macs(usbg_function *f, const struct gadget_cdc *cdc)
{
	usbg_f_net *net = usbg_to_net_function(f);
	struct ether_addr board, host;
	int ret;

	memcpy(&board, cdc->board_mac, sizeof(board));
	memcpy(&host, cdc->host_mac, sizeof(host));
	ret = usbg_f_net_set_dev_addr(net, &board);
	return ret == USBG_SUCCESS ? usbg_f_net_set_host_addr(net, &host) : ret;
}

static int add(struct gadget *g, const struct gadget_cdc *cdc, unsigned place, usbg_config *config)
{
	const char *type = gadget_cdc_name(cdc->type);
	char instance[8], name[32];
	usbg_function *f;
	int ret;

	instance_of(place, instance);
	snprintf(name, sizeof(name), "%s.%s", type, instance);
	ret = usbg_create_function(g->usbg, type_of(cdc->type), instance, NULL, &f);
	if (ret == USBG_ERROR_NOT_FOUND) {
		log_error(
			"cannot add the function %s: no usb_f_%s in this kernel, neither built in "
			"nor as a module that can be loaded",
			name, type);
		return -ENOENT;
	}
	if (ret == USBG_SUCCESS && cdc->type != GADGET_ACM)
		ret = set_macs(f, cdc);
	if (ret == USBG_SUCCESS)
		ret = usbg_add_config_function(config, name, f);
	if (ret != USBG_SUCCESS)
		log_error("cannot add the function %s: %s", name, usbg_strerror(ret));
	return gadget_error(ret);
}

int gadget_cdc_add(struct gadget *g, const struct gadget_config *c, usbg_config *config)
{
	int ret = 0;

	for (unsigned i = 0; !ret && i < c->cdcs; i++)
		ret = add(g, &c->cdc[i], i, config);
	return ret;
}

/*
 * Does not use usbg_f_net_get_dev_addr() and usbg_f_net_get_host_addr(): in libusbgx 0.3.0 they
 * read into a copy and never return the address.
 */
static int get_macs(usbg_f_net *net, struct ether_addr *board, struct ether_addr *host)
{
	union usbg_f_net_attr_val val;
	int ret = usbg_f_net_get_attr_val(net, USBG_F_NET_DEV_ADDR, &val);

	if (ret != USBG_SUCCESS)
		return ret;
	*board = val.dev_addr;
	ret = usbg_f_net_get_attr_val(net, USBG_F_NET_HOST_ADDR, &val);
	if (ret == USBG_SUCCESS)
		*host = val.host_addr;
	return ret;
}

bool gadget_cdc_matches(usbg_gadget *g, const struct gadget_config *c)
{
	for (unsigned i = 0; i < c->cdcs; i++) {
		const struct gadget_cdc *cdc = &c->cdc[i];
		usbg_function *f = find(g, cdc->type, i);
		struct ether_addr board, host;

		if (!f)
			return false;
		if (cdc->type == GADGET_ACM)
			continue;
		if (get_macs(usbg_to_net_function(f), &board, &host) != USBG_SUCCESS ||
			memcmp(&board, cdc->board_mac, sizeof(board)) != 0 ||
			memcmp(&host, cdc->host_mac, sizeof(host)) != 0)
			return false;
	}
	return true;
}

/* ---- closing serial ports ----------------------------------------------------------------- */

/* Returns the PID of another process that has node open, unlinked or not; 0 if there is none. */
static int holder_of(const char *node)
{
	glob_t all;
	char target[PATH_MAX];
	size_t len = strlen(node);
	int pid = 0;

	if (glob("/proc/[0-9]*/fd/*", GLOB_NOSORT, NULL, &all) != 0)
		return 0;
	for (size_t i = 0; pid == 0 && i < all.gl_pathc; i++) {
		ssize_t n = readlink(all.gl_pathv[i], target, sizeof(target) - 1);

		target[n < 0 ? 0 : n] = '\0';
		if (strncmp(target, node, len) != 0 ||
			(target[len] != '\0' && strcmp(target + len, " (deleted)") != 0))
			continue;
		pid = atoi(all.gl_pathv[i] + strlen("/proc/"));
		if (pid == getpid())
			pid = 0;
	}
	globfree(&all);
	return pid;
}

/*
 * Hangs up the port, as if a modem's line were cut: a getty ends, and so does a login
 * shell with its jobs. port: an O_PATH descriptor of the device node, which may have
 * been removed; -1 = there was no node.
 */
static void hang_up(int port)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", port);
	fd = port < 0 ? -1 : open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return;
	ioctl(fd, TIOCVHANGUP);
	close(fd);
}

/* Reads a file of /proc/PID; "?" if there is none. */
static void read_of_process(int pid, const char *file, char out[64])
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	strcpy(out, "?");
	gadget_read_line(path, out, 64);
}

/*
 * Sends the signal to a process that systemd has started and that has not executed its program
 * yet, such as "(agetty)". It has the port open to prepare it for the getty. A hang-up does not
 * reach it, because it is not in the port's session yet. If it waits until the port has sent its
 * output, it waits for ever, because no host reads the output any more: it was seen to keep the
 * port for minutes (Debian 13). Other processes get no signal but that of the hang-up.
 */
static void end_unexecuted(int pid, int signal)
{
	char comm[64];

	read_of_process(pid, "comm", comm);
	if (*comm == '(')
		kill(pid, signal);
}

/*
 * Hangs up each second until no process has the port open. Returns 0, or the PID of one that
 * still has it after CLOSE_WAIT_MS.
 */
static int wait_closed(const char *node, int port)
{
	const struct timespec pause = {.tv_nsec = CLOSE_POLL_MS * 1000000L};
	int pid = 0;

	for (int ms = 0; ms < CLOSE_WAIT_MS; ms += CLOSE_POLL_MS) {
		if (ms % HANG_UP_MS == 0)
			hang_up(port);
		pid = holder_of(node);
		if (!pid)
			break;
		if (ms == UNEXECUTED_MS || ms == 2 * UNEXECUTED_MS)
			end_unexecuted(pid, ms == UNEXECUTED_MS ? SIGHUP : SIGKILL);
		nanosleep(&pause, NULL);
	}
	return pid;
}

/*
 * The device node is removed first, so that no process opens the port again; systemd
 * would start the next getty. If a process opens it while the kernel removes the port,
 * the kernel follows a NULL pointer (gs_close() after a gs_open() that failed, seen with
 * Linux 6.12). The kernel makes the node again with the next port.
 */
static int close_port(const char *node)
{
	int port = open(node, O_PATH | O_CLOEXEC);
	char name[64], where[64];
	int pid;

	unlink(node);
	pid = wait_closed(node, port);
	if (port >= 0)
		close(port);
	if (!pid)
		return 0;
	read_of_process(pid, "comm", name);
	read_of_process(pid, "wchan", where);
	log_error("the gadget cannot be removed before process %d (%s, wchan %s) has closed %s",
		pid, name, where, node);
	return -EBUSY;
}

int gadget_cdc_close_ports(usbg_gadget *g)
{
	usbg_function *f;
	char node[32];
	int port, ret = 0;

	usbg_for_each_function(f, g)
	{
		if (ret || usbg_get_function_type(f) != USBG_F_ACM ||
			usbg_f_serial_get_port_num(usbg_to_serial_function(f), &port) !=
				USBG_SUCCESS)
			continue;
		snprintf(node, sizeof(node), TTY "%d", port);
		ret = close_port(node);
	}
	return ret;
}

/* ---- state -------------------------------------------------------------------------------- */

static void show_mac(const struct ether_addr *mac, char out[18])
{
	const uint8_t *m = mac->ether_addr_octet;

	snprintf(out, 18, "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
}

static int get_net_state(usbg_function *f, struct gadget_cdc_state *state)
{
	usbg_f_net *net = usbg_to_net_function(f);
	struct ether_addr board, host;
	int ret = get_macs(net, &board, &host);

	if (ret == USBG_SUCCESS &&
		usbg_f_net_get_ifname_s(net, state->node, sizeof(state->node)) < 0)
		ret = USBG_ERROR_IO;
	if (ret != USBG_SUCCESS)
		return gadget_error(ret);
	/* Before the first binding the kernel has "usb%d" or "(unnamed net_device)" for a name. */
	if (strpbrk(state->node, "%( "))
		state->node[0] = '\0';
	show_mac(&board, state->board_mac);
	show_mac(&host, state->host_mac);
	return 0;
}

int gadget_cdc_get_state(const struct gadget *g, enum gadget_cdc_type type, unsigned place,
	struct gadget_cdc_state *state)
{
	usbg_function *f = find(g->usbg, type, place);
	int port, ret;

	memset(state, 0, sizeof(*state));
	if (!f)
		return -ENOENT;
	if (type != GADGET_ACM)
		return get_net_state(f, state);
	ret = usbg_f_serial_get_port_num(usbg_to_serial_function(f), &port);
	if (ret == USBG_SUCCESS)
		snprintf(state->node, sizeof(state->node), TTY "%d", port);
	return gadget_error(ret);
}
