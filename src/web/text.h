/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts of the web: percent-encoding, forms, and names inside HTML and headers. Pure. */
#ifndef WEB_TEXT_H
#define WEB_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Bytes of a decoded name with its 0: a path inside the media folder. */
#define TEXT_NAME 4097u

/*
 * Decodes %XX; plus: a "+" is a space, as in forms. False if it is not the code of UTF-8 text
 * without control characters, empty, or too long: then out is "".
 */
bool text_decode(const char *in, size_t len, bool plus, char *out, size_t size);
/*
 * Finds the field of a form (application/x-www-form-urlencoded), and decodes it. False: it is not
 * there, empty, or not text.
 */
bool text_form(const char *form, size_t len, const char *field, char *out, size_t size);

/* Prints text so that it stays text inside of HTML, also inside of a quoted attribute. */
void text_html(FILE *out, const char *text);
/* Prints text percent-encoded for one part of a path: "/" is encoded, too. */
void text_encode(FILE *out, const char *text);
/*
 * Writes the value of Content-Disposition for a download of that name (RFC 6266): its last part,
 * as ASCII for old programs and whole for the others.
 */
void text_disposition(const char *name, char *out, size_t size);

#endif
