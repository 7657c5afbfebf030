// SPDX-License-Identifier: GPL-2.0-or-later
/* The configuration: every bad input with its message, and the shipped file. */
#include "daemon/scratch.h"

#include <errno.h>

#include "burned/postburn.h"
#include "daemon/config.h"
#include "util/log.h"
#include "util/array.h"

static struct config c;
static char why[1024];

static int load(const char *text)
{
	put_text("c.conf", text);
	return config_load(in_scratch("c.conf"), &c, why, sizeof(why));
}

static void an_empty_file_gives_the_defaults(void **state)
{
	struct config def;

	(void)state;
	memset(&c, 0xa5, sizeof(c));
	config_defaults(&def);
	assert_int_equal(load(""), 0);
	assert_memory_equal(&c, &def, sizeof(c));
}

/* Written by hand from the manual page, so that a default changed by accident is found. */
static void defaults_are_as_documented(void **state)
{
	(void)state;
	config_defaults(&c);
	assert_string_equal(c.usb.udc, "");
	assert_string_equal(c.usb.name, "mmcgadget");
	assert_int_equal(c.usb.id_vendor, 0x1d6b);
	assert_int_equal(c.usb.id_product, 0x0104);
	assert_int_equal(c.usb.bcd_device, 0x0100);
	assert_string_equal(c.usb.manufacturer, "mmcgadget");
	assert_string_equal(c.usb.product, "Virtual DVD burner");
	assert_string_equal(c.usb.serial, "");
	assert_int_equal(c.usb.max_power, 250);
	assert_string_equal(c.control.directory, "/run/mmcgadget");
	assert_string_equal(c.control.fifo, "control");
	assert_string_equal(c.control.socket, "socket");
	assert_string_equal(c.control.status, "status");
	assert_string_equal(c.control.group, "mmcgadget");
	assert_int_equal(c.drives, 1);
	assert_string_equal(c.drive[0].name, "drive0");
	assert_string_equal(c.drive[0].vendor, "MMCGADGT");
	assert_string_equal(c.drive[0].product, "DVD BURNER");
	assert_string_equal(c.drive[0].revision, "0.1 ");
	assert_string_equal(c.drive[0].media, "/var/lib/mmcgadget");
	assert_string_equal(c.drive[0].image, "");
	assert_int_equal(c.usb.functions, 0);
	assert_int_equal(c.behaviour.finalised, MMC_FINALISED_DVD_ROM);
	assert_int_equal(c.behaviour.large_image_dvd, 0);
	assert_int_equal(c.usb.subclass, 6);
	assert_int_equal(c.usb.stall, BOT_STALL_NEVER);
	assert_int_equal(c.behaviour.swap_gap, 300);
	assert_int_equal(c.behaviour.swap_seen, 0);
	assert_int_equal(c.behaviour.eject_brings_next, 0);
	assert_int_equal(c.behaviour.last_disc, 1);
	assert_int_equal(c.log_level, LOG_LEVEL_INFO);
	assert_int_equal(c.burned.rename, POSTBURN_RENAME_NO);
	assert_int_equal(c.burned.checksum, 0);
	assert_int_equal(c.burned.blank, 0);
	assert_int_equal(c.burned.idle, 30);
}

/* config_override(), by which options of the command line take the place of keys. */
static void an_option_takes_the_place_of_a_key(void **state)
{
	static const struct {
		const char *key, *value, *why;
	} bad[] = {
		{"udc", "/sys/class/udc/x", "udc: must be a name from /sys/class/udc, not a path"},
		{"drives[].media", "discs", "drives[].media: must be an absolute path"},
		{"drives[].media", "", "drives[].media must not be empty"},
		{"control.group", "a b", "control.group: only letters, digits"},
		{"gadget.id_vendor", "1", "there is no text \"gadget.id_vendor\" to set"},
		{"drives[].colour", "red", "there is no text \"drives[].colour\" to set"},
	};
	char longest[300];

	(void)state;
	assert_int_equal(load("udc = \"a\"; drives = ( { media = \"/b\"; }, {} );"), 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(
			config_override(&c, bad[i].key, bad[i].value, why, sizeof(why)), -EINVAL);
		assert_starts(why, bad[i].why);
	}
	memset(longest, '/', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(config_override(&c, "drives[].media", longest, why, sizeof(why)), -EINVAL);
	assert_string_equal(why, "drives[].media has 299 bytes, at most 255 are allowed");
	assert_string_equal(c.usb.udc, "a");
	assert_string_equal(c.drive[0].media, "/b");

	assert_int_equal(config_override(&c, "udc", "dummy_udc.0", why, sizeof(why)), 0);
	assert_int_equal(config_override(&c, "drives[].media", "/d", why, sizeof(why)), 0);
	assert_int_equal(config_override(&c, "control.group", "", why, sizeof(why)), 0);
	assert_string_equal(c.usb.udc, "dummy_udc.0");
	assert_string_equal(c.drive[0].media, "/d");
	assert_string_equal(c.drive[1].media, "/d");
	assert_string_equal(c.control.group, "");
}

static void mention(const char *key, void *text)
{
	char want[64];
	const char *name = strrchr(key, '.') ? strrchr(key, '.') + 1 : key, *at = text;

	snprintf(want, sizeof(want), "%s = ", name);
	/* Not the end of another key, as "image" is of large_image. */
	while ((at = strstr(at, want)) != NULL && at > (char *)text && !strchr("\n\t #{", at[-1]))
		at++;
	if (!at)
		fail_msg("the shipped configuration does not show %s", key);
}

static void the_shipped_file_gives_the_defaults(void **state)
{
	static char text[16384], settings[16384];
	struct config def;
	char *to = settings;
	FILE *f = fopen("configs/mmcgadget.conf", "r");

	(void)state;
	assert_non_null(f);
	assert_true(fread(text, 1, sizeof(text) - 1, f) > 0);
	fclose(f);
	config_defaults(&def);
	memset(&c, 0xa5, sizeof(c));
	assert_int_equal(config_load("configs/mmcgadget.conf", &c, why, sizeof(why)), 0);
	assert_memory_equal(&c, &def, sizeof(c));
	config_each_key(mention, text);
	/* A "#" stands before each setting. Without it, the file gives the same. */
	for (const char *from = text; *from; from = strchr(from, '\n') + 1) {
		from += from[0] == '#' && from[1] != ' ' && from[1] != '\n';
		memcpy(to, from, strcspn(from, "\n") + 1);
		to += strcspn(from, "\n") + 1;
	}
	assert_non_null(strstr(settings, "\nburned: {\n\t# Rename it"));
	assert_int_equal(load(settings), 0);
	assert_memory_equal(&c, &def, sizeof(c));
}

static void all_values_are_read(void **state)
{
	(void)state;
	assert_int_equal(
		load("udc = \"dummy_udc.0\";\n"
		     "gadget: { name = \"g-1_x\"; id_vendor = 1; id_product = 0xffff;\n"
		     "  bcd_device = 0x0123; manufacturer = \"\xc3\xa4\"; product = \"p\";\n"
		     "  serial = \"0123456789AB\"; max_power = 500; };\n"
		     "control: { directory = \"/x\"; fifo = \"f\"; socket = \"s\"; status = "
		     "\"t\";\n"
		     "  group = \"\"; };\n"
		     "drives = ( { name = \"a\"; vendor = \"12345678\"; product = "
		     "\"1234567890123456\";\n"
		     "  revision = \"1234\"; media = \"/m\"; image = \"i.iso\"; }, { } );\n"
		     "functions = ( { type = \"ecm\"; host_mac = \"02:00:00:00:00:01\";\n"
		     "  board_mac = \"0A:bC:DE:f0:12:34\"; }, { type = \"acm\"; }, { type = "
		     "\"ncm\"; } );\n"
		     "behaviour: { finalised = \"dvd+r\"; subclass = 2; stall = \"short\";\n"
		     "  swap = \"seen\"; swap_gap = 0; eject_brings_next = true; log_level = "
		     "\"debug\";\n"
		     "  last_disc = false; large_image = \"dvd-rom\"; };\n"
		     "burned: { rename = \"label\"; checksum = true; idle = 0; };\n"),
		0);
	assert_string_equal(c.usb.udc, "dummy_udc.0");
	assert_string_equal(c.usb.name, "g-1_x");
	assert_int_equal(c.usb.id_product, 0xffff);
	assert_string_equal(c.usb.serial, "0123456789AB");
	assert_string_equal(c.control.directory, "/x");
	assert_string_equal(c.control.group, "");
	assert_int_equal(c.drives, 2);
	assert_string_equal(c.drive[0].product, "1234567890123456");
	assert_string_equal(c.drive[0].image, "i.iso");
	assert_string_equal(c.drive[1].name, "drive1");
	assert_string_equal(c.drive[1].media, "/var/lib/mmcgadget");
	/* The gadget is configured with the same drives. */
	assert_int_equal(c.usb.drives, 2);
	assert_string_equal(c.usb.drive[0], "a");
	assert_string_equal(c.usb.drive[1], "drive1");
	assert_int_equal(c.usb.functions, 3);
	assert_int_equal(c.usb.function[0].type, GADGET_ECM);
	assert_string_equal(c.usb.function[0].host_mac, "02:00:00:00:00:01");
	assert_string_equal(c.usb.function[0].board_mac, "0A:bC:DE:f0:12:34");
	assert_int_equal(c.usb.function[1].type, GADGET_ACM);
	assert_int_equal(c.usb.function[2].type, GADGET_NCM);
	assert_string_equal(c.usb.function[2].host_mac, "");
	assert_int_equal(c.behaviour.finalised, MMC_FINALISED_DVD_PLUS_R);
	assert_int_equal(c.behaviour.large_image_dvd, 1);
	assert_int_equal(c.usb.subclass, 2);
	assert_int_equal(c.usb.stall, BOT_STALL_SHORT);
	assert_int_equal(c.behaviour.swap_gap, 0);
	assert_int_equal(c.behaviour.swap_seen, 1);
	assert_int_equal(c.behaviour.eject_brings_next, 1);
	assert_int_equal(c.log_level, LOG_LEVEL_DEBUG);
	assert_int_equal(c.behaviour.last_disc, 0);
	assert_int_equal(c.burned.rename, POSTBURN_RENAME_LABEL);
	assert_int_equal(c.burned.checksum, 1);
	assert_int_equal(c.burned.idle, 0);
}

/* burned.rename was once called burned.move, and old configurations still use that. */
static void the_old_name_of_a_key_is_accepted(void **state)
{
	(void)state;
	assert_int_equal(load("burned: { move = \"date\"; };\n"), 0);
	assert_int_equal(c.burned.rename, POSTBURN_RENAME_DATE);
}

// clang-format off
static const struct { const char *text; unsigned line; const char *why; } bad[] = {
	/* unknown keys */
	{ "udc = \"\";\nspeed = 3;\n", 2, "unknown key \"speed\"" },
	{ "gadget: {\n\n  colour = \"red\"; };\n", 3, "unknown key \"gadget.colour\"" },
	{ "control: {\n  lock = \"x\"; };\n", 2, "unknown key \"control.lock\"" },
	{ "behaviour: { x: { y = 1; }; };\n", 1, "unknown key \"behaviour.x\"" },
	{ "drives = ( { name = \"a\"; },\n  { fifo = \"b\"; } );\n", 2, "unknown key \"drives[1].fifo\"" },
	{ "name = \"x\";\n", 1,
		"unknown key \"name\"; write drives = ( { name = ...; } ); or gadget: { name = ...; };" },
	{ "product = \"x\";\n", 1,
		"unknown key \"product\"; write drives = ( { product = ...; } ); or gadget: { product = ...; };" },
	{ "vendor = \"x\";\n", 1, "unknown key \"vendor\"; write drives = ( { vendor = ...; } );" },
	{ "media = \"/srv\";\n", 1, "unknown key \"media\"; write drives = ( { media = ...; } );" },
	/* and what is near them */
	{ "Udc = \"\";\n", 1, "unknown key \"Udc\"; did you mean \"udc\"?" },
	{ "behavior: { swap = \"seen\"; };\n", 1, "unknown key \"behavior\"; did you mean \"behaviour\"?" },
	{ "drive = ( );\n", 1, "unknown key \"drive\"; did you mean \"drives\"?" },
	{ "burned: {\n chekcsum = true; };\n", 2, "unknown key \"burned.chekcsum\"; did you mean \"checksum\"?" },
	{ "burned: { udc = true; };\n", 1, "unknown key \"burned.udc\"" },
	{ "drives = ( { medai = \"/srv\"; } );\n", 1, "unknown key \"drives[0].medai\"; did you mean \"media\"?" },
	{ "functions = ( { typ = \"acm\"; } );\n", 1, "unknown key \"functions[0].typ\"; did you mean \"type\"?" },
	{ "swap_gaps = 1;\n", 1, "unknown key \"swap_gaps\"; did you mean this? behaviour: { swap_gap = ...; };" },
	{ "blanktype = \"cd-r\";\n", 1,
		"unknown key \"blanktype\"; did you mean this? drives = ( { blank_type = ...; } );" },
	{ "id = 1;\n", 1, "unknown key \"id\"" },
	{ "sync_seconds = 1;\n", 1, "unknown key \"sync_seconds\"; write behaviour: { sync_seconds = ...; };" },
	/* syntax */
	{ "drives = [ { name = \"a\"; } ];\n", 1,
		"syntax error: such a list is written in ( ), not in [ ]: drives = [ { name = \"a\"; } ];" },
	{ "udc = ;\n", 1, "syntax error: there is no value: udc = ;" },
	{ "udc =\n", 1, "syntax error: there is no value: udc =" },
	{ "gadget: {\n  max_power = };\n", 2, "syntax error: there is no value: max_power = };" },
	{ "udc = \"\";\ngadget: {\n", 2, "syntax error: this \"{\" is never closed: gadget: {" },
	{ "gadget: {\n  max_power = 2; );\n", 2,
		"syntax error: the \"{\" of line 1 must be closed before this \")\": max_power = 2; );" },
	{ "udc = \"\"; };\n", 1, "syntax error: nothing is open that this \"}\" could close: udc = \"\"; };" },
	{ "burned: {\n\tblank = yes;\n};\n", 2,
		"syntax error: write true or false, without quotes: blank = yes;" },
	{ "behaviour: { stall = never; };\n", 1,
		"syntax error: text needs quotes: \"never\": behaviour: { stall = never; };" },
	{ "udc = \"a;\n# a comment\ngadget: { name = \"x\"; };\n", 1, "syntax error: a quote (\") is missing: udc = \"a;" },
	{ "udc = \"a;\n", 1, "syntax error: a quote (\") is missing: udc = \"a;" },
	{ "udc = a\";\n", 1, "syntax error: text needs quotes: \"a\": udc = a\";" },
	{ "udc \"a\";\n", 1, "syntax error: after \"udc\" a \"=\" is missing, or a quote before it: udc \"a\";" },
	{ "drives = ( { name = \"a\"; }\n { name = \"b\"; } );\n", 2,
		"syntax error: a \",\" is missing before this \"{\": { name = \"b\"; } );" },
	{ "udc = \"\";\nbehaviour.swap_gap = 3;\n", 2,
		"syntax error: a key of a group is written behaviour: { swap_gap = ...; };: behaviour.swap_gap = 3;" },
	{ "\xef\xbb\xbfudc = ;\n", 1, "syntax error: there is no value: udc = ;" },
	{ "udc = 1 2;\n", 1, "syntax error here or in the line before (a quote, a comma or a bracket too few or too "
		"many?): udc = 1 2;" },
	/* two strings in a row are one */
	{ "udc = \"a\" \"b\";\ngadget: {\n  max_power = };\n", 3, "syntax error: there is no value: max_power = };" },
	/* what libconfig says itself */
	{ "udc = \"\";\n@include \"/nonexistent\"\n", 2, "cannot open include file" },
	{ "udc = \"\";\nfunctions = [ 1, \"acm\" ];\n", 2, "mismatched element type in array" },
	{ "\xff\xfeu", 1, "the file is UTF-16; save it as UTF-8" },
	/* settings that are there twice */
	{ "udc = \"a\";\nudc = \"b\";\n", 2, "\"udc\" is set twice, first in line 1; change it there" },
	{ "# udc = 1\n/* \nudc = 2 */\nburned: {\n};\nudc = \"burned: {\";\nburned = { blank = true; };\n", 7,
		"\"burned\" is set twice, first in line 4; change it there" },
	{ "gadget: { name = \"a\";\nserial = \"\"; name = \"b\"; };\n", 2,
		"\"gadget.name\" is set twice, first in line 1; change it there" },
	{ "drives = ( { name = \"a\"; }, { name = \"b\";\n name = \"c\"; } );\n", 2,
		"\"name\" is set twice, first in line 1; change it there" },
	{ "burned: { };\nburned.move = \"label\";\n", 2,
		"a key of a group is written burned: { move = ...; };" },
	/* types */
	{ "udc = 3;\n", 1, "udc must be a string, not a whole number" },
	{ "gadget = \"x\";\n", 1, "gadget must be a group { }, not a string" },
	{ "\ngadget: { id_vendor = \"0x1d6b\"; };\n", 2, "gadget.id_vendor must be a whole number, not a string" },
	{ "gadget: { max_power = 2.5; };\n", 1, "gadget.max_power must be a whole number, not a number with a point" },
	{ "gadget: { max_power = true; };\n", 1, "gadget.max_power must be a whole number, not a boolean" },
	{ "gadget: { product = [ \"a\" ]; };\n", 1, "gadget.product must be a string, not an array [ ]" },
	{ "behaviour: { stall = true; };\n", 1, "behaviour.stall must be a string, not a boolean" },
	{ "drives: { name = \"a\"; };\n", 1, "drives must be a list ( ), not a group { }" },
	{ "drives = [ \"a\" ];\n", 1, "drives must be a list ( ), not an array [ ]" },
	{ "drives = (\n  \"a\" );\n", 2, "drives[0] must be a group { }, not a string" },
	/* values */
	{ "udc = \"/sys/class/udc/x\";\n", 1, "udc: must be a name from /sys/class/udc, not a path" },
	{ "gadget: { id_vendor = 0; };\n", 1, "gadget.id_vendor is 0, it must be 1 to 65535" },
	{ "gadget: { id_product = 0x10000; };\n", 1, "gadget.id_product is 65536, it must be 0 to 65535" },
	{ "gadget: { id_product = 0xFFFFFFFFFFL; };\n", 1, "gadget.id_product is 1099511627775, it must be 0 to 65535" },
	{ "gadget: { max_power = 501; };\n", 1, "gadget.max_power is 501, it must be 2 to 500" },
	{ "gadget: { name = \"\"; };\n", 1, "gadget.name must not be empty" },
	{ "gadget: { name = \"a/b\"; };\n", 1, "gadget.name: only letters, digits, \"_\" and \"-\" are allowed" },
	{ "gadget: { name = \"aaaaaaaaaaaaaaaaaaaaaaaa\"; };\n", 1, "gadget.name has 24 bytes, at most 23 are allowed" },
	{ "gadget: { product = \"a\\x1b\"; };\n", 1, "gadget.product: must be UTF-8 without control characters" },
	{ "gadget: { serial = \"123\"; };\n", 1, "gadget.serial: must be 12 or more digits 0-9 A-F, or empty" },
	{ "gadget: { serial = \"0123456789ab\"; };\n", 1, "gadget.serial: must be 12 or more digits 0-9 A-F, or empty" },
	{ "gadget: { serial = \"1000000000000\"; };\n", 1, "gadget.serial: the last 12 digits must not all be zero" },
	{ "control: { directory = \"run\"; };\n", 1, "control.directory: must be an absolute path" },
	{ "control: { directory = \"/\"; };\n", 1, "control.directory must not be that short" },
	{ "control: { fifo = \"../x\"; };\n", 1, "control.fifo: must be the name of a file inside control.directory" },
	{ "control: { status = \"..\"; };\n", 1, "control.status: must be the name of a file inside control.directory" },
	{ "control: { socket = \"lock\"; };\n", 1, "control.socket: the daemon itself uses this name" },
	{ "control: { fifo = \".status.new\"; };\n", 1, "control.fifo: the daemon itself uses this name" },
	{ "\ncontrol: { socket = \"control\"; };\n", 2, "control.fifo, control.socket, control.status and control.web must differ" },
	{ "behaviour: {\nfinalised = \"cd\"; };\n", 2, "behaviour.finalised is \"cd\", it must be \"dvd-rom\" or \"dvd+r\"" },
	{ "behaviour: { large_image = \"bd\"; };\n", 1, "behaviour.large_image is \"bd\", it must be \"bd-rom\" or \"dvd-rom\"" },
	{ "behaviour: { subclass = 5; };\n", 1, "behaviour.subclass is 5, it must be 6 or 2" },
	{ "behaviour: { swap = \"never\"; };\n", 1, "behaviour.swap is \"never\", it must be \"gap\" or \"seen\"" },
	{ "behaviour: { swap_gap = -1; };\n", 1, "behaviour.swap_gap is -1, it must be 0 to 10000" },
	{ "behaviour: { eject_brings_next = \"yes\"; };\n", 1,
		"behaviour.eject_brings_next must be true or false, not a string" },
	{ "behaviour: {\neject_brings_next = 1; };\n", 2,
		"behaviour.eject_brings_next must be true or false, not a whole number" },
	{ "behaviour: { log_level = \"loud\"; };\n", 1,
		"behaviour.log_level is \"loud\", it must be \"error\" or \"warn\" or \"info\" or \"debug\"" },
	{ "burned: { rename = true; };\n", 1, "burned.rename must be a string, not a boolean" },
	{ "burned: { rename = \"name\"; };\n", 1,
		"burned.rename is \"name\", it must be \"no\" or \"date\" or \"label\"" },
	{ "burned: { move = true; };\n", 1, "burned.move must be a string, not a boolean" },
	{ "burned: { move = \"name\"; };\n", 1,
		"burned.move is \"name\", it must be \"no\" or \"date\" or \"label\"" },
	{ "burned: {\nrename = \"no\";\nmove = \"no\"; };\n", 3,
		"burned.move is an older name of burned.rename; remove one of them" },
	{ "burned: {\nmove = \"no\";\nrename = \"date\"; };\n", 2,
		"burned.move is an older name of burned.rename; remove one of them" },
	{ "move = \"no\";\n", 1, "unknown key \"move\"" },
	{ "burned: {\nidle = 86401; };\n", 2, "burned.idle is 86401, it must be 0 to 86400" },
	{ "burned: { verify = true; };\n", 1, "unknown key \"burned.verify\"" },
	{ "behaviour: { eject_brings_next = true; };\nburned: {\nblank = true; };\n", 3,
		"burned.blank and behaviour.eject_brings_next must not both be true: each says what "
		"follows a disc that the host ejects" },
	/* drives */
	{ "drives = ( );\n", 1, "drives has 0 entries, it must have 1 to 8" },
	{ "drives = ( {}, {}, {}, {}, {}, {}, {}, {}, {} );\n", 1, "drives has 9 entries, it must have 1 to 8" },
	{ "drives = ( { name = \"a\"; },\n { media = \"/m\";\n name = \"a\"; } );\n", 3, "two drives have the name \"a\"" },
	{ "drives = ( { name = \"drive1\"; },\n { } );\n", 2, "two drives have the name \"drive1\"" },
	{ "drives = ( { name = \"a b\"; } );\n", 1, "drives[0].name: only letters, digits, \"_\" and \"-\" are allowed" },
	{ "drives = ( { name = \"12345678901234567\"; } );\n", 1, "drives[0].name has 17 bytes, at most 16 are allowed" },
	{ "drives = ( { vendor = \"123456789\"; } );\n", 1, "drives[0].vendor has 9 bytes, at most 8 are allowed" },
	{ "drives = ( { product = \"\xc3\xa4\"; } );\n", 1, "drives[0].product: only printable ASCII is allowed" },
	{ "drives = ( { blank_type = \"\"; } );\n", 1, "drives[0].blank_type must not be empty" },
	{ "drives = ( { media = \"media\"; } );\n", 1, "drives[0].media: must be an absolute path" },
	/* functions */
	{ "functions = 1;\n", 1, "functions must be a list ( ), not a whole number" },
	{ "functions: { };\n", 1, "functions must be a list ( ), not a group { }" },
	{ "functions = ( \"acm\" );\n", 1, "functions[0] must be a group { }, not a string" },
	{ "functions = (\n { } );\n", 2, "functions[0] has no type, it must be \"acm\" or \"ncm\" or \"ecm\"" },
	{ "functions = ( { type = \"rndis\"; } );\n", 1,
		"functions[0].type is \"rndis\", it must be \"acm\" or \"ncm\" or \"ecm\"" },
	{ "functions = ( { type = 1; } );\n", 1, "functions[0].type must be a string, not a whole number" },
	{ "functions = ( { type = \"acm\"; },\n { type = \"ncm\"; port = 1; } );\n", 2,
		"unknown key \"functions[1].port\"" },
	{ "functions = ( { type = \"acm\"; }, { type = \"acm\"; }, { type = \"acm\"; },\n"
	  "{ type = \"acm\"; }, { type = \"acm\"; } );\n", 1, "functions has 5 entries, it must have 0 to 4" },
	{ "functions = ( { type = \"acm\";\n host_mac = \"02:00:00:00:00:01\"; } );\n", 2,
		"functions[0].host_mac is not for a serial port" },
	{ "functions = ( { type = \"ncm\"; host_mac = \"02:00:00:00:00:001\"; } );\n", 1,
		"functions[0].host_mac has 18 bytes, at most 17 are allowed" },
	{ "functions = ( { type = \"ncm\"; host_mac = \"2:0:0:0:0:1\"; } );\n", 1,
		"functions[0].host_mac: must be six pairs of hex digits as in 02:00:00:00:00:01, or empty" },
	{ "functions = ( { type = \"ncm\"; board_mac = \"02-00-00-00-00-01\"; } );\n", 1,
		"functions[0].board_mac: must be six pairs of hex digits as in 02:00:00:00:00:01, or empty" },
	{ "functions = ( { type = \"ncm\"; board_mac = \"0g:00:00:00:00:01\"; } );\n", 1,
		"functions[0].board_mac: must be six pairs of hex digits as in 02:00:00:00:00:01, or empty" },
	{ "functions = ( { type = \"ncm\"; board_mac = \"01:00:5e:00:00:01\"; } );\n", 1,
		"functions[0].board_mac: is a multicast address, the first byte must be even" },
	{ "functions = ( { type = \"ncm\"; board_mac = \"00:00:00:00:00:00\"; } );\n", 1,
		"functions[0].board_mac: must not be all zero" },
	{ "functions = ( { type = \"ncm\"; host_mac = \"02:00:00:00:00:0a\";\n board_mac = \"02:00:00:00:00:0A\"; } );\n", 2,
		"functions[0].board_mac is that of functions[0].host_mac, all must differ" },
	{ "functions = ( { type = \"ncm\"; board_mac = \"02:00:00:00:00:01\"; },\n"
	  " { type = \"ecm\"; host_mac = \"02:00:00:00:00:01\"; } );\n", 2,
		"functions[1].host_mac is that of functions[0].board_mac, all must differ" },
};
// clang-format on

static void bad_inputs_are_refused_with_line_and_reason(void **state)
{
	char want[512];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		strcpy(why, "(accepted)");
		snprintf(want, sizeof(want), "%s:%u: %s", in_scratch("c.conf"), bad[i].line,
			bad[i].why);
		assert_int_equal(load(bad[i].text), -EINVAL);
		assert_string_equal(why, want);
	}
}

static void an_unknown_blank_is_refused_with_the_media_there_are(void **state)
{
	char media[200], want[512];

	(void)state;
	disc_medium_list(media, sizeof(media));
	for (unsigned i = 0; i < 2; i++) {
		const char *type = i == 0 ? "dvd-rom" : "dvd";

		snprintf(want, sizeof(want), "drives = (\n  { },\n  { blank_type = \"%s\"; } );\n",
			type);
		assert_int_equal(load(want), -EINVAL);
		snprintf(want, sizeof(want),
			"%s:3: drives[1].blank_type: there is no blank of type \"%s\"; there are "
			"%s",
			in_scratch("c.conf"), type, media);
		assert_string_equal(why, want);
	}
	assert_int_equal(load("drives = ( { blank_type = \"dvd+r-dl\"; } );\n"), 0);
	assert_string_equal(c.drive[0].blank_type, "dvd+r-dl");
	/* As the type is printed on discs. */
	assert_int_equal(load("drives = ( { blank_type = \"DVD+RW\"; } );\n"), 0);
}

/* Windows' Notepad writes it. */
static void a_byte_order_mark_is_skipped(void **state)
{
	(void)state;
	assert_int_equal(load("\xef\xbb\xbfudc = \"a\";\r\n"), 0);
	assert_string_equal(c.usb.udc, "a");
}

/* Names with folders may be long: `insert` takes them, and so does the configuration. */
static void an_image_may_have_as_long_a_name_as_the_record_holds(void **state)
{
	char text[LAST_DISC_NAME + 64], want[256];

	static const size_t length[] = {255, 256, LAST_DISC_NAME - 1, LAST_DISC_NAME};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(length); i++) {
		size_t n = length[i];

		snprintf(text, sizeof(text), "drives = (\n { image = \"%0*d\"; } );\n", (int)n, 0);
		snprintf(want, sizeof(want),
			"%s:2: drives[0].image has %zu bytes, at most %u are allowed",
			in_scratch("c.conf"), n, LAST_DISC_NAME - 1);
		strcpy(why, "");
		if (n == LAST_DISC_NAME) {
			assert_int_equal(load(text), -EINVAL);
			assert_string_equal(why, want);
		} else {
			assert_int_equal(load(text), 0);
			assert_int_equal(strlen(c.drive[0].image), n);
		}
	}
}

static void a_missing_file_is_refused(void **state)
{
	char want[128];

	(void)state;
	assert_int_equal(config_load(in_scratch("none"), &c, why, sizeof(why)), -ENOENT);
	snprintf(want, sizeof(want), "%s: No such file or directory", in_scratch("none"));
	assert_string_equal(why, want);
	assert_int_equal(config_load(scratch, &c, why, sizeof(why)), -EISDIR);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, scratch_make, scratch_remove)
	const struct CMUnitTest tests[] = {
		T(an_empty_file_gives_the_defaults),
		T(defaults_are_as_documented),
		T(the_shipped_file_gives_the_defaults),
		T(all_values_are_read),
		T(the_old_name_of_a_key_is_accepted),
		T(bad_inputs_are_refused_with_line_and_reason),
		T(an_unknown_blank_is_refused_with_the_media_there_are),
		T(a_byte_order_mark_is_skipped),
		T(an_image_may_have_as_long_a_name_as_the_record_holds),
		T(a_missing_file_is_refused),
		T(an_option_takes_the_place_of_a_key),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
