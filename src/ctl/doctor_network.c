// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/doctor_network.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/loopback_unit.h"
#include "ctl/root_file.h"
#include "util/array.h"

#define STATE_LISTEN 0x0A /* enum in include/net/tcp_states.h of Linux */
#define PATH_BYTES   512

enum listener { LISTENS_NOT, LISTENS_LOCALLY, LISTENS };

/* 127.0.0.1 and ::1 as /proc/net/tcp and tcp6 have them, on machines of both byte orders. */
static bool is_local(const char *address)
{
	static const char *const local[] = {"0100007F", "7F000001",
		"00000000000000000000000001000000", "00000000000000000000000000000001"};

	for (size_t i = 0; i < ARRAY_LEN(local); i++) {
		if (strcmp(address, local[i]) == 0)
			return true;
	}
	return false;
}

/* Looks for listeners at the port in one of the kernel's tables of TCP sockets. */
static enum listener look(const char *root, const char *table, unsigned port)
{
	char path[PATH_BYTES], line[256], address[40];
	enum listener found = LISTENS_NOT;
	unsigned at, state;
	FILE *f;

	root_path(root, path, sizeof(path), "/proc/net/%s", table);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, " %*u: %39[0-9A-F]:%4x %*[0-9A-F]:%*x %2x", address, &at,
			    &state) != 3 ||
			at != port || state != STATE_LISTEN)
			continue;
		if (!is_local(address))
			found = LISTENS;
		else if (found == LISTENS_NOT)
			found = LISTENS_LOCALLY;
	}
	if (f)
		fclose(f);
	return found;
}

void advise_network(struct exam *x)
{
	const char *root = x->facts.root, *udc = x->facts.udc;
	struct loopback_unit u;
	bool on = loopback_unit_read(root, KIND_NETWORK, &u);
	const char *listen = on && strrchr(u.listen, ':') ? u.listen : NETWORK_LISTEN;
	unsigned port = (unsigned)strtoul(strrchr(listen, ':') + 1, NULL, 10);
	enum listener v4 = look(root, "tcp", port), v6 = look(root, "tcp6", port);
	enum listener best = v4 > v6 ? v4 : v6;
	char option[24] = "";

	if (best == LISTENS_NOT) {
		exam_advise(x,
			"There is no cable: %s is software, and a PC connects to it by network. "
			"Nothing listens at port %u here: sudo %s.",
			udc, port,
			on ? "mmcgadgetctl network on" : "systemctl start " NETWORK_SOCKET);
		return;
	}
	if (strtoul(strrchr(NETWORK_LISTEN, ':') + 1, NULL, 10) != port)
		snprintf(option, sizeof(option), "--tcp-port %u ", port);
	exam_advise(x,
		"There is no cable: %s is software, and a PC connects to it by network. On the PC: "
		"sudo modprobe vhci-hcd, then sudo usbip %sattach --remote %s --device %s.",
		udc, option, best == LISTENS_LOCALLY ? "localhost" : "ADDRESS", udc);
	if (best == LISTENS_LOCALLY)
		exam_advise(x,
			"Only this machine reaches the port %u, so another PC needs a tunnel "
			"first, for example: ssh -N -L %u:localhost:%u %s.",
			port, port, port, "USER@ADDRESS");
	else
		exam_advise(x, "ADDRESS is that of this machine.");
	exam_advise(x, "More is in docs/usbip.md.");
}
