/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One connection of a PC, up to the moment at which the kernel has it. */
#ifndef USBIP_SERVE_H
#define USBIP_SERVE_H

#include <stdbool.h>

/*
 * How long a PC that has the drive may be silent until the drive is free again, in seconds: that
 * long a break of the network may be.
 */
#define USBIP_SILENCE_S 30

/*
 * Answers the one request of the connected socket fd. `root` is as in usbip_vudc.h. True: the
 * request was answered, also by a refusal. False: it was none, or the PC is gone.
 */
bool usbip_serve(int fd, const char *root);

#endif
