// SPDX-License-Identifier: GPL-2.0-or-later
#include "library/portable.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "util/array.h"
#include "util/utf8.h"

#define NAME_UNITS 255u /* of UTF-16, in a name of FAT, exFAT and NTFS */

/* Returns the bytes of the number that follows COM and LPT: 0 to 9, or superscript 1 to 3. */
static size_t port_number(const char *p)
{
	if (*p >= '0' && *p <= '9')
		return 1;
	return p[0] == '\xc2' && (p[1] == '\xb9' || p[1] == '\xb2' || p[1] == '\xb3') ? 2 : 0;
}

size_t portable_device(const char *name)
{
	static const char *const device[] = {
		"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$", "COM", "LPT"};
	const char *end;
	size_t n, number;

	for (size_t i = 0; i < ARRAY_LEN(device); i++) {
		n = strlen(device[i]);
		if (strncasecmp(name, device[i], n) != 0)
			continue;
		if (i >= ARRAY_LEN(device) - 2) {
			number = port_number(name + n);
			if (number == 0)
				continue;
			n += number;
		}
		/* Windows ignores blanks before the suffix, and the suffix. */
		end = name + n;
		end += strspn(end, " ");
		if (*end == '\0' || *end == '.' || *end == ':')
			return n;
	}
	return 0;
}

/* Characters outside of the basic plane, four bytes of UTF-8, are two units. */
static size_t utf16_units(const char *name)
{
	size_t n = 0;

	for (; *name != '\0'; name++) {
		unsigned char c = (unsigned char)*name;

		n += c >= 0xf0 ? 2 : (c & 0xc0) != 0x80;
	}
	return n;
}

const char *portable_fault(const char *name)
{
	size_t n = strlen(name);

	if (portable_device(name) > 0)
		return "take it for a device";
	if (n > 0 && (name[n - 1] == '.' || name[n - 1] == ' '))
		return "cannot hold a dot or a blank at its end";
	if (strpbrk(name, "\\:*?\"<>|"))
		return "cannot hold \\ : * ? \" < > | in it";
	return utf16_units(name) > NAME_UNITS ? "cannot hold so long a name" : NULL;
}

/* True for characters that are special to paths, or that FAT and programs of hosts refuse. */
static bool is_reserved(uint32_t c)
{
	return c < 0x80 && strchr("/\\:*?\"<>|", (int)c) != NULL;
}

/*
 * "con" becomes "con_", and "NUL.x" becomes "NUL_.x": the rest of the name stays readable. If there
 * is no room for one more byte, the last character goes.
 */
static void avoid_device(char *name, size_t size)
{
	size_t n = portable_device(name), len = strlen(name);

	if (n == 0)
		return;
	if (len == size - 1) {
		len = utf8_fit(name, len - 1);
		name[len] = '\0';
	}
	/* If only a part of the device's name is left, it names no device. */
	if (len < n)
		return;
	memmove(name + n + 1, name + n, len - n + 1);
	name[n] = '_';
}

bool portable_name(const char *text, char *out, size_t size)
{
	const char *end = text + strlen(text);
	struct utf8_shown walk = {0};
	size_t n = 0, len;
	bool usable = false; /* has more than spaces, dots and underscores */
	uint32_t c = 0;

	for (const char *p = text; p < end; p += len) {
		if (utf8_judge(&walk, p, (size_t)(end - p), &len, &c) != UTF8_SHOW)
			continue;
		/* A name does not begin as a hidden file or an option, or with a space. */
		if (n == 0 && (c == '.' || c == ' ' || c == '-'))
			continue;
		if (n + len > size - 1)
			break;
		if (is_reserved(c))
			out[n++] = '_';
		else
			memcpy(out + n, p, len), n += len;
		usable |= !is_reserved(c) && c != '_' && c != ' ' && c != '.';
	}
	out[n] = '\0';
	avoid_device(out, size);
	n = strlen(out);
	while (n > 0 && (out[n - 1] == ' ' || out[n - 1] == '.'))
		n--;
	out[n] = '\0';
	return usable && n > 0;
}
