// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/config.h"

#include <errno.h>
#include <libconfig.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/config_keys.h"
#include "daemon/config_syntax.h"
#include "util/array.h"
#include "util/distance.h"

/* The file that is being read, and where the reason for a failure goes. */
struct load {
	const char *path;
	char *why;
	size_t size;
};

/* Gives the gadget's configuration the names of the drives. */
static void name_drives(struct config *c)
{
	c->usb.drives = c->drives;
	for (unsigned i = 0; i < c->drives; i++)
		strcpy(c->usb.drive[i], c->drive[i].name);
}

static void drive_defaults(struct config_drive *d, unsigned place)
{
	memset(d, 0, sizeof(*d));
	key_set_defaults(&config_drive_keys, d);
	snprintf(d->name, sizeof(d->name), "drive%u", place);
}

void config_defaults(struct config *c)
{
	memset(c, 0, sizeof(*c));
	key_set_defaults(&config_keys, c);
	drive_defaults(&c->drive[0], 0);
	c->drives = 1;
	name_drives(c);
}

/* Writes "FILE:LINE: message" of the setting to l->why. Returns -EINVAL. */
__attribute__((format(printf, 3, 4))) static int refuse(
	struct load *l, const config_setting_t *s, const char *fmt, ...)
{
	/* Only a setting of an included file has a file name. */
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

/* Returns true if the key can have that text; otherwise fault says why not, after the key's name.
 */
static bool text_fits(const struct key *k, const char *value, char *fault, size_t size)
{
	const char *wrong = k->check ? k->check(value) : NULL;
	size_t n = strlen(value);

	if (n > (size_t)k->max)
		snprintf(fault, size, " has %zu bytes, at most %d are allowed", n, k->max);
	else if (n < (size_t)k->min)
		snprintf(fault, size, " must not be %s", n == 0 ? "empty" : "that short");
	else if (wrong)
		snprintf(fault, size, ": %s", wrong);
	else
		return true;
	return false;
}

static int take_text(
	struct load *l, const struct key *k, const config_setting_t *s, const char *path, char *at)
{
	const char *value = config_setting_get_string(s);
	char fault[400];

	if (!value)
		return refuse(l, s, "%s must be a string, not %s", path, type_name(s));
	if (!text_fits(k, value, fault, sizeof(fault)))
		return refuse(l, s, "%s%s", path, fault);
	memcpy(at, value, strlen(value) + 1);
	return 0;
}

/* Writes the valid values: "a" or "b" or "c". Returns out. */
static const char *choice_list(const struct key *k, const char *quote, char *out, size_t size)
{
	size_t n = 0;

	for (const struct choice *c = k->choices; c->text && n < size; c++)
		n += (size_t)snprintf(
			out + n, size - n, "%s%s%s%s", n > 0 ? " or " : "", quote, c->text, quote);
	return out;
}

static bool is_choice(const struct key *k, long long value)
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
	if (k->choices && !is_choice(k, value))
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

static int refuse_unknown_entry(
	struct load *l, const config_setting_t *s, const char *path, const struct key_list *known)
{
	struct nearest near;

	nearest_begin(&near, config_setting_name(s));
	for (size_t i = 0; i < known->count; i++)
		nearest_try(&near, known->key[i].path);
	if (near.word)
		return refuse(l, s, "unknown key \"%s\"; did you mean \"%s\"?", path, near.word);
	return refuse(l, s, "unknown key \"%s\"", path);
}

/* Takes over the keys of entry number place of a list. */
static int take_entry(struct load *l, const config_setting_t *group, const char *list,
	unsigned place, const struct key_list *known, void *base)
{
	const config_setting_t *s;
	const struct key *k;
	char path[64];
	int r;

	if (!config_setting_is_group(group))
		return refuse(l, group, "%s[%u] must be a group { }, not %s", list, place,
			type_name(group));
	for (unsigned i = 0; (s = config_setting_get_elem(group, i)) != NULL; i++) {
		k = key_find(known, config_setting_name(s));
		snprintf(path, sizeof(path), "%s[%u].%.40s", list, place, config_setting_name(s));
		if (!k)
			return refuse_unknown_entry(l, s, path, known);
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
	r = take_entry(l, group, "drives", place, &config_drive_keys, d);
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
	if (n < 1 || n > (int)DRIVE_MAX)
		return refuse(l, list, "drives has %d entries, it must have 1 to %u", n,
			(unsigned)DRIVE_MAX);
	for (c->drives = 0; c->drives < (unsigned)n; c->drives++) {
		r = take_drive(l, config_setting_get_elem(list, c->drives), c, c->drives);
		if (r < 0)
			return r;
	}
	name_drives(c);
	return 0;
}

static int take_function(
	struct load *l, const config_setting_t *group, struct usb_config *c, unsigned place)
{
	struct usb_function *f = &c->function[place];
	const config_setting_t *s;
	const char *key;
	char text[128];
	int r;

	key_set_defaults(&config_function_keys, f);
	r = take_entry(l, group, "functions", place, &config_function_keys, f);
	if (r < 0)
		return r;
	if (!config_setting_get_member(group, "type"))
		return refuse(l, group, "functions[%u] has no type, it must be %s", place,
			choice_list(
				key_find(&config_function_keys, "type"), "\"", text, sizeof(text)));
	if (functions_good(c->function, place, &key, text, sizeof(text)))
		return 0;
	s = config_setting_get_member(group, key);
	return refuse(l, s ? s : group, "functions[%u].%s %s", place, key, text);
}

static int take_functions(struct load *l, const config_setting_t *list, struct usb_config *c)
{
	int r, n = config_setting_length(list);

	if (!config_setting_is_list(list))
		return refuse(l, list, "functions must be a list ( ), not %s", type_name(list));
	if (n > (int)GADGET_MAX_CDC)
		return refuse(l, list, "functions has %d entries, it must have 0 to %u", n,
			(unsigned)GADGET_MAX_CDC);
	for (c->functions = 0; c->functions < (unsigned)n; c->functions++) {
		r = take_function(l, config_setting_get_elem(list, c->functions), c, c->functions);
		if (r < 0)
			return r;
	}
	return 0;
}

/* True if keys begin with path and a dot. */
static bool is_group_of_keys(const char *path)
{
	size_t n = strlen(path);

	for (size_t i = 0; i < config_keys.count; i++) {
		const char *key = config_keys.key[i].path;

		if (strncmp(key, path, n) == 0 && key[n] == '.')
			return true;
	}
	return false;
}

/*
 * Writes the name that was probably meant, among those of the group of that prefix ("gadget.", or
 * "" for the top level).
 */
static bool find_near(const char *prefix, const char *name, char out[64])
{
	static const char *const lists[] = {"drives", "functions"};
	size_t n = strlen(prefix);
	struct nearest near;
	char part[64];

	nearest_begin(&near, name);
	for (size_t i = 0; i < config_keys.count; i++) {
		const char *rest = config_keys.key[i].path + n;

		if (strncmp(config_keys.key[i].path, prefix, n) != 0)
			continue;
		snprintf(part, sizeof(part), "%.*s", (int)strcspn(rest, "."), rest);
		if (nearest_try(&near, part))
			strcpy(out, part);
	}
	for (size_t i = 0; n == 0 && i < ARRAY_LEN(lists); i++) {
		if (nearest_try(&near, lists[i]))
			strcpy(out, lists[i]);
	}
	return near.word;
}

/* Writes the key of a group or of a drive that was probably meant by a name at the top level. */
static bool find_near_below(const char *name, char out[128])
{
	struct nearest near;

	nearest_begin(&near, name);
	for (size_t i = 0; i < config_drive_keys.count; i++) {
		const char *key = config_drive_keys.key[i].path;

		if (nearest_try(&near, key))
			snprintf(out, 128, "drives = ( { %s = ...; } );", key);
	}
	for (size_t i = 0; i < config_keys.count; i++) {
		const char *key = config_keys.key[i].path, *dot = strchr(key, '.');

		if (dot && nearest_try(&near, dot + 1))
			snprintf(out, 128, "%.*s: { %s = ...; };", (int)(dot - key), key, dot + 1);
	}
	return near.word;
}

static int refuse_far(
	struct load *l, const config_setting_t *s, const char *prefix, const char *path)
{
	char near[128];

	if (find_near(prefix, config_setting_name(s), near))
		return refuse(l, s, "unknown key \"%s\"; did you mean \"%s\"?", path, near);
	if (*prefix == '\0' && find_near_below(path, near))
		return refuse(l, s, "unknown key \"%s\"; did you mean this? %s", path, near);
	return refuse(l, s, "unknown key \"%s\"", path);
}

/*
 * A key that is outside of its group or of its list gets a hint. prefix: as in take_group().
 */
static int refuse_unknown(
	struct load *l, const config_setting_t *s, const char *prefix, const char *path)
{
	char of_drive[64] = "";

	if (key_find(&config_drive_keys, path))
		snprintf(of_drive, sizeof(of_drive), "drives = ( { %.32s = ...; } );", path);
	for (size_t i = 0; i < config_keys.count; i++) {
		const char *key = config_keys.key[i].path, *dot = strchr(key, '.');

		if (dot && strcmp(dot + 1, path) == 0)
			return refuse(l, s, "unknown key \"%s\"; write %s%s%.*s: { %s = ...; };",
				path, of_drive, *of_drive ? " or " : "", (int)(dot - key), key,
				path);
	}
	if (*of_drive)
		return refuse(l, s, "unknown key \"%s\"; write %s", path, of_drive);
	return refuse_far(l, s, prefix, path);
}

/*
 * Takes over every setting of the top level (prefix "") or of a group in it (prefix "gadget."
 * and so on).
 */
static int take_group(
	struct load *l, const config_setting_t *group, const char *prefix, struct config *c)
{
	const config_setting_t *s;
	const struct key *k;
	char path[128];
	bool is_group;
	int r;

	for (unsigned i = 0; (s = config_setting_get_elem(group, i)) != NULL; i++) {
		snprintf(path, sizeof(path), "%s%.64s", prefix, config_setting_name(s));
		k = key_find(&config_keys, path);
		is_group = is_group_of_keys(path);
		if (is_group && !config_setting_is_group(s))
			return refuse(l, s, "%s must be a group { }, not %s", path, type_name(s));
		if (k) {
			r = take(l, k, s, path, c);
		} else if (is_group) {
			strcat(path, ".");
			r = take_group(l, s, path, c);
		} else if (*prefix == '\0' && strcmp(path, "drives") == 0) {
			r = take_drives(l, s, c);
		} else if (*prefix == '\0' && strcmp(path, "functions") == 0) {
			r = take_functions(l, s, &c->usb);
		} else {
			r = refuse_unknown(l, s, prefix, path);
		}
		if (r < 0)
			return r;
	}
	return 0;
}

/* Checks what depends on more than one key. */
static int check_combinations(struct load *l, const config_t *cfg, const struct config *c)
{
	const config_setting_t *s = config_lookup(cfg, "control");
	const char *name[] = {
		c->control.fifo, c->control.socket, c->control.status, c->control.web};

	/* The defaults differ from each other: if two are equal, the file has a group control. */
	for (size_t i = 0; s && i < ARRAY_LEN(name); i++) {
		for (size_t k = 0; k < i; k++) {
			if (strcmp(name[i], name[k]) == 0)
				return refuse(l, s,
					"control.fifo, control.socket, control.status and "
					"control.web must differ");
		}
	}
	s = config_lookup(cfg, "burned.blank");
	if (s && c->burned.blank && c->behaviour.eject_brings_next)
		return refuse(l, s,
			"burned.blank and behaviour.eject_brings_next must not both be true: each "
			"says what follows a disc that the host ejects");
	for (size_t i = 0; i < config_alias_count; i++) {
		s = config_lookup(cfg, config_aliases[i].old);
		if (s && config_lookup(cfg, config_aliases[i].path))
			return refuse(l, s, "%s is an older name of %s; remove one of them",
				config_aliases[i].old, config_aliases[i].path);
	}
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
	/* libconfig's scanner ends the process if reading fails, as it does on a directory. */
	if (!file || (fstat(fileno(file), &st) == 0 && S_ISDIR(st.st_mode))) {
		r = file ? -EISDIR : -errno;
		if (file)
			fclose(file);
		snprintf(why, size, "%s: %s", path, strerror(-r));
		return r;
	}
	if (!config_skip_mark(file)) {
		fclose(file);
		snprintf(why, size, "%s:1: the file is UTF-16; save it as UTF-8", path);
		return -EINVAL;
	}
	config_init(&cfg);
	if (config_read(&cfg, file) != CONFIG_TRUE) {
		const char *name = config_error_file(&cfg);

		config_explain(name ? name : path, (unsigned)config_error_line(&cfg),
			config_error_text(&cfg), why, size);
		r = -EINVAL;
	}
	if (r == 0)
		r = take_group(&l, config_root_setting(&cfg), "", c);
	if (r == 0)
		r = check_combinations(&l, &cfg, c);
	config_destroy(&cfg);
	fclose(file);
	return r;
}

int config_override(struct config *c, const char *key, const char *value, char *why, size_t size)
{
	static const char drives[] = "drives[].";
	bool of_drives = strncmp(key, drives, strlen(drives)) == 0;
	const struct key *k = of_drives ? key_find(&config_drive_keys, key + strlen(drives))
					: key_find(&config_keys, key);
	char fault[400];

	if (!k || k->type != KEY_TEXT) {
		snprintf(why, size, "there is no text \"%s\" to set", key);
		return -EINVAL;
	}
	if (!text_fits(k, value, fault, sizeof(fault))) {
		snprintf(why, size, "%s%s", key, fault);
		return -EINVAL;
	}
	for (unsigned i = 0; i < (of_drives ? c->drives : 1u); i++)
		memcpy((of_drives ? (char *)&c->drive[i] : (char *)c) + k->offset, value,
			strlen(value) + 1);
	return 0;
}

void config_each_key(void (*fn)(const char *key, void *ctx), void *ctx)
{
	static const struct {
		const char *prefix;
		const struct key_list *keys;
	} lists[] = {{"", &config_keys}, {"drives[].", &config_drive_keys},
		{"functions[].", &config_function_keys}};
	char path[64];

	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		for (size_t j = 0; j < lists[i].keys->count; j++) {
			snprintf(path, sizeof(path), "%s%s", lists[i].prefix,
				lists[i].keys->key[j].path);
			fn(path, ctx);
		}
	}
}
