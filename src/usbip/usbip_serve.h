/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One connection of a PC, up to the moment at which the kernel has it. */
#ifndef USBIP_SERVE_H
#define USBIP_SERVE_H

#include <stdbool.h>

/*
 * Seconds without an answer of the PC that has the drive, after which the drive is free again. So
 * the drive survives a break of the network that is shorter.
 */
#define USBIP_SILENCE_S 30

/*
 * Answers the one request of the connected socket fd, which the caller closes. `root` is as in
 * usbip_vudc.h. True: the request was answered, also by a refusal. False: the bytes were no request
 * of USB/IP 1.1.1, or the PC is gone.
 */
bool usbip_serve(int fd, const char *root);

#endif
