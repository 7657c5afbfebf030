/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The address at which "mmcgadgetctl network on" lets mmcgadget-usbip.socket listen. */
#ifndef CTL_NETWORK_SOCKET_H
#define CTL_NETWORK_SOCKET_H

#include <stdbool.h>
#include <stddef.h>

#define NETWORK_SOCKET         "mmcgadget-usbip.socket"
#define NETWORK_SOCKET_DROP_IN "/run/systemd/system/" NETWORK_SOCKET ".d/network.conf"
#define NETWORK_LISTEN         "127.0.0.1:3240" /* as the shipped unit has it */
#define NETWORK_LISTEN_BYTES   64

/*
 * Reads ADDRESS or ADDRESS:PORT, an address of IPv4, or of IPv6 in brackets, and writes it with its
 * port, as systemd.socket(5) has it. False: text is no such address, or out is too small.
 */
bool network_listen(const char *text, char *out, size_t size);
/* True if only programs of this machine reach the address of network_listen(). */
bool network_listen_is_local(const char *listen);
/* The port of the address, 0 = there is none in it. */
unsigned network_port(const char *listen);

/* Returns who can reach the port of the address: nobody, this machine alone, or others. */
enum network_listener { LISTENS_NOT, LISTENS_LOCALLY, LISTENS };
enum network_listener network_listener(const char *root, const char *listen);

/* Writes the drop-in below root, with its folder. 0 or -errno. */
int network_socket_write(const char *root, const char *listen);
/* Removes it, and its folder if that is empty. */
void network_socket_remove(const char *root);

#endif
