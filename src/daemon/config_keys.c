// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/config_keys.h"

#include <stdio.h>
#include <string.h>

#include "burned/postburn.h"
#include "daemon/config.h"
#include "disc/medium.h"
#include "protocol/words.h"
#include "util/array.h"
#include "util/log.h"

static const char *check_name(const char *s)
{
	size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");

	return s[n] == '\0' ? NULL : "only letters, digits, \"_\" and \"-\" are allowed";
}

/* The name of a controller is that of its directory in /sys/class/udc. */
static const char *check_udc(const char *s)
{
	return strchr(s, '/') ? "must be a name from /sys/class/udc, not a path" : NULL;
}

/* SPC-4 4.3.1: INQUIRY strings are ASCII 20h to 7Eh. */
static const char *check_ascii(const char *s)
{
	for (; *s != '\0'; s++) {
		if (*s < 0x20 || *s > 0x7e)
			return "only printable ASCII is allowed";
	}
	return NULL;
}

static const char *check_text(const char *s)
{
	return words_text_ok(s, strlen(s)) ? NULL : "must be UTF-8 without control characters";
}

static const char *check_absolute(const char *s)
{
	return s[0] == '/' ? check_text(s) : "must be an absolute path";
}

/* BOT 4.1.1: 12 or more upper-case hex digits; hosts identify a device by the last 12. */
static const char *check_serial(const char *s)
{
	size_t n = strlen(s);

	if (n == 0)
		return NULL;
	if (n < 12 || strspn(s, "0123456789ABCDEF") != n)
		return "must be 12 or more digits 0-9 A-F, or empty";
	if (strspn(s + n - 12, "0") == 12)
		return "the last 12 digits must not all be zero";
	return NULL;
}

static const char *check_file(const char *s)
{
	size_t n = strlen(s);

	if (strchr(s, '/') || strcmp(s, ".") == 0 || strcmp(s, "..") == 0)
		return "must be the name of a file inside control.directory";
	/* The status file is written as .NAME.new, which then gets its name. */
	if (strcmp(s, "lock") == 0 || (s[0] == '.' && n > 4 && strcmp(s + n - 4, ".new") == 0))
		return "the daemon itself uses this name";
	return check_text(s);
}

static const char *check_blank_type(const char *s)
{
	const struct disc_medium *m = disc_medium_named(s);
	char known[200];
	static char text[300];

	if (m && disc_medium_is_recordable(m))
		return NULL;
	disc_medium_list(known, sizeof(known));
	snprintf(text, sizeof(text), "there is no blank of type \"%.23s\"; there are %s", s, known);
	return text;
}

// clang-format off
static const struct choice finalised[] = {
	{ "dvd-rom", MMC_FINALISED_DVD_ROM }, { "dvd+r", MMC_FINALISED_DVD_PLUS_R }, { NULL, 0 },
};
static const struct choice large_image[] = { { "bd-rom", 0 }, { "dvd-rom", 1 }, { NULL, 0 } };
static const struct choice stall[] = {
	{ "never", BOT_STALL_NEVER }, { "short", BOT_STALL_SHORT }, { NULL, 0 },
};
static const struct choice log_level[] = {
	{ "error", LOG_LEVEL_ERROR }, { "warn", LOG_LEVEL_WARN }, { "info", LOG_LEVEL_INFO },
	{ "debug", LOG_LEVEL_DEBUG }, { NULL, 0 },
};
static const struct choice plain_image[] = {
	{ "dvd", IMAGE_AS_DVD }, { "cd", IMAGE_AS_CD }, { "auto", IMAGE_AS_AUTO }, { NULL, 0 },
};
static const struct choice swap[] = { { "gap", 0 }, { "seen", 1 }, { NULL, 0 } };
static const struct choice blank_size[] = { { "full", 0 }, { "fits", 1 }, { NULL, 0 } };
static const struct choice rename_choices[] = {
	{ "no", POSTBURN_RENAME_NO }, { "date", POSTBURN_RENAME_DATE }, { "label", POSTBURN_RENAME_LABEL }, { NULL, 0 },
};
static const struct choice audio_choices[] = { { "none", 0 }, { "", 0 }, { "wav", 1 }, { NULL, 0 } };
/* 06h SCSI transparent; 02h MMC-5 (SFF-8020i), which BOT allows as well. */
static const struct choice subclass[] = { { "6", 6 }, { "2", 2 }, { NULL, 0 } };
static const struct choice function_type[] = {
	{ "acm", GADGET_ACM }, { "ncm", GADGET_NCM }, { "ecm", GADGET_ECM }, { NULL, 0 },
};

#define AT(member) offsetof(struct config, member)
#define TEXT(path, member, least, def, check) \
	{ path, KEY_TEXT, AT(member), least, sizeof(((struct config *)0)->member) - 1, def, 0, check, NULL }
#define NUMBER(path, member, min, max, def, set) \
	{ path, KEY_NUMBER, AT(member), min, max, NULL, def, NULL, set }
#define CHOICE(path, member, def, set) \
	{ path, KEY_CHOICE, AT(member), 0, 0, def, 0, NULL, set }
#define BOOL(path, member, def) \
	{ path, KEY_BOOL, AT(member), 0, 1, NULL, def, NULL, NULL }

static const struct key keys[] = {
	TEXT("udc", usb.udc, 0, "", check_udc),
	TEXT("gadget.name", usb.name, 1, "mmcgadget", check_name),
	NUMBER("gadget.id_vendor", usb.id_vendor, 1, 0xffff, 0x1d6b, NULL),
	NUMBER("gadget.id_product", usb.id_product, 0, 0xffff, 0x0104, NULL),
	NUMBER("gadget.bcd_device", usb.bcd_device, 0, 0xffff, 0x0100, NULL),
	TEXT("gadget.manufacturer", usb.manufacturer, 1, "mmcgadget", check_text),
	TEXT("gadget.product", usb.product, 1, "Virtual DVD burner", check_text),
	TEXT("gadget.serial", usb.serial, 0, "", check_serial),
	NUMBER("gadget.max_power", usb.max_power, 2, 500, 250, NULL),
	TEXT("control.directory", control.directory, 2, "/run/mmcgadget", check_absolute),
	TEXT("control.fifo", control.fifo, 1, "control", check_file),
	TEXT("control.socket", control.socket, 1, "socket", check_file),
	TEXT("control.status", control.status, 1, "status", check_file),
	TEXT("control.group", control.group, 0, "mmcgadget", check_name),
	TEXT("control.web", control.web, 1, "web", check_file),
	TEXT("control.web_group", control.web_group, 0, "mmcgadget-web", check_name),
	CHOICE("behaviour.finalised", behaviour.finalised, "dvd-rom", finalised),
	CHOICE("behaviour.large_image", behaviour.large_image_dvd, "bd-rom", large_image),
	NUMBER("behaviour.subclass", usb.subclass, 2, 6, 6, subclass),
	CHOICE("behaviour.stall", usb.stall, "never", stall),
	CHOICE("behaviour.swap", behaviour.swap_seen, "gap", swap),
	NUMBER("behaviour.swap_gap", behaviour.swap_gap, 0, 10000, 300, NULL),
	BOOL("behaviour.eject_brings_next", behaviour.eject_brings_next, 0),
	NUMBER("behaviour.sync_mb", behaviour.sync_mb, 1, 4096, 32, NULL),
	NUMBER("behaviour.sync_seconds", behaviour.sync_seconds, 0, 3600, 5, NULL),
	CHOICE("behaviour.blank_size", behaviour.blank_size, "full", blank_size),
	BOOL("behaviour.last_disc", behaviour.last_disc, 1),
	CHOICE("behaviour.log_level", log_level, "info", log_level),
	CHOICE("burned.rename", burned.rename, "no", rename_choices),
	BOOL("burned.checksum", burned.checksum, 0),
	CHOICE("burned.audio", burned.songs, "none", audio_choices),
	BOOL("burned.blank", burned.blank, 0),
	NUMBER("burned.idle", burned.idle, 0, 86400, 30, NULL),
};

#undef AT
#define AT(member) offsetof(struct config_drive, member)
#define DRIVE_TEXT(path, member, least, def, check) \
	{ path, KEY_TEXT, AT(member), least, sizeof(((struct config_drive *)0)->member) - 1, def, 0, check, NULL }

#define DRIVE_CHOICE(path, member, def, set) \
	{ path, KEY_CHOICE, AT(member), 0, 0, def, 0, NULL, set }

#define DRIVE_BOOL(path, member, def) \
	{ path, KEY_BOOL, AT(member), 0, 1, NULL, def, NULL, NULL }

/* config.c changes the default of name to drive0, drive1 and so on. */
static const struct key drive_keys[] = {
	DRIVE_TEXT("name", name, 1, "drive0", check_name),
	DRIVE_TEXT("vendor", vendor, 1, "MMCGADGT", check_ascii),
	DRIVE_TEXT("product", product, 1, "DVD BURNER", check_ascii),
	DRIVE_TEXT("revision", revision, 1, "0.1 ", check_ascii),
	DRIVE_TEXT("media", media, 1, "/var/lib/mmcgadget", check_absolute),
	DRIVE_TEXT("image", image, 0, "", check_text),
	DRIVE_CHOICE("iso", iso, "dvd", plain_image),
	DRIVE_TEXT("blank_type", blank_type, 1, "dvd+r", check_blank_type),
	DRIVE_BOOL("faults", faults, 0),
};

#undef AT
#define AT(member) offsetof(struct usb_function, member)
#define FUNCTION_MAC(path, member) \
	{ path, KEY_TEXT, AT(member), 0, sizeof(((struct usb_function *)0)->member) - 1, "", 0, \
		function_check_mac, NULL }

/* config_load() refuses an entry without type, so its default here is never used. */
static const struct key function_keys[] = {
	CHOICE("type", type, "acm", function_type),
	FUNCTION_MAC("host_mac", host_mac),
	FUNCTION_MAC("board_mac", board_mac),
};
// clang-format on

const struct key_list config_keys = {keys, ARRAY_LEN(keys)};
const struct key_list config_drive_keys = {drive_keys, ARRAY_LEN(drive_keys)};
const struct key_list config_function_keys = {function_keys, ARRAY_LEN(function_keys)};

const struct key_alias config_aliases[] = {{"burned.move", "burned.rename"}};
const size_t config_alias_count = ARRAY_LEN(config_aliases);

const struct key *key_find(const struct key_list *list, const char *path)
{
	for (size_t i = 0; list == &config_keys && i < config_alias_count; i++) {
		if (strcmp(config_aliases[i].old, path) == 0)
			path = config_aliases[i].path;
	}
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->key[i].path, path) == 0)
			return &list->key[i];
	}
	return NULL;
}

static void set_default(const struct key *k, void *base)
{
	char *at = (char *)base + k->offset;
	int value = k->number;

	if (k->type == KEY_TEXT) {
		memcpy(at, k->text, strlen(k->text) + 1);
		return;
	}
	for (const struct choice *c = k->type == KEY_CHOICE ? k->choices : NULL; c && c->text;
		c++) {
		if (strcmp(c->text, k->text) == 0)
			value = c->value;
	}
	memcpy(at, &value, sizeof(value));
}

void key_set_defaults(const struct key_list *list, void *base)
{
	for (size_t i = 0; i < list->count; i++)
		set_default(&list->key[i], base);
}
