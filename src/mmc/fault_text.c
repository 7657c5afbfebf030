// SPDX-License-Identifier: GPL-2.0-or-later
/* Faults as lines of text. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mmc/fault.h"
#include "mmc/sense.h"
#include "util/array.h"

#define FAULT_LINE_MAX  256u /* bytes of a line, comment included */
#define FAULT_WORDS_MAX 24u

#define SENSE_UNCORRECTABLE  SENSE(0x3, 0x11, 0x05)
#define SENSE_BECOMING_READY SENSE(0x2, 0x04, 0x01)

#define MS_MOST      3600000u
#define RATE_MOST    1000000u
#define COUNT_MOST   1000000000u
#define SECONDS_MOST 86400u

const char mmc_fault_help[] =
	"read-error BLOCK[-LAST]   these blocks cannot be read: 3/11/05\n"
	"write-error BLOCK[-LAST]  these blocks cannot be written: 3/0C/00\n"
	"slow N ms                 commands that move blocks take so much longer\n"
	"rate N kB/s               they are no faster than that\n"
	"not-ready                 commands that need the disc are answered 2/04/01\n"
	"vanish                    at the next such command the disc is gone\n"
	"sense K/ASC/ASCQ op XX    the command is answered so, and not carried out\n"
	"Behind these, in any order:\n"
	"op XX                     only commands with this operation code, in hexadecimal\n"
	"after N                   N such commands are let through before\n"
	"times N                   it strikes N times, then never again\n"
	"nth N                     as: after N-1 times 1\n"
	"for N s                   it ends after that time\n"
	"sense K/ASC/ASCQ          another answer of read-error, write-error and not-ready\n"
	"# begins a comment.";

static const struct {
	const char *name;
	mmc_sense_t sense; /* if the line names none */
	bool blocks;       /* blocks follow */
	const char *unit;  /* a number of these follows; NULL: none */
	uint32_t most;     /* of that number */
} kinds[] = {
	[MMC_FAULT_READ] = {"read-error", SENSE_UNCORRECTABLE, true, NULL, 0},
	[MMC_FAULT_WRITE] = {"write-error", SENSE_WRITE_ERROR, true, NULL, 0},
	[MMC_FAULT_SLOW] = {"slow", 0, false, "ms", MS_MOST},
	[MMC_FAULT_RATE] = {"rate", 0, false, "kB/s", RATE_MOST},
	[MMC_FAULT_NOT_READY] = {"not-ready", SENSE_BECOMING_READY, false, NULL, 0},
	[MMC_FAULT_VANISH] = {"vanish", 0, false, NULL, 0},
	[MMC_FAULT_SENSE] = {"sense", 0, false, NULL, 0},
};

/* A line as it is being parsed. */
struct parse {
	char text[FAULT_LINE_MAX];
	char *word[FAULT_WORDS_MAX + 1]; /* ends with NULL */
	unsigned at;                     /* the next word */
	char *why;
	size_t size;
};

/* Says what is wrong. Returns false. */
__attribute__((format(printf, 2, 3))) static bool wrong(struct parse *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(p->why, p->size, fmt, ap);
	va_end(ap);
	return false;
}

/* The next word, or one that says that there is none. */
static const char *shown(const struct parse *p)
{
	return p->word[p->at] ? p->word[p->at] : "the end of the line";
}

static bool split(struct parse *p, const char *line)
{
	size_t len = strcspn(line, "#;\r\n");
	unsigned n = 0;
	char *rest = p->text, *word;

	if (len >= sizeof(p->text))
		return wrong(p, "the line is too long, it can have %u bytes", FAULT_LINE_MAX - 1);
	memcpy(p->text, line, len);
	p->text[len] = '\0';
	while ((word = strsep(&rest, " \t")) != NULL) {
		if (*word == '\0')
			continue;
		if (n == FAULT_WORDS_MAX)
			return wrong(p, "the line has too many words");
		p->word[n++] = word;
	}
	p->word[n] = NULL;
	return true;
}

/* A decimal number of 32 bits at the beginning of text; *end is what follows. */
static bool number(const char *text, uint32_t *out, const char **end)
{
	char *stop;
	unsigned long long n;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	n = strtoull(text, &stop, 10);
	*end = stop;
	*out = (uint32_t)n;
	return errno == 0 && n <= UINT32_MAX;
}

/* Takes a number from 1 (or least) to most, with its unit: "200 ms" or "200ms"; unit "": none. */
static bool take_amount(struct parse *p, const char *what, uint32_t least, uint32_t most,
	const char *unit, uint32_t *out)
{
	const char *word = p->word[p->at], *rest = NULL;
	const char *gap = *unit ? " " : "";

	if (!word || !number(word, out, &rest) || *out < least || *out > most)
		return wrong(p,
			"%s takes a number from %" PRIu32 " to %" PRIu32 "%s%s, not \"%.40s\"",
			what, least, most, gap, unit, shown(p));
	p->at++;
	if (*rest == '\0' && *unit)
		rest = p->word[p->at] ? p->word[p->at++] : "";
	return strcmp(rest, unit) == 0 || wrong(p, "%s: after the number stands %s, not \"%.40s\"",
						  what, *unit ? unit : "nothing", rest);
}

/* Takes BLOCK or BLOCK-LAST. */
static bool take_blocks(struct parse *p, const char *what, struct mmc_fault *f)
{
	const char *word = p->word[p->at], *rest = NULL;

	if (!word || !number(word, &f->first, &rest))
		return wrong(p, "%s takes BLOCK or BLOCK-LAST, in decimal, not \"%.40s\"", what,
			shown(p));
	f->last = f->first;
	if (*rest == '-' && !number(rest + 1, &f->last, &rest))
		rest = "-";
	if (*rest != '\0')
		return wrong(
			p, "%s takes BLOCK or BLOCK-LAST, in decimal, not \"%.40s\"", what, word);
	if (f->last < f->first)
		return wrong(
			p, "%s: the last block, %" PRIu32 ", is before the first", what, f->last);
	p->at++;
	return true;
}

/* One or two hexadecimal digits, and then the character `then`. Returns what follows, or NULL. */
static const char *hex(const char *text, uint32_t most, char then, uint32_t *out)
{
	size_t n = text ? strspn(text, "0123456789abcdefABCDEF") : 0;

	if (n < 1 || n > 2 || text[n] != then)
		return NULL;
	*out = (uint32_t)strtoul(text, NULL, 16);
	return *out <= most ? text + n + (then != '\0') : NULL;
}

static bool take_sense(struct parse *p, mmc_sense_t *sense)
{
	uint32_t key, asc, ascq;
	const char *s = hex(p->word[p->at], 0xf, '/', &key);

	s = s ? hex(s, 0xff, '/', &asc) : NULL;
	s = s ? hex(s, 0xff, '\0', &ascq) : NULL;
	if (!s || key == 0)
		return wrong(p,
			"a sense is key/ASC/ASCQ in hexadecimal, such as 3/0c/00, not \"%.40s\"",
			shown(p));
	*sense = SENSE(key, asc, ascq);
	p->at++;
	return true;
}

static bool take_op(struct parse *p, struct mmc_fault *f)
{
	enum { REQUEST_SENSE = 0x03 };
	uint32_t op;

	if (!hex(p->word[p->at], 0xff, '\0', &op))
		return wrong(p,
			"op takes an operation code in hexadecimal, such as 2a, not \"%.40s\"",
			shown(p));
	if (op == REQUEST_SENSE)
		return wrong(p, "op 03 cannot have a fault: REQUEST SENSE reports the others");
	f->has_op = true;
	f->op = (uint8_t)op;
	p->at++;
	return true;
}

/* The options that a line has had so far. */
struct said {
	bool op, after, times, seconds, sense;
};

/* Takes one option. False: it is wrong. */
static bool take_option(struct parse *p, struct mmc_fault *f, struct said *said)
{
	const char *name = p->word[p->at];
	bool nth = strcmp(name, "nth") == 0;
	const struct {
		const char *name;
		bool *said;
	} options[] = {{"op", &said->op}, {"after", &said->after}, {"nth", &said->after},
		{"nth", &said->times}, {"times", &said->times}, {"for", &said->seconds},
		{"sense", &said->sense}};
	bool known = false;

	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		if (strcmp(options[i].name, name) != 0)
			continue;
		if (*options[i].said)
			return wrong(p, "\"%s\" is there twice, or contradicts another word", name);
		*options[i].said = known = true;
	}
	if (!known)
		return wrong(p, "what is \"%.40s\"? It can be op, after, times, nth, for or sense",
			name);
	p->at++;
	if (nth && !take_amount(p, name, 1, COUNT_MOST, "", &f->after))
		return false;
	if (nth) {
		f->after--;
		f->times = 1;
		return true;
	}
	switch (name[0]) {
	case 'o':
		return take_op(p, f);
	case 'a':
		return take_amount(p, name, 0, COUNT_MOST, "", &f->after);
	case 't':
		return take_amount(p, name, 1, COUNT_MOST, "", &f->times);
	case 'f':
		return take_amount(p, name, 1, SECONDS_MOST, "s", &f->seconds);
	default:
		return take_sense(p, &f->sense);
	}
}

/* Checks the options that need or exclude each other. */
static bool check(struct parse *p, const struct mmc_fault *f, const struct said *said)
{
	const char *name = kinds[f->kind].name;

	if (f->kind == MMC_FAULT_SENSE && !f->has_op)
		return wrong(p, "sense needs \"op XX\": for which command? For example: %s",
			"sense 3/0c/00 op 2a nth 10");
	if (said->sense && !kinds[f->kind].sense && f->kind != MMC_FAULT_SENSE)
		return wrong(p, "%s has no sense: it changes no answer", name);
	if (said->after && kinds[f->kind].blocks)
		return wrong(p, "%s is for blocks: \"after\" and \"nth\" are not", name);
	return true;
}

static bool take_kind(struct parse *p, struct mmc_fault *f)
{
	const char *name = p->word[0];
	unsigned i = 0;

	while (i < ARRAY_LEN(kinds) && strcmp(kinds[i].name, name) != 0)
		i++;
	if (i == ARRAY_LEN(kinds))
		return wrong(p,
			"there is no fault \"%.40s\"; there are read-error, write-error, slow, "
			"rate, "
			"not-ready, vanish and sense",
			name);
	f->kind = (enum mmc_fault_kind)i;
	f->sense = kinds[i].sense;
	/* A disc that comes later should not be pulled out, too. */
	f->times = f->kind == MMC_FAULT_VANISH ? 1 : 0;
	p->at = 1;
	if (f->kind == MMC_FAULT_SENSE)
		return take_sense(p, &f->sense);
	if (kinds[i].unit)
		return take_amount(p, name, 1, kinds[i].most, kinds[i].unit, &f->amount);
	return !kinds[i].blocks || take_blocks(p, name, f);
}

int mmc_fault_parse(const char *line, struct mmc_fault *f, char *why, size_t size)
{
	struct parse p = {.why = why, .size = size};
	struct said said = {false};

	*f = (struct mmc_fault){0};
	if (!split(&p, line))
		return -1;
	if (!p.word[0])
		return 0;
	if (!take_kind(&p, f))
		return -1;
	said.sense = f->kind == MMC_FAULT_SENSE;
	while (p.word[p.at]) {
		if (!take_option(&p, f, &said))
			return -1;
	}
	return check(&p, f, &said) ? 1 : -1;
}

/*
 * The beginning of the next line, or NULL. A comment has the rest of its line; CR LF is one end of
 * a line, as Windows writes it.
 */
static const char *next_line(const char *text)
{
	text += strcspn(text, "#;\r\n");
	if (*text == '#')
		text += strcspn(text, "\r\n");
	if (*text == '\0')
		return NULL;
	return text + (text[0] == '\r' && text[1] == '\n' ? 2 : 1);
}

int mmc_faults_parse(const char *text, struct mmc_faults *all, char *why, size_t size)
{
	bool several = next_line(text) != NULL;
	unsigned count = all->count;

	for (unsigned line = 1; text; line++, text = next_line(text)) {
		char place[24] = "", fault[200];
		struct mmc_fault f;
		int r = mmc_fault_parse(text, &f, fault, sizeof(fault));

		if (r > 0 && count == MMC_FAULTS_MAX) {
			snprintf(fault, sizeof(fault),
				"a drive can have %u faults; \"clear\" ends all", MMC_FAULTS_MAX);
			r = -1;
		}
		if (several)
			snprintf(place, sizeof(place), "line %u: ", line);
		if (r < 0) {
			snprintf(why, size, "%s%s", place, fault);
			return -1;
		}
		if (r > 0)
			all->fault[count++] = f;
	}
	all->count = count;
	return 0;
}

/* Appends to out. */
__attribute__((format(printf, 2, 3))) static void put(
	char out[MMC_FAULT_LINE], const char *fmt, ...)
{
	size_t n = strlen(out);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(out + n, MMC_FAULT_LINE - n, fmt, ap);
	va_end(ap);
}

const char *mmc_fault_print(const struct mmc_fault *f, char out[MMC_FAULT_LINE])
{
	mmc_sense_t s = f->sense;

	out[0] = '\0';
	put(out, "%s", kinds[f->kind].name);
	if (kinds[f->kind].blocks)
		put(out, " %" PRIu32, f->first);
	if (f->last > f->first)
		put(out, "-%" PRIu32, f->last);
	if (kinds[f->kind].unit)
		put(out, " %" PRIu32 " %s", f->amount, kinds[f->kind].unit);
	if (s != kinds[f->kind].sense && f->kind != MMC_FAULT_SENSE)
		put(out, " sense");
	if (s != kinds[f->kind].sense)
		put(out, " %x/%02x/%02x", (unsigned)(s >> 16 & 0xf), (unsigned)(s >> 8 & 0xff),
			(unsigned)(s & 0xff));
	if (f->has_op)
		put(out, " op %02x", f->op);
	if (f->after)
		put(out, " after %" PRIu32, f->after);
	if (f->times && !(f->kind == MMC_FAULT_VANISH && f->times == 1))
		put(out, " times %" PRIu32, f->times);
	if (f->seconds)
		put(out, " for %" PRIu32 " s", f->seconds);
	return out;
}
