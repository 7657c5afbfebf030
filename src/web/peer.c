// SPDX-License-Identifier: GPL-2.0-or-later
#include "web/peer.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define V4_BITS 96u /* before an IPv4 address */

static bool is_v4(const struct in6_addr *a)
{
	return IN6_IS_ADDR_V4MAPPED(a);
}

static struct in6_addr of_v4(const void *v4)
{
	struct in6_addr a = {.s6_addr = {[10] = 0xff, [11] = 0xff}};

	memcpy(&a.s6_addr[12], v4, 4);
	return a;
}

bool peer_net_parse(const char *text, struct peer_net *out)
{
	size_t n = strcspn(text, "/");
	char address[INET6_ADDRSTRLEN], *end;
	unsigned long most, bits;
	struct in_addr v4;

	if (n >= sizeof(address))
		return false;
	memcpy(address, text, n);
	address[n] = '\0';
	if (inet_pton(AF_INET, address, &v4) == 1) {
		out->address = of_v4(&v4);
		most = 32;
	} else if (inet_pton(AF_INET6, address, &out->address) == 1) {
		most = 128;
	} else {
		return false;
	}
	bits = most;
	if (text[n] == '/') {
		if (text[n + 1] < '0' || text[n + 1] > '9')
			return false;
		bits = strtoul(text + n + 1, &end, 10);
		if (*end != '\0' || bits > most)
			return false;
	}
	out->bits = (unsigned)bits + (most == 32 ? V4_BITS : 0);
	return true;
}

bool peer_net_has(const struct peer_net *net, const struct in6_addr *a)
{
	unsigned whole = net->bits / 8, rest = net->bits % 8;
	unsigned char mask = (unsigned char)(0xff00u >> rest);

	if (memcmp(net->address.s6_addr, a->s6_addr, whole) != 0)
		return false;
	return rest == 0 || ((net->address.s6_addr[whole] ^ a->s6_addr[whole]) & mask) == 0;
}

struct in6_addr peer_address(const struct sockaddr_storage *from)
{
	struct in6_addr a = IN6ADDR_ANY_INIT;

	if (from->ss_family == AF_INET)
		a = of_v4(&((const struct sockaddr_in *)(const void *)from)->sin_addr);
	else if (from->ss_family == AF_INET6)
		a = ((const struct sockaddr_in6 *)(const void *)from)->sin6_addr;
	return a;
}

void peer_text(const struct in6_addr *a, char *out, size_t size)
{
	const char *text = is_v4(a) ? inet_ntop(AF_INET, &a->s6_addr[12], out, (socklen_t)size)
				    : inet_ntop(AF_INET6, a, out, (socklen_t)size);

	if (!text && size > 0)
		out[0] = '\0';
}

bool peer_is_loopback(const struct in6_addr *a)
{
	return is_v4(a) ? a->s6_addr[12] == 127 : IN6_IS_ADDR_LOOPBACK(a);
}

bool peer_is_near(const struct in6_addr *peer, const struct in6_addr *own)
{
	struct peer_net net = {.address = *own, .bits = is_v4(own) ? V4_BITS + 24 : 64};

	if (peer_is_loopback(peer) || peer_is_loopback(own))
		return peer_is_loopback(peer) && peer_is_loopback(own);
	return is_v4(peer) == is_v4(own) && peer_net_has(&net, peer);
}
