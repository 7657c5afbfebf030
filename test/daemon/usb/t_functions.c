// SPDX-License-Identifier: GPL-2.0-or-later
/* USB functions other than drives: their MAC addresses, configured or derived. */
#include "daemon/scratch.h"

#include "usb/functions.h"
#include "util/array.h"

static struct usb_function f[GADGET_MAX_CDC];
static unsigned functions;
static struct gadget_cdc out[GADGET_MAX_CDC];

static void set(unsigned count, enum gadget_cdc_type type)
{
	memset(f, 0, sizeof(f));
	functions = count;
	for (unsigned i = 0; i < count; i++)
		f[i].type = type;
}

/* Returns MAC address number i; each function has the host's and the board's. */
static const uint8_t *mac(unsigned i)
{
	return i % 2 ? out[i / 2].board_mac : out[i / 2].host_mac;
}

static void assert_all_differ(void)
{
	for (unsigned i = 0; i < 2 * functions; i++) {
		/* IEEE 802: locally administered, not for a group */
		if (mac(i)[0] != 0 || mac(i)[1] != 0)
			assert_int_equal(mac(i)[0] & 3, 2);
		for (unsigned j = 0; j < i; j++)
			assert_memory_not_equal(mac(i), mac(j), 6);
	}
}

static void derived_addresses_differ_and_are_stable(void **state)
{
	struct gadget_cdc first[GADGET_MAX_CDC];

	(void)state;
	set(4, GADGET_NCM);
	functions_describe(f, functions, "0123456789AB", out);
	assert_all_differ();
	memcpy(first, out, sizeof(first));
	/* The same at each start ... */
	functions_describe(f, functions, "0123456789AB", out);
	assert_memory_equal(out, first, sizeof(first));
	/* ... whatever functions follow ... */
	functions = 1;
	functions_describe(f, functions, "0123456789AB", out);
	assert_memory_equal(&out[0], &first[0], sizeof(first[0]));
	/* ... and another one for another board. */
	functions_describe(f, functions, "0123456789AC", out);
	assert_memory_not_equal(out[0].host_mac, first[0].host_mac, 6);
	assert_memory_not_equal(out[0].board_mac, first[0].board_mac, 6);
}

/* Computed by hand. If the algorithm changed, all hosts would see a new interface. */
static void a_derived_address_is_the_same_in_all_versions(void **state)
{
	static const uint8_t host[] = {0x7e, 0x13, 0xd5, 0x56, 0x12, 0x30};
	static const uint8_t board[] = {0x7e, 0x13, 0xd5, 0x56, 0x12, 0x31};

	(void)state;
	set(1, GADGET_ECM);
	functions_describe(f, functions, "0123456789AB", out);
	assert_memory_equal(out[0].host_mac, host, 6);
	assert_memory_equal(out[0].board_mac, board, 6);
}

static void a_configured_address_is_used(void **state)
{
	static const uint8_t wanted[] = {0x00, 0x1b, 0xc5, 0x0a, 0xBC, 0xDE};

	(void)state;
	set(2, GADGET_NCM);
	f[0].type = GADGET_ACM;
	strcpy(f[1].board_mac, "00:1b:C5:0a:BC:de");
	functions_describe(f, functions, "0123456789AB", out);
	assert_int_equal(out[0].type, GADGET_ACM);
	assert_int_equal(out[1].type, GADGET_NCM);
	assert_memory_equal(out[1].board_mac, wanted, 6);
	assert_int_equal(out[1].host_mac[0] & 3, 2);
}

static void show(const uint8_t *m, char text[18])
{
	snprintf(text, 18, "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
}

/* The derived addresses of other functions are configured for the third one. */
static void a_configured_address_is_not_derived_again(void **state)
{
	uint8_t first[6];

	(void)state;
	set(4, GADGET_NCM);
	functions_describe(f, functions, "0123456789AB", out);
	memcpy(first, out[0].host_mac, 6);
	show(out[0].host_mac, f[2].host_mac);
	show(out[3].board_mac, f[2].board_mac);
	functions_describe(f, functions, "0123456789AB", out);
	assert_memory_equal(out[2].host_mac, first, 6);
	assert_all_differ();
}

static void status_lists_the_functions(void **state)
{
	json_t *a, *entry;

	(void)state;
	set(2, GADGET_NCM);
	f[1].type = GADGET_ACM;
	a = functions_status(f, functions, NULL);
	assert_int_equal(json_array_size(a), 2);
	entry = json_array_get(a, 0);
	assert_string_equal(json_string_value(json_object_get(entry, "type")), "ncm");
	assert_string_equal(json_string_value(json_object_get(entry, "node")), "");
	entry = json_array_get(a, 1);
	assert_string_equal(json_string_value(json_object_get(entry, "type")), "acm");
	json_decref(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(derived_addresses_differ_and_are_stable),
		cmocka_unit_test(a_derived_address_is_the_same_in_all_versions),
		cmocka_unit_test(a_configured_address_is_used),
		cmocka_unit_test(a_configured_address_is_not_derived_again),
		cmocka_unit_test(status_lists_the_functions),
	};

	return cmocka_run_group_tests_name("functions", tests, NULL, NULL);
}
