/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to the parser of CDB conversations: script.c and script_verbs.c. */
#ifndef TEST_LIB_SCRIPT_INT_H
#define TEST_LIB_SCRIPT_INT_H

#include "lib/script.h"

struct script_parser {
	struct script *s;
	struct script_step *last;    /* of the list */
	struct script_step *command; /* the command that expectations belong to */
	uint32_t golden_at;
	struct bytes *bytes; /* of the current line */
	unsigned line, repeat;
	const char *why; /* first error */
	char word[128];
};

/* Allocates zeroed memory that script_free() frees. */
void *script_take(struct script_parser *p, size_t size);
/* Records the first error. */
void script_complain(struct script_parser *p, const char *why);
/* Takes the next word of the line; NULL at its end. */
const char *script_word(struct script_parser *p, const char **at);
/* A copy of a word that lives as long as the script. */
const char *script_copy(struct script_parser *p, const char *word);
uint32_t script_number(struct script_parser *p, const char *w);
/* The value of "KEY=VALUE", or NULL. */
const char *script_value(const char *w, const char *key);
/* Parses "2a", "..", ".7", "4." or "01&03". */
bool script_byte(const char *w, uint8_t *value, uint8_t *mask);
struct script_step *script_add(struct script_parser *p, enum script_kind kind);
/* Parses a line that is neither a command nor an expectation. */
void script_parse_verb(struct script_parser *p, const char *at);

#endif
