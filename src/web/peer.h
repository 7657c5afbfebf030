/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Internet addresses: of the other end of a connection, and of networks. Calls no system. */
#ifndef WEB_PEER_H
#define WEB_PEER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/* A network, such as 10.55.0.0/24. An IPv4 address is kept as the IPv6 address ::ffff:10.55.0.0. */
struct peer_net {
	struct in6_addr address;
	unsigned bits; /* of the prefix; for IPv4 96 more: 10.55.0.0/24 has 120 */
};

/* Reads "10.55.0.0/24", "fd00::/8" or an address. False: it is none. */
bool peer_net_parse(const char *text, struct peer_net *out);
bool peer_net_has(const struct peer_net *net, const struct in6_addr *address);

/* Returns the address in a socket address; of another family, such as AF_UNIX, ::. */
struct in6_addr peer_address(const struct sockaddr_storage *from);
/* Writes the address as text; an IPv4 address without the ::ffff: before it. */
void peer_text(const struct in6_addr *address, char *out, size_t size);
bool peer_is_loopback(const struct in6_addr *address);

/*
 * True if the two are neighbours: both are loopback, or both are in one network of IPv4 with a
 * prefix of 24 bits, or of IPv6 with one of 64 bits. Used if the configuration names no networks.
 */
bool peer_is_near(const struct in6_addr *peer, const struct in6_addr *own);

#endif
