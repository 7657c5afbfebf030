// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/config.h"

#include <errno.h>
#include <libconfig.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "library/postburn.h"
#include "usb/functions.h"
#include "protocol/words.h"
#include "util/array.h"

enum key_type { KEY_TEXT, KEY_NUMBER, KEY_CHOICE, KEY_BOOL };

struct choice {
	const char *text;
	int value;
};

/*
 * One key. Text: min and max are lengths, text is the default; choice: text is
 * the default; number: choices, if any, are the only values; bool: 0 or 1.
 */
struct key {
	const char *path;
	enum key_type type;
	size_t offset;
	int min, max;
	const char *text;
	int number;
	const char *(*check)(const char *value); /* NULL, or what is wrong with it */
	const struct choice *choices;
};

static const char *check_name(const char *s)
{
	size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");

	return s[n] == '\0' ? NULL : "only letters, digits, \"_\" and \"-\" are allowed";
}

/* A controller's name is a directory of /sys/class/udc. */
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

/* BOT 4.1.1: 12 or more upper-case hex digits; hosts take the last 12 for the identity. */
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
	if (strchr(s, '/') || strcmp(s, ".") == 0 || strcmp(s, "..") == 0)
		return "must be the name of a file inside control.directory";
	if (strcmp(s, "lock") == 0 || strncmp(s, "ffs-", 4) == 0)
		return "this name is taken by the daemon itself";
	return check_text(s);
}

// clang-format off
static const struct choice finalised[] = {
	{ "dvd-rom", MMC_FINALISED_DVD_ROM }, { "dvd+r", MMC_FINALISED_DVD_PLUS_R }, { NULL, 0 },
};
static const struct choice stall[] = {
	{ "never", BOT_STALL_NEVER }, { "short", BOT_STALL_SHORT }, { NULL, 0 },
};
static const struct choice log_level[] = {
	{ "error", LOG_LEVEL_ERROR }, { "warn", LOG_LEVEL_WARN }, { "info", LOG_LEVEL_INFO },
	{ "debug", LOG_LEVEL_DEBUG }, { NULL, 0 },
};
static const struct choice blank_size[] = { { "full", 0 }, { "fits", 1 }, { NULL, 0 } };
static const struct choice move[] = {
	{ "no", POSTBURN_RENAME_NO }, { "date", POSTBURN_RENAME_DATE }, { "label", POSTBURN_RENAME_LABEL }, { NULL, 0 },
};
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
	TEXT("udc", udc, 0, "", check_udc),
	TEXT("gadget.name", gadget.name, 1, "mmcgadget", check_name),
	NUMBER("gadget.id_vendor", gadget.id_vendor, 1, 0xffff, 0x1d6b, NULL),
	NUMBER("gadget.id_product", gadget.id_product, 0, 0xffff, 0x0104, NULL),
	NUMBER("gadget.bcd_device", gadget.bcd_device, 0, 0xffff, 0x0100, NULL),
	TEXT("gadget.manufacturer", gadget.manufacturer, 1, "mmcgadget", check_text),
	TEXT("gadget.product", gadget.product, 1, "Virtual DVD burner", check_text),
	TEXT("gadget.serial", gadget.serial, 0, "", check_serial),
	NUMBER("gadget.max_power", gadget.max_power, 2, 500, 250, NULL),
	TEXT("control.directory", control.directory, 2, "/run/mmcgadget", check_absolute),
	TEXT("control.fifo", control.fifo, 1, "control", check_file),
	TEXT("control.socket", control.socket, 1, "socket", check_file),
	TEXT("control.status", control.status, 1, "status", check_file),
	TEXT("control.group", control.group, 0, "mmcgadget", check_name),
	CHOICE("behaviour.finalised", behaviour.finalised, "dvd-rom", finalised),
	NUMBER("behaviour.subclass", behaviour.subclass, 2, 6, 6, subclass),
	CHOICE("behaviour.stall", behaviour.stall, "never", stall),
	NUMBER("behaviour.swap_gap", behaviour.swap_gap, 0, 10000, 300, NULL),
	BOOL("behaviour.eject_brings_next", behaviour.eject_brings_next, 0),
	NUMBER("behaviour.sync_mb", behaviour.sync_mb, 1, 4096, 32, NULL),
	NUMBER("behaviour.sync_seconds", behaviour.sync_seconds, 0, 3600, 5, NULL),
	CHOICE("behaviour.blank_size", behaviour.blank_size, "full", blank_size),
	BOOL("behaviour.last_disc", behaviour.last_disc, 1),
	CHOICE("behaviour.log_level", behaviour.log_level, "info", log_level),
	CHOICE("burned.move", burned.move, "no", move),
	BOOL("burned.checksum", burned.checksum, 0),
	BOOL("burned.blank", burned.blank, 0),
	NUMBER("burned.idle", burned.idle, 0, 86400, 30, NULL),
};

#undef AT
#define AT(member) offsetof(struct config_drive, member)
#define DRIVE_TEXT(path, member, least, def, check) \
	{ path, KEY_TEXT, AT(member), least, sizeof(((struct config_drive *)0)->member) - 1, def, 0, check, NULL }

/* The name's default is drive0, drive1 ... by place. */
static const struct key drive_keys[] = {
	DRIVE_TEXT("name", name, 1, "drive0", check_name),
	DRIVE_TEXT("vendor", vendor, 1, "MMCGADGT", check_ascii),
	DRIVE_TEXT("product", product, 1, "DVD BURNER", check_ascii),
	DRIVE_TEXT("revision", revision, 1, "0.1 ", check_ascii),
	DRIVE_TEXT("media", media, 1, "/var/lib/mmcgadget", check_absolute),
	DRIVE_TEXT("image", image, 0, "", check_text),
};

#undef AT
#define AT(member) offsetof(struct config_function, member)
#define FUNCTION_MAC(path, member) \
	{ path, KEY_TEXT, AT(member), 0, sizeof(((struct config_function *)0)->member) - 1, "", 0, \
		function_check_mac, NULL }

/* The type has no default: it must be there. */
static const struct key function_keys[] = {
	CHOICE("type", type, "acm", function_type),
	FUNCTION_MAC("host_mac", host_mac),
	FUNCTION_MAC("board_mac", board_mac),
};
// clang-format on

/* Where a load stands, for messages. */
struct load {
	const char *path;
	char *why;
	size_t size;
};

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

static void drive_defaults(struct config_drive *d, unsigned place)
{
	memset(d, 0, sizeof(*d));
	for (size_t i = 0; i < ARRAY_LEN(drive_keys); i++)
		set_default(&drive_keys[i], d);
	snprintf(d->name, sizeof(d->name), "drive%u", place);
}

void config_defaults(struct config *c)
{
	memset(c, 0, sizeof(*c));
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		set_default(&keys[i], c);
	drive_defaults(&c->drive[0], 0);
	c->drives = 1;
}

__attribute__((format(printf, 3, 4))) static int refuse(
	struct load *l, const config_setting_t *s, const char *fmt, ...)
{
	/* Only a setting of an included file has a file name of its own. */
	const char *file = config_setting_source_file(s);
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	snprintf(l->why, l->size, "%s:%u: %s", file ? file : l->path, config_setting_source_line(s),
		text);
	return -EINVAL;
}

static const char *type_name(const config_setting_t *s)
{
	switch (config_setting_type(s)) {
	case CONFIG_TYPE_GROUP:
		return "a group { }";
	case CONFIG_TYPE_LIST:
		return "a list ( )";
	case CONFIG_TYPE_ARRAY:
		return "an array [ ]";
	case CONFIG_TYPE_STRING:
		return "a string";
	case CONFIG_TYPE_BOOL:
		return "a boolean";
	case CONFIG_TYPE_FLOAT:
		return "a number with a point";
	default:
		return "a whole number";
	}
}

static int take_text(
	struct load *l, const struct key *k, const config_setting_t *s, const char *path, char *at)
{
	const char *value = config_setting_get_string(s), *fault;
	size_t n;

	if (!value)
		return refuse(l, s, "%s must be a string, not %s", path, type_name(s));
	n = strlen(value);
	if (n > (size_t)k->max)
		return refuse(l, s, "%s has %zu bytes, at most %d are allowed", path, n, k->max);
	if (n < (size_t)k->min)
		return refuse(l, s, "%s must not be %s", path, n == 0 ? "empty" : "that short");
	fault = k->check ? k->check(value) : NULL;
	if (fault)
		return refuse(l, s, "%s: %s", path, fault);
	memcpy(at, value, n + 1);
	return 0;
}

/* "a" or "b" or "c" */
static const char *choice_list(const struct key *k, const char *quote, char *out, size_t size)
{
	size_t n = 0;

	for (const struct choice *c = k->choices; c->text && n < size; c++)
		n += (size_t)snprintf(
			out + n, size - n, "%s%s%s%s", n > 0 ? " or " : "", quote, c->text, quote);
	return out;
}

static bool choice_of_number(const struct key *k, long long value)
{
	for (const struct choice *c = k->choices; c->text; c++) {
		if (c->value == value)
			return true;
	}
	return false;
}

static int take_number(
	struct load *l, const struct key *k, const config_setting_t *s, const char *path, char *at)
{
	int type = config_setting_type(s), number;
	long long value = config_setting_get_int64(s);
	char all[128];

	if (type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64)
		return refuse(l, s, "%s must be a whole number, not %s", path, type_name(s));
	if (k->choices && !choice_of_number(k, value))
		return refuse(l, s, "%s is %lld, it must be %s", path, value,
			choice_list(k, "", all, sizeof(all)));
	if (value < k->min || value > k->max)
		return refuse(l, s, "%s is %lld, it must be %d to %d", path, value, k->min, k->max);
	number = (int)value;
	memcpy(at, &number, sizeof(number));
	return 0;
}

static int take_choice(
	struct load *l, const struct key *k, const config_setting_t *s, const char *path, char *at)
{
	const char *value = config_setting_get_string(s);
	char all[128];

	if (!value)
		return refuse(l, s, "%s must be a string, not %s", path, type_name(s));
	for (const struct choice *c = k->choices; c->text; c++) {
		if (strcmp(c->text, value) == 0) {
			memcpy(at, &c->value, sizeof(c->value));
			return 0;
		}
	}
	return refuse(l, s, "%s is \"%.40s\", it must be %s", path, value,
		choice_list(k, "\"", all, sizeof(all)));
}

static int take_bool(struct load *l, const config_setting_t *s, const char *path, char *at)
{
	int value = config_setting_get_bool(s) ? 1 : 0;

	if (config_setting_type(s) != CONFIG_TYPE_BOOL)
		return refuse(l, s, "%s must be true or false, not %s", path, type_name(s));
	memcpy(at, &value, sizeof(value));
	return 0;
}

static int take(struct load *l, const struct key *k, const config_setting_t *s, const char *path,
	void *base)
{
	char *at = (char *)base + k->offset;

	switch (k->type) {
	case KEY_TEXT:
		return take_text(l, k, s, path, at);
	case KEY_NUMBER:
		return take_number(l, k, s, path, at);
	case KEY_CHOICE:
		return take_choice(l, k, s, path, at);
	case KEY_BOOL:
		return take_bool(l, s, path, at);
	}
	return -EINVAL;
}

/* A group of a list, by the keys that groups of this list have. */
static int take_entry(struct load *l, const config_setting_t *group, const char *list,
	unsigned place, const struct key *known, size_t count, void *base)
{
	const config_setting_t *s;
	char path[64];
	int r;

	if (!config_setting_is_group(group))
		return refuse(l, group, "%s[%u] must be a group { }, not %s", list, place,
			type_name(group));
	for (unsigned i = 0; (s = config_setting_get_elem(group, i)) != NULL; i++) {
		const struct key *k = NULL;

		for (size_t j = 0; j < count; j++) {
			if (strcmp(known[j].path, config_setting_name(s)) == 0)
				k = &known[j];
		}
		snprintf(path, sizeof(path), "%s[%u].%.40s", list, place, config_setting_name(s));
		if (!k)
			return refuse(l, s, "unknown key \"%s\"", path);
		r = take(l, k, s, path, base);
		if (r < 0)
			return r;
	}
	return 0;
}

static int take_drive(
	struct load *l, const config_setting_t *group, struct config *c, unsigned place)
{
	struct config_drive *d = &c->drive[place];
	const config_setting_t *named;
	int r;

	drive_defaults(d, place);
	r = take_entry(l, group, "drives", place, drive_keys, ARRAY_LEN(drive_keys), d);
	if (r < 0)
		return r;
	named = config_setting_get_member(group, "name");
	for (unsigned i = 0; i < place; i++) {
		if (strcmp(c->drive[i].name, d->name) == 0)
			return refuse(l, named ? named : group, "two drives have the name \"%s\"",
				d->name);
	}
	return 0;
}

static int take_drives(struct load *l, const config_setting_t *list, struct config *c)
{
	int r, n = config_setting_length(list);

	if (!config_setting_is_list(list))
		return refuse(l, list, "drives must be a list ( ), not %s", type_name(list));
	if (n < 1 || n > (int)CONFIG_MAX_DRIVES)
		return refuse(l, list, "drives has %d entries, it must have 1 to %u", n,
			(unsigned)CONFIG_MAX_DRIVES);
	for (c->drives = 0; c->drives < (unsigned)n; c->drives++) {
		r = take_drive(l, config_setting_get_elem(list, c->drives), c, c->drives);
		if (r < 0)
			return r;
	}
	return 0;
}

static int take_function(
	struct load *l, const config_setting_t *group, struct config *c, unsigned place)
{
	struct config_function *f = &c->function[place];
	const config_setting_t *s;
	const char *key;
	char text[128];
	int r;

	for (size_t i = 0; i < ARRAY_LEN(function_keys); i++)
		set_default(&function_keys[i], f);
	r = take_entry(l, group, "functions", place, function_keys, ARRAY_LEN(function_keys), f);
	if (r < 0)
		return r;
	if (!config_setting_get_member(group, "type"))
		return refuse(l, group, "functions[%u] has no type, it must be %s", place,
			choice_list(&function_keys[0], "\"", text, sizeof(text)));
	if (functions_good(c->function, place, &key, text, sizeof(text)))
		return 0;
	s = config_setting_get_member(group, key);
	return refuse(l, s ? s : group, "functions[%u].%s %s", place, key, text);
}

static int take_functions(struct load *l, const config_setting_t *list, struct config *c)
{
	int r, n = config_setting_length(list);

	if (!config_setting_is_list(list))
		return refuse(l, list, "functions must be a list ( ), not %s", type_name(list));
	if (n > (int)CONFIG_MAX_FUNCTIONS)
		return refuse(l, list, "functions has %d entries, it must have 0 to %u", n,
			(unsigned)CONFIG_MAX_FUNCTIONS);
	for (c->functions = 0; c->functions < (unsigned)n; c->functions++) {
		r = take_function(l, config_setting_get_elem(list, c->functions), c, c->functions);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Every setting of the top level or of one of its groups. prefix is "" or "gadget." and so on. */
static int take_group(
	struct load *l, const config_setting_t *group, const char *prefix, struct config *c)
{
	size_t prefix_len = strlen(prefix);
	const config_setting_t *s;
	char path[128];
	int r;

	for (unsigned i = 0; (s = config_setting_get_elem(group, i)) != NULL; i++) {
		const struct key *k = NULL;
		bool is_group = false;

		snprintf(path, sizeof(path), "%s%.64s", prefix, config_setting_name(s));
		for (size_t j = 0; j < ARRAY_LEN(keys); j++) {
			size_t n = strlen(path);

			if (strcmp(keys[j].path, path) == 0)
				k = &keys[j];
			if (strncmp(keys[j].path, path, n) == 0 && keys[j].path[n] == '.')
				is_group = true;
		}
		if (is_group && !config_setting_is_group(s))
			return refuse(l, s, "%s must be a group { }, not %s", path, type_name(s));
		if (k) {
			r = take(l, k, s, path, c);
		} else if (is_group) {
			strcat(path, ".");
			r = take_group(l, s, path, c);
		} else if (prefix_len == 0 && strcmp(path, "drives") == 0) {
			r = take_drives(l, s, c);
		} else if (prefix_len == 0 && strcmp(path, "functions") == 0) {
			r = take_functions(l, s, c);
		} else {
			r = refuse(l, s, "unknown key \"%s\"", path);
		}
		if (r < 0)
			return r;
	}
	return 0;
}

/* What no single key can tell. */
static int check_whole(struct load *l, const config_t *cfg, const struct config *c)
{
	const config_setting_t *s = config_lookup(cfg, "control");
	const char *fifo = c->control.fifo, *sock = c->control.socket, *status = c->control.status;

	/* The defaults differ, so there is a control group when two are equal. */
	if (s &&
		(strcmp(fifo, sock) == 0 || strcmp(fifo, status) == 0 || strcmp(sock, status) == 0))
		return refuse(l, s, "control.fifo, control.socket and control.status must differ");
	s = config_lookup(cfg, "burned.blank");
	if (s && c->burned.blank && c->behaviour.eject_brings_next)
		return refuse(l, s,
			"burned.blank and behaviour.eject_brings_next must not both be true: each "
			"says "
			"what follows a disc that the host ejects");
	return 0;
}

int config_load(const char *path, struct config *c, char *why, size_t size)
{
	struct load l = {path, why, size};
	struct stat st;
	config_t cfg;
	FILE *file;
	int r = 0;

	config_defaults(c);
	file = fopen(path, "re");
	/* libconfig's scanner ends the process when it cannot read. */
	if (!file || (fstat(fileno(file), &st) == 0 && S_ISDIR(st.st_mode))) {
		r = file ? -EISDIR : -errno;
		if (file)
			fclose(file);
		snprintf(why, size, "%s: %s", path, strerror(-r));
		return r;
	}
	config_init(&cfg);
	if (config_read(&cfg, file) != CONFIG_TRUE) {
		const char *name = config_error_file(&cfg);

		snprintf(why, size, "%s:%d: %s", name ? name : path, config_error_line(&cfg),
			config_error_text(&cfg));
		r = -EINVAL;
	}
	if (r == 0)
		r = take_group(&l, config_root_setting(&cfg), "", c);
	if (r == 0)
		r = check_whole(&l, &cfg, c);
	config_destroy(&cfg);
	fclose(file);
	return r;
}

void config_each_key(void (*fn)(const char *key, void *ctx), void *ctx)
{
	char path[64];

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		fn(keys[i].path, ctx);
	for (size_t i = 0; i < ARRAY_LEN(drive_keys); i++) {
		snprintf(path, sizeof(path), "drives[].%s", drive_keys[i].path);
		fn(path, ctx);
	}
	for (size_t i = 0; i < ARRAY_LEN(function_keys); i++) {
		snprintf(path, sizeof(path), "functions[].%s", function_keys[i].path);
		fn(path, ctx);
	}
}
