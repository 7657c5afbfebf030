// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/network_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/root_file.h"
#include "util/array.h"
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

bool network_listen(const char *text, char *out, size_t size)
{
	bool v6 = *text == '[';
	char address[INET6_ADDRSTRLEN];
	struct in6_addr raw;
	unsigned long port;
	size_t n = v6 ? strcspn(++text, "]") : strcspn(text, ":");

	if (n >= sizeof(address) || (v6 && text[n] == '\0'))
		return false;
	memcpy(address, text, n);
	address[n] = '\0';
	if (!read_port(text + n + (v6 ? 1 : 0), &port) ||
		inet_pton(v6 ? AF_INET6 : AF_INET, address, &raw) != 1)
		return false;
	return snprintf(out, size, v6 ? "[%s]:%lu" : "%s:%lu", address, port) < (int)size;
}

bool network_listen_is_local(const char *listen)
{
	return strncmp(listen, "127.", 4) == 0 || strncmp(listen, "[::1]:", 6) == 0;
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
static enum network_listener look(const char *root, const char *table, unsigned port)
{
	char path[PATH_BYTES], line[256], address[40];
	enum network_listener found = LISTENS_NOT;
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
