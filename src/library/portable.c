// SPDX-License-Identifier: GPL-2.0-or-later
#include "library/portable.h"

#include <string.h>
#include <strings.h>

#include "util/array.h"

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
