// SPDX-License-Identifier: GPL-2.0-or-later
/* The parser of CDB conversations; script.h has the language. */
#include "lib/script_int.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"

struct script_alloc {
	struct script_alloc *next;
};

void *script_take(struct script_parser *p, size_t size)
{
	struct script_alloc *a = calloc(1, sizeof(*a) + size);

	if (!a)
		abort();
	a->next = p->s->allocs;
	p->s->allocs = a;
	return a + 1;
}

void script_complain(struct script_parser *p, const char *why)
{
	if (!p->why)
		p->why = why;
}

void script_stamp_bytes(uint32_t lba, uint8_t *to, uint32_t bytes)
{
	static const char hex[] = "0123456789abcdef";
	char row[] = "LBA ........ ..\n";

	for (unsigned n = 0; n < 8; n++)
		row[4 + n] = hex[lba >> (28 - 4 * n) & 15];
	for (uint32_t i = 0; i < bytes; i += 16) {
		memcpy(to + i, row, MIN(16u, bytes - i));
		if (bytes - i >= 16) {
			to[i + 13] = (uint8_t)hex[i >> 8 & 15];
			to[i + 14] = (uint8_t)hex[i >> 4 & 15];
		}
	}
}

void script_stamp(uint32_t lba, uint8_t block[MEDIA_BLOCK])
{
	script_stamp_bytes(lba, block, MEDIA_BLOCK);
}

struct mmc_config script_default_config(void)
{
	return (struct mmc_config){
		.vendor = "MMCGADGT", .product = "DVD BURNER", .revision = "0.1 "};
}

/* ---- words ----------------------------------------------------------------------------------- */

const char *script_word(struct script_parser *p, const char **at)
{
	size_t n = 0;

	*at += strspn(*at, " \t");
	if (!**at)
		return NULL;
	if (**at == '\'') { /* 'ASCII text' is one word, quotes included */
		const char *end = strchr(*at + 1, '\'');

		n = end ? (size_t)(end - *at) + 1 : strlen(*at);
	} else {
		n = strcspn(*at, " \t");
	}
	snprintf(p->word, sizeof(p->word), "%.*s", (int)n, *at);
	*at += n;
	return p->word;
}

static bool parse_number(const char *w, uint32_t *out)
{
	char *end;

	errno = 0;
	unsigned long long v = strtoull(w, &end, 10);
	if (!isdigit((unsigned char)*w) || *end || errno || v > UINT32_MAX)
		return false;
	*out = (uint32_t)v;
	return true;
}

uint32_t script_number(struct script_parser *p, const char *w)
{
	uint32_t v = 0;

	if (!w || !parse_number(w, &v))
		script_complain(p, "a decimal number is expected");
	return v;
}

const char *script_value(const char *w, const char *key)
{
	size_t n = strlen(key);

	return strncmp(w, key, n) == 0 && w[n] == '=' ? w + n + 1 : NULL;
}

static int nibble(char c)
{
	const char *hex = "0123456789abcdef", *at = strchr(hex, tolower((unsigned char)c));

	return c && at ? (int)(at - hex) : -1;
}

bool script_byte(const char *w, uint8_t *value, uint8_t *mask)
{
	*value = *mask = 0;
	for (unsigned i = 0; i < 2; i++) {
		unsigned shift = i ? 0 : 4;

		if (w[i] == '.')
			continue;
		if (nibble(w[i]) < 0)
			return false;
		*value |= (uint8_t)(nibble(w[i]) << shift);
		*mask |= (uint8_t)(15 << shift);
	}
	if (w[2] == '&' && nibble(w[3]) >= 0 && nibble(w[4]) >= 0 && !w[5]) {
		*mask = (uint8_t)(nibble(w[3]) << 4 | nibble(w[4]));
		return true;
	}
	return !w[2];
}

struct bytes {
	uint8_t value[SCRIPT_MAX_DATA], mask[SCRIPT_MAX_DATA];
	uint32_t len;
};

static void add_byte(
	struct script_parser *p, struct bytes *b, uint8_t value, uint8_t mask, uint32_t times)
{
	if (times > SCRIPT_MAX_DATA - b->len) {
		script_complain(p, "more data than one command takes");
		return;
	}
	memset(b->value + b->len, value, times);
	memset(b->mask + b->len, mask, times);
	b->len += times;
}

/* Appends all bytes so far, that many times. */
static void add_again(struct script_parser *p, struct bytes *b, uint32_t times)
{
	uint32_t len = b->len;

	if ((uint64_t)len * times > SCRIPT_MAX_DATA - len) {
		script_complain(p, "more data than one command takes");
		return;
	}
	for (; times; times--, b->len += len) {
		memcpy(b->value + b->len, b->value, len);
		memcpy(b->mask + b->len, b->mask, len);
	}
}

/* Appends one word of bytes: BYTE, BYTE*N, zero*N, again*N, 'text'. */
static void add_bytes(struct script_parser *p, struct bytes *b, char *w)
{
	char *star = strchr(w, '*');
	uint32_t times = star ? script_number(p, star + 1) : 1;
	uint8_t value, mask;

	if (*w == '\'') {
		size_t n = strlen(w);

		if (n < 2 || w[n - 1] != '\'')
			script_complain(p, "text without its closing quote");
		for (size_t i = 1; i + 1 < n; i++)
			add_byte(p, b, (uint8_t)w[i], 0xff, 1);
		return;
	}
	if (star)
		*star = '\0';
	if (strcmp(w, "zero") == 0)
		add_byte(p, b, 0, 0xff, times);
	else if (strcmp(w, "again") == 0)
		add_again(p, b, times);
	else if (script_byte(w, &value, &mask))
		add_byte(p, b, value, mask, times);
	else
		script_complain(p, "a byte is two hexadecimal digits");
}

/* Parses "block LBA*N". False: the word is not "block". */
static bool parse_blocks(struct script_parser *p, const char **at, uint32_t *lba, uint32_t *count)
{
	const char *save = *at, *w = script_word(p, at);

	if (!w || strcmp(w, "block") != 0) {
		*at = save;
		return false;
	}
	w = script_word(p, at);
	char *star = w ? strchr(p->word, '*') : NULL;
	if (star)
		*star = '\0';
	*count = star ? script_number(p, star + 1) : 1;
	*lba = script_number(p, w);
	if (*count > SCRIPT_MAX_DATA / MEDIA_BLOCK)
		script_complain(p, "more blocks than one command takes");
	return true;
}

/* ---- commands -------------------------------------------------------------------------------- */

struct script_step *script_add(struct script_parser *p, enum script_kind kind)
{
	struct script_step *step = script_take(p, sizeof(*step));

	if (!p->last && kind != SCRIPT_MEDIA && kind != SCRIPT_FAULT)
		script_complain(p, "the first step is a media line");
	step->kind = kind;
	step->line = p->line;
	step->times = p->repeat ? p->repeat : 1;
	p->repeat = 0;
	if (p->last)
		p->last->next = step;
	else
		p->s->steps = step;
	p->last = step;
	p->command = NULL;
	return step;
}

static uint8_t *copy(struct script_parser *p, const uint8_t *data, uint32_t len)
{
	uint8_t *out = script_take(p, len);

	return memcpy(out, data, len);
}

/* Returns the empty buffer for the bytes of a line; it is too large for each step to have one. */
static struct bytes *line_buffer(struct script_parser *p)
{
	if (!p->bytes)
		p->bytes = script_take(p, sizeof(*p->bytes));
	p->bytes->len = 0;
	return p->bytes;
}

static void parse_out(struct script_parser *p, struct script_step *step, const char *at)
{
	struct bytes *b = line_buffer(p);
	uint32_t lba, count = 0;
	const char *w;

	step->dir = MMC_DIR_OUT;
	if (parse_blocks(p, &at, &lba, &count) && !p->why) {
		b->len = count * MEDIA_BLOCK;
		for (uint32_t i = 0; i < count; i++)
			script_stamp(lba + i, b->value + (size_t)i * MEDIA_BLOCK);
	}
	while ((w = script_word(p, &at)))
		add_bytes(p, b, p->word);
	step->len = b->len;
	step->out = copy(p, b->value, b->len);
}

static void parse_command(struct script_parser *p, const char *at)
{
	struct script_step *step = script_add(p, SCRIPT_COMMAND);
	const char *w, *v;

	p->command = step;
	p->golden_at = 0;
	for (;;) {
		at += strspn(at, " \t");
		if ((v = script_value(at, "out"))) {
			parse_out(p, step, v);
			break;
		}
		w = script_word(p, &at);
		if (!w)
			break;
		uint8_t mask;
		if ((v = script_value(w, "in"))) {
			step->dir = MMC_DIR_IN;
			step->len = script_number(p, v);
			if (step->len > SCRIPT_MAX_DATA)
				script_complain(p, "more data than one command takes");
		} else if (step->cdb_len == sizeof(step->cdb)) {
			script_complain(p, "a CDB has at most 16 bytes");
		} else if (!script_byte(w, &step->cdb[step->cdb_len++], &mask) || mask != 0xff) {
			script_complain(p, "the CDB is hexadecimal bytes, then in=N or out=DATA");
		}
	}
	if (step->cdb_len == 0)
		script_complain(p, "a command without a CDB");
}

/* Parses "5/21/02". */
static bool parse_sense(const char *w, mmc_sense_t *out)
{
	unsigned key, asc, ascq;
	char end;

	if (sscanf(w, "%1x/%2x/%2x%c", &key, &asc, &ascq, &end) != 3)
		return false;
	*out = key << 16 | asc << 8 | ascq;
	return true;
}

static void parse_check(struct script_parser *p, const char *at)
{
	struct script_step *c = p->command;
	const char *w, *v;

	if (c->senses)
		script_complain(p, "one ! line a command; alternatives are separated by |");
	while ((w = script_word(p, &at))) {
		if (strcmp(w, "|") == 0)
			continue;
		if ((v = script_value(w, "info"))) {
			c->has_info = true;
			c->info = script_number(p, v);
		} else if (c->senses == SCRIPT_MAX_SENSE ||
			   !parse_sense(w, &c->sense[c->senses++])) {
			script_complain(p, "sense is KEY/ASC/ASCQ");
		}
	}
	if (c->senses == 0)
		script_complain(p, "a ! line without sense");
}

static void parse_golden(struct script_parser *p, uint32_t from, const char *at)
{
	struct script_step *c = p->command;
	struct bytes *b;
	const char *w;

	if (c->dir != MMC_DIR_IN)
		script_complain(p, "an answer is expected of a command without in=N");
	if (parse_blocks(p, &at, &c->block, &c->blocks)) {
		c->has_blocks = true;
		return;
	}
	b = line_buffer(p);
	while ((w = script_word(p, &at)))
		add_bytes(p, b, p->word);
	struct script_golden *g = script_take(p, sizeof(*g));
	*g = (struct script_golden){.next = c->golden,
		.at = from,
		.len = b->len,
		.value = copy(p, b->value, b->len),
		.mask = copy(p, b->mask, b->len)};
	c->golden = g;
	p->golden_at = from + b->len;
	if (p->golden_at > c->len)
		script_complain(p, "more golden bytes than the buffer of the command holds");
}

static void parse_expectation(struct script_parser *p, char what, const char *at)
{
	char *end;

	if (!p->command) {
		script_complain(p, "an expectation needs a command above it");
		return;
	}
	if (what == '!') {
		parse_check(p, at);
	} else if (what == '@') {
		unsigned long from = strtoul(at, &end, 10);

		if (end == at || from > SCRIPT_MAX_DATA)
			script_complain(p, "@N: the number of a byte");
		else
			parse_golden(p, (uint32_t)from, end);
	} else if (*at == '=') {
		at++;
		p->command->has_moved = true;
		p->command->moved = script_number(p, script_word(p, &at));
	} else {
		parse_golden(p, p->golden_at, at);
	}
}

/* ---- lines ----------------------------------------------------------------------------------- */

static void parse_line(struct script_parser *p, char *line)
{
	char *comment = strchr(line, '#');

	if (comment)
		*comment = '\0';
	line += strspn(line, " \t\r");
	for (size_t n = strlen(line); n > 0 && isspace((unsigned char)line[n - 1]); n--)
		line[n - 1] = '\0';
	switch (*line) {
	case '\0':
		return;
	case '>':
		parse_command(p, line + 1);
		return;
	case '!':
	case '<':
	case '@':
		parse_expectation(p, *line, line + 1);
		return;
	}
	script_parse_verb(p, line);
}

static char *duplicate(struct script_parser *p, const char *from, size_t len)
{
	char *out = script_take(p, len + 1);

	return memcpy(out, from, len);
}

const char *script_copy(struct script_parser *p, const char *word)
{
	return duplicate(p, word, strlen(word));
}

static void parse_text(struct script_parser *p, const char *text)
{
	size_t len = strcspn(text, "\n");

	if (*text != '#')
		script_complain(p, "the first line is a comment: what the script is about");
	else
		p->s->title = duplicate(
			p, text + 1 + strspn(text + 1, " "), len - 1 - strspn(text + 1, " "));
	while (*text && !p->why) {
		len = strcspn(text, "\n");
		p->line++;
		parse_line(p, duplicate(p, text, len));
		text += len + (text[len] == '\n');
	}
	if (!p->why && p->repeat)
		script_complain(p, "repeat without a command");
}

static char *name_of(struct script_parser *p, const char *path)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	const char *dot = strrchr(base, '.');

	return duplicate(p, base, dot ? (size_t)(dot - base) : strlen(base));
}

struct script *script_parse(const char *name, const char *text, char *error, size_t error_size)
{
	struct script *s = calloc(1, sizeof(*s));
	struct script_parser p = {.s = s};

	if (!s)
		abort();
	s->config = script_default_config();
	s->executors = SCRIPT_ANY;
	s->name = name_of(&p, name);
	parse_text(&p, text);
	if (!p.why)
		return s;
	snprintf(error, error_size, "%s:%u: %s", name, p.line, p.why);
	script_free(s);
	return NULL;
}

struct script *script_load(const char *path, char *error, size_t error_size)
{
	FILE *f = fopen(path, "re");
	struct script *s = NULL;
	char *text = NULL;
	size_t size = 0;

	/* A script has no NUL, so this reads the whole file. */
	if (!f || (getdelim(&text, &size, '\0', f) < 0 && ferror(f)))
		snprintf(error, error_size, "%s: %s", path, strerror(errno));
	else
		s = script_parse(path, text ? text : "", error, error_size);
	if (f)
		fclose(f);
	free(text);
	return s;
}

void script_free(struct script *s)
{
	if (!s)
		return;
	while (s->allocs) {
		struct script_alloc *a = s->allocs;

		s->allocs = a->next;
		free(a);
	}
	free(s);
}
