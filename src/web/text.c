// SPDX-License-Identifier: GPL-2.0-or-later
#include "web/text.h"

#include <string.h>

#include "protocol/words.h"

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Takes one byte at *p. -1: what stands there is no code. */
static int take_byte(const char **p, const char *end, bool plus)
{
	int high, low;

	if (**p != '%') {
		char c = *(*p)++;

		return plus && c == '+' ? ' ' : (unsigned char)c;
	}
	if (end - *p < 3)
		return -1;
	high = digit((*p)[1]);
	low = digit((*p)[2]);
	*p += 3;
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

bool text_decode(const char *in, size_t len, bool plus, char *out, size_t size)
{
	const char *end = in + len;
	size_t n = 0;

	while (in < end) {
		int c = take_byte(&in, end, plus);

		if (c <= 0 || n + 1 >= size)
			goto bad;
		out[n++] = (char)c;
	}
	if (n == 0 || !words_text_ok(out, n))
		goto bad;
	out[n] = '\0';
	return true;
bad:
	out[0] = '\0';
	return false;
}

bool text_form(const char *form, size_t len, const char *field, char *out, size_t size)
{
	const char *end = form + len;
	size_t n = strlen(field);

	out[0] = '\0';
	while (form < end) {
		const char *stop = memchr(form, '&', (size_t)(end - form));

		stop = stop ? stop : end;
		if ((size_t)(stop - form) > n && memcmp(form, field, n) == 0 && form[n] == '=')
			return text_decode(
				form + n + 1, (size_t)(stop - form) - n - 1, true, out, size);
		form = stop + 1;
	}
	return false;
}

void text_html(FILE *out, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		case '\'':
			fputs("&#39;", out);
			break;
		default:
			putc(*text, out);
		}
	}
}

static bool is_plain(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c != '\0' && strchr("-._~", c));
}

void text_encode(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (is_plain(*text))
			putc(*text, out);
		else
			fprintf(out, "%%%02X", (unsigned char)*text);
	}
}

void text_disposition(const char *name, char *out, size_t size)
{
	const char *last = strrchr(name, '/');
	FILE *f = fmemopen(out, size, "w");

	out[0] = '\0';
	if (!f)
		return;
	name = last && last[1] ? last + 1 : name;
	fputs("attachment; filename=\"", f);
	for (const char *p = name; *p; p++)
		putc(is_plain(*p) || *p == ' ' ? *p : '_', f);
	fputs("\"; filename*=UTF-8''", f);
	text_encode(f, name);
	fclose(f);
	out[size - 1] = '\0';
}
