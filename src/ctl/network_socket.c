// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/network_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/root_file.h"
#include "util/stream.h"

#define PATH_BYTES 512
#define PORT       3240 /* of USB/IP, by IANA */
#define MAX_PORT   65535

#define STATE_LISTEN 0x0A /* enum in include/net/tcp_states.h of Linux */

/* Reads ":PORT" or nothing. */
static bool read_port(const char *text, unsigned long *port)
{
	char *end;

	*port = PORT;
	if (*text == '\0')
		return true;
	if (text[0] != ':' || text[1] < '0' || text[1] > '9')
		return false;
	*port = strtoul(text + 1, &end, 10);
	return *end == '\0' && *port > 0 && *port <= MAX_PORT;
}

/* An address of IPv4 or IPv6. */
struct address {
	size_t size; /* 4 or 16 */
	uint8_t byte[16];
};

/*
 * Reads the address at the beginning of ADDRESS or ADDRESS:PORT, which is in brackets if it is one
 * of IPv6. Returns what follows; NULL: there is none.
 */
static const char *read_address(const char *text, struct address *out)
{
	bool v6 = *text == '[';
	size_t n = v6 ? strcspn(++text, "]") : strcspn(text, ":");
	char address[INET6_ADDRSTRLEN];

	if (n >= sizeof(address) || (v6 && text[n] == '\0'))
		return NULL;
	memcpy(address, text, n);
	address[n] = '\0';
	out->size = v6 ? 16 : 4;
	if (inet_pton(v6 ? AF_INET6 : AF_INET, address, out->byte) != 1)
		return NULL;
	return text + n + (v6 ? 1 : 0);
}

bool network_listen(const char *text, char *out, size_t size)
{
	struct address address;
	const char *end = read_address(text, &address);
	unsigned long port;

	return end && read_port(end, &port) &&
	       snprintf(out, size, "%.*s:%lu", (int)(end - text), text, port) < (int)size;
}

/*
 * True for 127.0.0.0/8 (RFC 1122 3.2.1.3), also as addresses of IPv6 (RFC 4291 2.5.5.2), and for
 * ::1 (RFC 4291 2.5.3): no other machine reaches them.
 */
static bool is_local(const struct address *a)
{
	static const uint8_t loopback[16] = {[15] = 1}, mapped[12] = {[10] = 0xff, [11] = 0xff};

	if (a->size == 4)
		return a->byte[0] == 127;
	return memcmp(a->byte, loopback, sizeof(loopback)) == 0 ||
	       (memcmp(a->byte, mapped, sizeof(mapped)) == 0 && a->byte[12] == 127);
}

bool network_listen_is_local(const char *listen)
{
	struct address address;

	return read_address(listen, &address) && is_local(&address);
}

int network_socket_write(const char *root, const char *listen)
{
	char path[PATH_BYTES];
	FILE *f;
	int r = root_make_folder(root, NETWORK_SOCKET_DROP_IN);

	if (r < 0)
		return r;
	root_path(root, path, sizeof(path), "%s", NETWORK_SOCKET_DROP_IN);
	f = fopen(path, "we");
	if (!f)
		return -errno;
	fprintf(f,
		"# Made by \"mmcgadgetctl network on\"; \"mmcgadgetctl network off\" removes it.\n"
		"[Socket]\nListenStream=\nListenStream=%s\n",
		listen);
	r = stream_close(f);
	if (r < 0)
		network_socket_remove(root);
	return r;
}

void network_socket_remove(const char *root)
{
	root_remove(root, NETWORK_SOCKET_DROP_IN);
}

/*
 * Reads an address of /proc/net/tcp or tcp6: each four bytes of it are there as the number that
 * this machine reads from them. False: it is none.
 */
static bool read_hex(const char *text, struct address *out)
{
	size_t n = strlen(text);
	uint32_t number;

	out->size = n / 2;
	if (n != 8 && n != 32)
		return false;
	for (size_t i = 0; i < out->size; i += sizeof(number)) {
		if (sscanf(text + 2 * i, "%8" SCNx32, &number) != 1)
			return false;
		memcpy(out->byte + i, &number, sizeof(number));
	}
	return true;
}

/* Looks for listeners at the port in one of the kernel's tables of TCP sockets. */
static enum network_listener look(const char *root, const char *table, unsigned port)
{
	char path[PATH_BYTES], line[256], text[40];
	struct address address;
	enum network_listener found = LISTENS_NOT;
	unsigned at, state;
	FILE *f;

	root_path(root, path, sizeof(path), "/proc/net/%s", table);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, " %*u: %39[0-9A-F]:%4x %*[0-9A-F]:%*x %2x", text, &at, &state) !=
				3 ||
			at != port || state != STATE_LISTEN)
			continue;
		if (!read_hex(text, &address) || !is_local(&address))
			found = LISTENS;
		else if (found == LISTENS_NOT)
			found = LISTENS_LOCALLY;
	}
	if (f)
		fclose(f);
	return found;
}

unsigned network_port(const char *listen)
{
	const char *colon = strrchr(listen, ':');

	return colon ? (unsigned)strtoul(colon + 1, NULL, 10) : 0;
}

enum network_listener network_listener(const char *root, const char *listen)
{
	unsigned port = network_port(listen);
	enum network_listener v4 = look(root, "tcp", port), v6 = look(root, "tcp6", port);

	return v4 > v6 ? v4 : v6;
}
