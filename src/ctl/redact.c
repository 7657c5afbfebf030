// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/redact.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "util/array.h"

#define BUCKETS 256u

struct name {
	struct name *next; /* in its bucket: the longest first */
	const char *what;
	size_t size;
	char text[];
};

/* Numbers and values that are replaced wherever they are. %1 is the first part in parentheses. */
static const struct {
	const char *pattern, *what;
	bool keep; /* keep the first part in parentheses */
} patterns[] = {
	{"([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}", "<mac>", false},
	{"(enx)[0-9a-f]{12}", "<mac>", true}, /* the name of an interface */
	{"[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}", "<uuid>", false},
	{"[0-9]{1,3}[.][0-9]{1,3}[.][0-9]{1,3}[.][0-9]{1,3}", "<address>", false},
	{"(/home/)[^/ \t\"']+", "<user>", true},
	{"(serial(number)? *[=:] *\"?)[^\" ;]+", "<serial>", true},
	{"(SerialNumber: *)[^ ]+", "<serial>", true},
	{"(image *= *\")[^\"]+", "<image>", true},
};

/*
 * The beginning of a line of the log after which the name of an image follows: what happened to it
 * is not personal.
 */
static const char said[] =
	"^([^]]*[]]: )?([^: ]+: )?"
	"(the host (ejected|loaded) |inserted |ejected |closed |removed |renamed |deleted |erased |"
	"burning to |(burning|a test burns) track [0-9]+ [(](audio|data)[)] of |session [0-9]+ of |"
	"the cue sheet of |the image |extracted .* from )";
/* And what follows the name, if its suffix does not tell where it ends. */
static const char *const tails[] = {" (", " begins", " again", " is closed, ", " is removed, ",
	" cannot be ", ", which was ", " to ", " with its "};

struct redact {
	struct name *bucket[BUCKETS];
	regex_t regex[ARRAY_LEN(patterns)], said;
};

struct redact *redact_new(void)
{
	struct redact *r = calloc(1, sizeof(*r));

	if (r && regcomp(&r->said, said, REG_EXTENDED) != 0) {
		free(r);
		return NULL;
	}
	for (size_t i = 0; r && i < ARRAY_LEN(patterns); i++) {
		if (regcomp(&r->regex[i], patterns[i].pattern, REG_EXTENDED) == 0)
			continue;
		while (i-- > 0)
			regfree(&r->regex[i]);
		regfree(&r->said);
		free(r);
		return NULL;
	}
	return r;
}

void redact_free(struct redact *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < ARRAY_LEN(patterns); i++)
		regfree(&r->regex[i]);
	regfree(&r->said);
	for (size_t i = 0; i < BUCKETS; i++) {
		while (r->bucket[i]) {
			struct name *n = r->bucket[i];

			r->bucket[i] = n->next;
			free(n);
		}
	}
	free(r);
}

static void add_one(struct redact *r, const char *text, const char *what)
{
	size_t size = strlen(text);
	struct name **at, *n;

	if (size < 2)
		return;
	at = &r->bucket[(unsigned char)text[0]];
	while (*at && (*at)->size > size)
		at = &(*at)->next;
	for (n = *at; n && n->size == size; n = n->next) {
		if (memcmp(n->text, text, size) == 0)
			return;
	}
	n = malloc(sizeof(*n) + size + 1);
	if (!n)
		return;
	n->what = what;
	n->size = size;
	memcpy(n->text, text, size + 1);
	n->next = *at;
	*at = n;
}

/* As it stands in the log, and as it stands in JSON. */
static void add_both(struct redact *r, const char *text, const char *what)
{
	char *escaped = NULL;
	size_t size;
	FILE *out = strpbrk(text, "\"\\") ? open_memstream(&escaped, &size) : NULL;

	add_one(r, text, what);
	for (; out && *text; text++)
		fprintf(out, strchr("\"\\", *text) ? "\\%c" : "%c", *text);
	if (out && fclose(out) == 0)
		add_one(r, escaped, what);
	free(escaped);
}

void redact_add(struct redact *r, const char *name, const char *what)
{
	const char *last = name ? strrchr(name, '/') : NULL;

	if (name)
		add_both(r, name, what);
	if (last)
		add_both(r, last + 1, what);
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || ((unsigned char)c & 0x80);
}

static const struct name *find_name(const struct redact *r, const char *at)
{
	for (const struct name *n = r->bucket[(unsigned char)*at]; n; n = n->next) {
		if (strncmp(at, n->text, n->size) == 0 &&
			!(is_word(at[n->size - 1]) && is_word(at[n->size])))
			return n;
	}
	return NULL;
}

/* Replaces the names of a line. The result is allocated; NULL: no memory. */
static char *replace_names(const struct redact *r, const char *line)
{
	char *text = NULL, before = ' ';
	size_t size;
	FILE *out = open_memstream(&text, &size);

	while (out && *line) {
		const struct name *n =
			is_word(before) && is_word(*line) ? NULL : find_name(r, line);

		if (n)
			fprintf(out, "<%s>", n->what);
		else
			fputc(*line, out);
		before = n ? n->text[n->size - 1] : *line;
		line += n ? n->size : 1;
	}
	if (out && fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

static char *replace_pattern(const regex_t *regex, const char *what, bool keep, const char *line)
{
	char *text = NULL;
	size_t size;
	regmatch_t m[2];
	FILE *out = open_memstream(&text, &size);

	while (out && *line && regexec(regex, line, 2, m, 0) == 0 && m[0].rm_eo > 0) {
		regoff_t end = keep ? m[1].rm_eo : m[0].rm_so;

		fprintf(out, "%.*s%s", (int)end, line, what);
		line += m[0].rm_eo;
	}
	if (!out)
		return NULL;
	fputs(line, out);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

/* ---- addresses of IPv6 -------------------------------------------------------------------- */

/* Neither a name such as ::add is an address of somebody, nor is :: alone. */
static bool is_somebodys(const char *text)
{
	return strncmp(text, "::", 2) != 0 || strpbrk(text + 2, ":.0123456789");
}

/* Returns the length of the address at the beginning of at, 0: there is none. */
static size_t ipv6_length(const char *at)
{
	size_t all = strspn(at, "0123456789abcdefABCDEF:.");
	char text[INET6_ADDRSTRLEN];
	struct in6_addr address;

	/* A port, or the punctuation of a sentence, may follow. */
	for (size_t n = all < sizeof(text) ? all : sizeof(text) - 1; n > 2; n--) {
		if (is_word(at[n]))
			continue;
		snprintf(text, sizeof(text), "%.*s", (int)n, at);
		if (inet_pton(AF_INET6, text, &address) == 1 && is_somebodys(text))
			return n;
	}
	return 0;
}

/* Returns the length of a zone, as in fe80::1%eth0. */
static size_t zone_length(const char *at)
{
	size_t n = *at == '%' ? 1 : 0;

	while (n > 0 && (isalnum((unsigned char)at[n]) ||
				(at[n] && strchr("._-", at[n]) && is_word(at[n + 1]))))
		n++;
	return n > 1 ? n : 0;
}

/* Replaces addresses of IPv6. The result is allocated; NULL: no memory. */
static char *replace_ipv6(const char *line)
{
	char *text = NULL, before = ' ';
	size_t size;
	FILE *out = open_memstream(&text, &size);

	while (out && *line) {
		/* In std::dec, the part behind the t is none. */
		size_t n = is_word(before) ? 0 : ipv6_length(line);

		if (n > 0)
			fputs("<address>", out);
		else
			fputc(*line, out);
		n += n > 0 ? zone_length(line + n) : 1;
		before = line[n - 1];
		line += n;
	}
	if (out && fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

/* ---- the daemon's log --------------------------------------------------------------------- */

/* Returns the end of the first word of the line that has the suffix of an image, or NULL. */
static const char *image_end(const char *line)
{
	static const char *const suffixes[] = {
		".iso", ".img", ".udf", ".bin", ".raw", ".mmcdisc", ".sha256", ".part"};
	const char *found = NULL;

	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		const char *at = strcasestr(line, suffixes[i]);

		while (at && is_word(at[strlen(suffixes[i])]))
			at = strcasestr(at + 1, suffixes[i]);
		if (at && (!found || at + strlen(suffixes[i]) < found))
			found = at + strlen(suffixes[i]);
	}
	/* All suffixes of the word: x.iso.sha256 */
	while (found && *found == '.' && is_word(found[1])) {
		for (found++; is_word(*found); found++)
			;
	}
	return found;
}

/* Returns where the name of an image begins by what is said before it; NULL: nothing is. */
static const char *said_before(const struct redact *r, const char *line)
{
	regmatch_t m;

	return regexec(&r->said, line, 1, &m, 0) == 0 && line[m.rm_eo] ? line + m.rm_eo : NULL;
}

/* Returns where a name without a suffix ends: before the last tail, as a name may have one, too. */
static const char *tail_of(const char *name)
{
	const char *end = NULL;

	for (size_t i = 0; i < ARRAY_LEN(tails); i++) {
		for (const char *at = name; (at = strstr(at + 1, tails[i])) != NULL;)
			end = !end || at > end ? at : end;
	}
	return end ? end : name + strlen(name);
}

/* Returns where the name that ends at end begins: after ": ", a quote, or " to ". */
static const char *image_begin(const char *line, const char *end)
{
	static const char *const before[] = {": ", "\"", " to ", "/", "(", "; ", ", "};
	const char *begin = line;

	for (size_t i = 0; i < ARRAY_LEN(before); i++) {
		for (const char *at = line; (at = strstr(at, before[i])) && at < end; at++) {
			if (at + strlen(before[i]) > begin && at + strlen(before[i]) < end)
				begin = at + strlen(before[i]);
		}
	}
	return begin;
}

static void write_log_line(const struct redact *r, const char *line, FILE *out)
{
	const char *end = image_end(line), *quote = strchr(line, '"'), *begin;
	const char *close = quote ? strchr(quote + 1, '"') : NULL;

	if (close && (!end || quote < end)) {
		bool known = (quote >= line + 7 && strncmp(quote - 7, "gadget ", 7) == 0) ||
			     (quote >= line + 11 && strncmp(quote - 11, "controller ", 11) == 0);

		fprintf(out, known ? "%.*s" : "%.*s\"<name>\"",
			(int)((known ? close + 1 : quote) - line), line);
		write_log_line(r, close + 1, out);
		return;
	}
	begin = said_before(r, line);
	/* A name that was replaced already is none; a part of a name may have been. */
	if (begin && (!end || begin < end) && strncmp(begin, "<image>", 7) != 0) {
		end = end ? end : tail_of(begin);
	} else if (end) {
		begin = image_begin(line, end);
	} else {
		fputs(line, out);
		return;
	}
	fprintf(out, "%.*s<image>", (int)(begin - line), line);
	write_log_line(r, end, out);
}

/* ---- the whole text ----------------------------------------------------------------------- */

static void write_line(const struct redact *r, const char *line, bool log, FILE *out)
{
	char *names = replace_names(r, line), *text = names ? replace_ipv6(names) : NULL;

	free(names);
	for (size_t i = 0; text && i < ARRAY_LEN(patterns); i++) {
		char *next =
			replace_pattern(&r->regex[i], patterns[i].what, patterns[i].keep, text);

		free(text);
		text = next;
	}
	/* Rather nothing than a name. */
	if (!text)
		fputs("<no memory>", out);
	else if (log)
		write_log_line(r, text, out);
	else
		fputs(text, out);
	free(text);
}

void redact_write(const struct redact *r, const char *text, bool log, FILE *out)
{
	while (*text) {
		size_t n = strcspn(text, "\n");
		char *line = strndup(text, n);

		if (line)
			write_line(r, line, log, out);
		fputc('\n', out);
		free(line);
		text += n + (text[n] == '\n');
	}
}
