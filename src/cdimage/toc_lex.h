/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words of a .toc file of cdrdao: words, strings, braces; comments begin with "//". */
#ifndef CDIMAGE_TOC_LEX_H
#define CDIMAGE_TOC_LEX_H

#include "cdimage/reading.h"

#define TOC_STRING_MAX 512u

enum toc_token { TOC_END, TOC_WORD, TOC_STRING, TOC_OPEN, TOC_CLOSE };

struct toc_lex {
	struct reading *r;
	struct slice rest;
	enum toc_token token; /* the present one */
	struct slice word;    /* its text in the input; of a string, between the quotation marks */
};

/* Begins with the first token. */
void toc_lex_begin(struct toc_lex *l, struct reading *r);
/* Goes on to the next token. */
void toc_lex_next(struct toc_lex *l);
/* True if the present token is that word; goes on then. */
bool toc_lex_take(struct toc_lex *l, const char *word);
/*
 * Decodes the escapes of a string, "\"" and "\101", into out. A string without any is returned as
 * it is in the text. What does not fit is cut.
 */
struct slice toc_lex_string(struct slice s, char out[TOC_STRING_MAX]);

#endif
