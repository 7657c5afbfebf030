/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses: who is at the other end, and may it be. Pure. */
#ifndef WEB_PEER_H
#define WEB_PEER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/* A network, such as 10.55.0.0/24. IPv4 is kept as IPv4 in IPv6. */
struct peer_net {
	struct in6_addr address;
	unsigned bits;
};

/* Reads "10.55.0.0/24", "fd00::/8" or an address. False: it is none. */
bool peer_net_parse(const char *text, struct peer_net *out);
bool peer_net_has(const struct peer_net *net, const struct in6_addr *address);

/* Takes the address out of a socket's; of another family it is ::. */
struct in6_addr peer_address(const struct sockaddr_storage *from);
/* Writes it as text, IPv4 as such. */
void peer_text(const struct in6_addr *address, char *out, size_t size);
bool peer_is_loopback(const struct in6_addr *address);

/*
 * True if the two are neighbours, when nothing else is configured: both are loopback, or in one
 * network of 256 addresses (IPv4) or of 64 bits (IPv6).
 */
bool peer_is_near(const struct in6_addr *peer, const struct in6_addr *own);

#endif
