// SPDX-License-Identifier: GPL-2.0-or-later
#include "usbip/usbip_serve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "usbip/usbip_vudc.h"
#include "util/array.h"
#include "util/be.h"
#include "util/log.h"

#define MAX_DEVICES 16

/* A silent PC is asked after IDLE_S seconds, and then each INTERVAL_S. */
#define IDLE_S     10
#define INTERVAL_S 5
#define PROBES     ((USBIP_SILENCE_S - IDLE_S) / INTERVAL_S)

struct peer {
	int fd;
	const char *root;
	char name[INET6_ADDRSTRLEN]; /* for the log */
};

static void name_peer(struct peer *p)
{
	struct sockaddr_storage a;
	socklen_t size = sizeof(a);

	snprintf(p->name, sizeof(p->name), "a PC");
	if (getpeername(p->fd, (struct sockaddr *)&a, &size) < 0)
		return;
	if (a.ss_family == AF_INET)
		inet_ntop(AF_INET, &((struct sockaddr_in *)&a)->sin_addr, p->name, sizeof(p->name));
	else if (a.ss_family == AF_INET6)
		inet_ntop(AF_INET6, &((struct sockaddr_in6 *)&a)->sin6_addr, p->name,
			sizeof(p->name));
}

static bool receive(const struct peer *p, void *to, size_t size)
{
	return recv(p->fd, to, size, MSG_WAITALL) == (ssize_t)size;
}

static bool reply(const struct peer *p, const uint8_t *bytes, size_t size)
{
	while (size > 0) {
		ssize_t n = send(p->fd, bytes, size, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		bytes += n;
		size -= (size_t)n;
	}
	return true;
}

static bool reply_list(const struct peer *p)
{
	uint8_t out[USBIP_HEAD_BYTES + 4 + MAX_DEVICES * USBIP_DEVICE_BYTES];
	struct usbip_device devices[MAX_DEVICES];
	unsigned count = vudc_list(p->root, devices, MAX_DEVICES);
	size_t n = usbip_put_head(out, USBIP_LIST, USBIP_OK);

	put_be32(out + n, count);
	n += 4;
	for (unsigned i = 0; i < count; i++)
		n += usbip_put_device(out + n, &devices[i]);
	return reply(p, out, n);
}

/*
 * The kernel keeps the socket with these options. Without them a PC that lost its power would have
 * the drive for ever, as nothing tells the kernel that it is gone.
 */
static void set_options(int fd)
{
	static const struct {
		int level, name, value;
	} options[] = {
		{SOL_SOCKET, SO_KEEPALIVE, 1},
		{IPPROTO_TCP, TCP_NODELAY, 1},
		{IPPROTO_TCP, TCP_KEEPIDLE, IDLE_S},
		{IPPROTO_TCP, TCP_KEEPINTVL, INTERVAL_S},
		{IPPROTO_TCP, TCP_KEEPCNT, PROBES},
		{IPPROTO_TCP, TCP_USER_TIMEOUT, USBIP_SILENCE_S * 1000},
	};

	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		setsockopt(fd, options[i].level, options[i].name, &options[i].value,
			sizeof(options[i].value));
}

static bool reply_import(const struct peer *p, const char *name)
{
	uint8_t out[USBIP_HEAD_BYTES + USBIP_DEVICE_BYTES];
	struct usbip_device device;
	enum usbip_status status = USBIP_OK;
	size_t n;
	int r;

	if (!vudc_name_ok(name)) {
		status = USBIP_NO_DEVICE;
		log_warn("%s asked for an unknown device", p->name);
	} else if (!vudc_read(p->root, name, &device)) {
		status = USBIP_NOT_AVAILABLE;
		log_warn(
			"%s asked for %s, which has no drive: does mmcgadgetd run?", p->name, name);
	} else {
		set_options(p->fd);
		r = vudc_take(p->root, name, p->fd);
		if (r == -EBUSY)
			status = USBIP_BUSY;
		else if (r < 0)
			status = r == -ENODEV ? USBIP_NOT_AVAILABLE : USBIP_DEVICE_ERROR;
		if (r < 0)
			log_warn("%s asked for %s: %s", p->name, name, strerror(-r));
		else
			log_info("%s has taken %s", p->name, name);
	}
	n = usbip_put_head(out, USBIP_IMPORT, status);
	if (status == USBIP_OK)
		n += usbip_put_device(out + n, &device);
	return reply(p, out, n);
}

bool usbip_serve(int fd, const char *root)
{
	struct peer p = {.fd = fd, .root = root};
	uint8_t head[USBIP_HEAD_BYTES];
	char name[USBIP_NAME_BYTES + 1] = "";

	name_peer(&p);
	if (!receive(&p, head, sizeof(head)))
		return false;
	switch (usbip_request(head)) {
	case USBIP_LIST:
		return reply_list(&p);
	case USBIP_IMPORT:
		return receive(&p, name, USBIP_NAME_BYTES) && reply_import(&p, name);
	case USBIP_UNKNOWN:
		break;
	}
	log_warn("%s does not speak USB/IP 1.1.1", p.name);
	return false;
}
