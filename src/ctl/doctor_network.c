// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/doctor_network.h"

#include <stdio.h>
#include <string.h>

#include "ctl/loopback_unit.h"

/* Returns the address to which the board's end of a tunnel connects: its first *length bytes. */
static const char *end_of_tunnel(const char *listen, int *length)
{
	/* "localhost" may be ::1, too, but no other address of 127.0.0.0/8. */
	bool other = strncmp(listen, "127.", 4) == 0 && strncmp(listen, "127.0.0.1:", 10) != 0;
	const char *name = other ? listen : "localhost";

	*length = (int)strcspn(name, ":");
	return name;
}

void advise_network(struct exam *x)
{
	const char *root = x->facts.root, *udc = x->facts.udc;
	struct loopback_unit u;
	bool on = loopback_unit_read(root, KIND_NETWORK, &u);
	const char *listen = on && network_port(u.listen) > 0 ? u.listen : NETWORK_LISTEN;
	unsigned port = network_port(listen);
	enum network_listener found = network_listener(root, listen);
	char option[24] = "";
	const char *end;
	int length;

	if (found == LISTENS_NOT) {
		exam_advise(x,
			"There is no cable: %s is software, and a PC connects to it by network. "
			"Nothing listens at port %u here: sudo %s.",
			udc, port,
			on ? "mmcgadgetctl network on" : "systemctl start " NETWORK_SOCKET);
		return;
	}
	if (port != network_port(NETWORK_LISTEN))
		snprintf(option, sizeof(option), "--tcp-port %u ", port);
	exam_advise(x,
		"There is no cable: %s is software, and a PC connects to it by network. On the PC: "
		"sudo modprobe vhci-hcd, then sudo usbip %sattach --remote %s --device %s.",
		udc, option, found == LISTENS_LOCALLY ? "localhost" : "ADDRESS", udc);
	end = end_of_tunnel(listen, &length);
	if (found == LISTENS_LOCALLY)
		exam_advise(x,
			"Only this machine reaches the port %u, so another PC needs a tunnel "
			"first, for example: ssh -N -L %u:%.*s:%u %s.",
			port, port, length, end, port, "USER@ADDRESS");
	else
		exam_advise(x, "ADDRESS is that of this machine.");
	exam_advise(x, "More is in docs/usbip.md.");
}
