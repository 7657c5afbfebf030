// SPDX-License-Identifier: GPL-2.0-or-later
#include "usb/functions.h"

#include <net/ethernet.h>
#include <netinet/ether.h>
#include <stdio.h>
#include <string.h>

#include "util/hash.h"

#define MAC_BYTES 6u
#define MULTICAST 0x01 /* IEEE 802: bits of the first byte */
#define LOCAL     0x02 /* administered locally, not assigned by a manufacturer */

/* Derived addresses have this many different last bytes: more than there are addresses. */
#define PLACES 16u

/* ether_aton() alone is too lax: it accepts "2:0:0:0:0:1 and more". */
static bool parse_mac(const char *text, uint8_t mac[MAC_BYTES])
{
	struct ether_addr a;

	for (size_t i = 0; i < 17; i++) {
		if (!(i % 3 == 2 ? text[i] == ':'
				 : text[i] != '\0' && strchr("0123456789abcdefABCDEF", text[i])))
			return false;
	}
	if (text[17] != '\0' || !ether_aton_r(text, &a))
		return false;
	memcpy(mac, &a, MAC_BYTES);
	return true;
}

const char *function_check_mac(const char *text)
{
	static const uint8_t zero[MAC_BYTES];
	uint8_t mac[MAC_BYTES];

	if (*text == '\0')
		return NULL;
	if (!parse_mac(text, mac))
		return "must be six pairs of hex digits as in 02:00:00:00:00:01, or empty";
	if (mac[0] & MULTICAST)
		return "is a multicast address, the first byte must be even";
	return memcmp(mac, zero, MAC_BYTES) == 0 ? "must not be all zero" : NULL;
}

static bool same_mac(const char *a, const char *b)
{
	return *a != '\0' && strcasecmp(a, b) == 0;
}

bool functions_good(
	const struct usb_function *f, unsigned place, const char **key, char *why, size_t size)
{
	const char *macs[] = {f[place].host_mac, f[place].board_mac};
	const char *const keys[] = {"host_mac", "board_mac"};

	for (unsigned side = 0; side < 2; side++) {
		*key = keys[side];
		if (f[place].type == GADGET_ACM && *macs[side] != '\0') {
			snprintf(why, size, "is not for a serial port");
			return false;
		}
		for (unsigned i = 0; i < 2 * place + side; i++) {
			const struct usb_function *other = &f[i / 2];

			if (!same_mac(macs[side], i % 2 ? other->board_mac : other->host_mac))
				continue;
			snprintf(why, size, "is that of functions[%u].%s, all must differ", i / 2,
				keys[i % 2]);
			return false;
		}
	}
	return true;
}

static bool is_used(const struct gadget_cdc *all, unsigned count, const uint8_t mac[MAC_BYTES])
{
	for (unsigned i = 0; i < count; i++) {
		if (memcmp(all[i].host_mac, mac, MAC_BYTES) == 0 ||
			memcmp(all[i].board_mac, mac, MAC_BYTES) == 0)
			return true;
	}
	return false;
}

static void derive_mac(const char *serial, unsigned place, const struct gadget_cdc *all,
	unsigned count, uint8_t mac[MAC_BYTES])
{
	uint64_t hash = hash_text(hash_text(HASH_START, "mmcgadget MAC"), serial);
	uint8_t m[MAC_BYTES];

	for (unsigned i = 0; i < MAC_BYTES; i++)
		m[i] = (uint8_t)(hash >> (8 * i));
	m[0] = (uint8_t)((m[0] & ~MULTICAST) | LOCAL);
	m[MAC_BYTES - 1] = (uint8_t)((m[MAC_BYTES - 1] & ~(PLACES - 1)) | place);
	/* The same address may be configured for another function. */
	while (is_used(all, count, m))
		m[MAC_BYTES - 1] =
			(uint8_t)((m[MAC_BYTES - 1] & ~(PLACES - 1)) | (++place % PLACES));
	memcpy(mac, m, MAC_BYTES);
}

void functions_describe(const struct usb_function *f, unsigned count, const char *serial,
	struct gadget_cdc out[GADGET_MAX_CDC])
{
	memset(out, 0, GADGET_MAX_CDC * sizeof(*out));
	for (unsigned i = 0; i < count; i++) {
		out[i].type = (enum gadget_cdc_type)f[i].type;
		parse_mac(f[i].host_mac, out[i].host_mac);
		parse_mac(f[i].board_mac, out[i].board_mac);
	}
	for (unsigned i = 0; i < count; i++) {
		if (f[i].type == GADGET_ACM)
			continue;
		if (*f[i].host_mac == '\0')
			derive_mac(serial, 2 * i, out, count, out[i].host_mac);
		if (*f[i].board_mac == '\0')
			derive_mac(serial, 2 * i + 1, out, count, out[i].board_mac);
	}
}

json_t *functions_status(const struct usb_function *f, unsigned count, const struct gadget *gadget)
{
	json_t *all = json_array();

	for (unsigned i = 0; i < count; i++) {
		enum gadget_cdc_type type = (enum gadget_cdc_type)f[i].type;
		struct gadget_cdc_state state = {.node = ""};

		if (gadget)
			gadget_cdc_get_state(gadget, type, i, &state);
		json_array_append_new(
			all, json_pack("{s:s, s:s, s:s, s:s}", "type", gadget_cdc_name(type),
				     "node", state.node, "host_mac", state.host_mac, "board_mac",
				     state.board_mac));
	}
	return all;
}
