/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The serial number of a gadget that has none in the configuration. PCs tell two boards apart by
 * it, and functions derive their MAC addresses from it.
 */
#ifndef USB_SERIAL_H
#define USB_SERIAL_H

/*
 * Writes 16 hex digits, the same in all processes of this board: what is the board's own, see
 * gadget_default_serial(), or else a random number that is kept. Root decides (usb_set_up(), or
 * a daemon without a service) and keeps the result for the daemon, which may see less of the
 * board. Warns if the number cannot be kept. root: see gadget_default_serial().
 */
void usb_serial(const char *root, char out[17]);

#endif
