// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What strangers send to mmcgadget-web. The whole input is taken as a list in JSON, as an encoded
 * name and as a form; then as a request, the request line and headers, without a body. Its lines
 * end in LF alone, and the values of its headers go to every parser of a value.
 */
#include <string.h>

#include "fuzz/input.h"
#include "protocol/words.h"
#include "util/array.h"
#include "web/gate.h"
#include "web/json_list.h"
#include "web/peer.h"
#include "web/range.h"
#include "web/text.h"

static const struct gate_names names = {.local = "10.55.0.1", .host_name = "pi"};

static void check_text(const char *in, size_t len)
{
	char out[64];

	for (int plus = 0; plus < 2; plus++) {
		if (text_decode(in, len, plus, out, sizeof(out)))
			MUST(*out && strlen(out) <= len && words_text_ok(out, strlen(out)));
		else
			MUST(*out == '\0');
	}
}

/* A name never gets out of its quotes. */
static void check_shown(const char *text)
{
	static char html[16384], head[16384];
	FILE *f = fmemopen(html, sizeof(html), "w");

	if (f) {
		text_html(f, text);
		fclose(f);
		html[sizeof(html) - 1] = '\0';
		MUST(!strpbrk(html, "<>\"'"));
	}
	text_disposition(text, head, sizeof(head));
	for (const char *p = head; *p; p++)
		MUST((unsigned char)*p >= 0x20 && (unsigned char)*p < 0x7f);
	MUST(strlen(head) < 40 || (strchr(head, '"') && !strpbrk(strchr(head, '"') + 1, "<>\\")));
}

static void check_ranges(const char *value)
{
	static const uint64_t sizes[] = {0, 1, 2048, UINT64_C(4700372992), INT64_MAX};
	uint64_t from, len, total;
	struct peer_net net;

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		if (range_of(value, sizes[i], &from, &len) == RANGE_PART)
			MUST(len > 0 && from < sizes[i] && len <= sizes[i] - from);
	}
	if (range_content(value, &from, &len, &total))
		MUST(len > 0 && from < total && len <= total - from);
	(void)range_number(value, &total);
	(void)range_tag_matches(value, "\"1-2-3-4\"", true);
	if (peer_net_parse(value, &net))
		MUST(net.bits <= 128 && peer_net_has(&net, &net.address));
}

static void check_values(const struct gate *g)
{
	size_t n;

	for (size_t i = 0; i < GATE_FIELDS; i++) {
		const char *v = g->field[i];

		if (!v)
			continue;
		MUST(!strpbrk(v, "\r\n"));
		check_ranges(v);
		check_shown(v);
		(void)gate_type_is(v, "application/json");
		(void)gate_takes_gzip(v);
		v = gate_cookie(v, "mmcgadget", &n);
		MUST(!v || strlen(v) >= n);
	}
}

/* Takes the lines of a request apart; empty lines are skipped. */
static void check_request(char *text)
{
	struct gate g = {.count = 0};
	char *save, *line = strtok_r(text, "\n", &save), *method, *path, *version;
	unsigned status;

	if (!line)
		return;
	method = strtok_r(line, " ", &line);
	path = method ? strtok_r(NULL, " ", &line) : NULL;
	version = path ? strtok_r(NULL, " ", &line) : NULL;
	if (!version)
		return;
	while ((line = strtok_r(NULL, "\n", &save)) && *line) {
		char *colon = strchr(line, ':');

		if (!colon)
			break;
		*colon = '\0';
		gate_add(&g, line, (size_t)(colon - line), colon + 1, strlen(colon + 1));
	}
	status = gate_check(&g, method, version, path);
	MUST(status == 0 || status == 400 || status == 411 || status == 431);
	if (status == 0) {
		MUST(g.field[GATE_HOST] && *g.field[GATE_HOST] && *path == '/');
		MUST(!g.field[GATE_TRANSFER_ENCODING] && g.count <= GATE_HEADERS);
		if (gate_host_is_own(g.field[GATE_HOST], &names))
			MUST(strlen(g.field[GATE_HOST]) < 256);
		(void)gate_is_same_site(&g, "http");
	}
	check_values(&g);
	check_text(path, strlen(path));
}

static void on_element(void *ctx, const char *text, size_t len)
{
	size_t *sum = ctx;

	MUST(len >= 2 && text[len] == 0);
	MUST((text[0] == '{' || text[0] == '[') && (text[len - 1] == '}' || text[len - 1] == ']'));
	*sum = *sum * 31 + len;
}

/* The result must not depend on the portions. */
static void check_list(const char *data, size_t n)
{
	size_t sum[2] = {0};
	bool good[2];

	for (int i = 0; i < 2; i++) {
		struct json_list l = {.key = "images", .element = on_element, .ctx = &sum[i]};
		size_t step = i == 0 ? n : 3;

		good[i] = true;
		for (size_t at = 0; at < n && good[i]; at += step)
			good[i] = json_list_feed(&l, data + at, MIN(step, n - at));
		json_list_free(&l);
	}
	MUST(good[0] == good[1] && sum[0] == sum[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), out[64];

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	check_list(text, size);
	check_text(text, size);
	if (text_form(text, size, "image", out, sizeof(out)))
		MUST(*out && words_text_ok(out, strlen(out)));
	check_request(text);
	free(text);
	return 0;
}
