// SPDX-License-Identifier: GPL-2.0-or-later
/* The gate of mmcgadget-web: headers, Host, Origin; names, ranges and tags. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "util/array.h"
#include "web/gate.h"
#include "web/peer.h"
#include "web/range.h"
#include "web/text.h"

/* A request as a text: lines of headers. */
static unsigned judge(const char *method, const char *version, const char *path,
	const char *const header[], size_t count, struct gate *g)
{
	memset(g, 0, sizeof(*g));
	for (size_t i = 0; i < count; i++) {
		const char *colon = strchr(header[i], ':');
		const char *value = colon[1] == ' ' ? colon + 2 : colon + 1;

		gate_add(g, header[i], (size_t)(colon - header[i]), value, strlen(value));
	}
	return gate_check(g, method, version, path);
}

static void what_nobody_should_send_is_refused(void **state)
{
	static const struct {
		const char *what, *method, *version, *path, *header[5];
		unsigned status;
	} rows[] = {
		{"good", "GET", "HTTP/1.1", "/", {"Host: a"}, 0},
		{"good 1.0", "GET", "HTTP/1.0", "/x", {"Host: a"}, 0},
		{"good body", "PUT", "HTTP/1.1", "/x", {"Host: a", "Content-Length: 5"}, 0},
		{"empty body", "POST", "HTTP/1.1", "/x", {"Host: a", "Content-Length: 0"}, 0},
		{"other version", "GET", "HTTP/2.0", "/", {"Host: a"}, 400},
		{"no version", "GET", "", "/", {"Host: a"}, 400},
		{"proxy's form", "GET", "HTTP/1.1", "http://a/", {"Host: a"}, 400},
		{"OPTIONS *", "OPTIONS", "HTTP/1.1", "*", {"Host: a"}, 400},
		{"no Host", "GET", "HTTP/1.1", "/", {"Accept: x"}, 400},
		{"no Host in 1.0", "GET", "HTTP/1.0", "/", {"Accept: x"}, 400},
		{"empty Host", "GET", "HTTP/1.1", "/", {"Host: "}, 400},
		{"two Hosts", "GET", "HTTP/1.1", "/", {"Host: a", "host: a"}, 400},
		{"length and chunked", "PUT", "HTTP/1.1", "/",
			{"Host: a", "Content-Length: 5", "Transfer-Encoding: chunked"}, 400},
		{"chunked", "PUT", "HTTP/1.1", "/", {"Host: a", "Transfer-Encoding: chunked"}, 411},
		{"chunked GET", "GET", "HTTP/1.1", "/", {"Host: a", "Transfer-Encoding: x"}, 411},
		{"two lengths", "PUT", "HTTP/1.1", "/",
			{"Host: a", "Content-Length: 5", "Content-Length: 6"}, 400},
		{"a list of lengths", "PUT", "HTTP/1.1", "/", {"Host: a", "Content-Length: 5,5"},
			400},
		{"negative length", "PUT", "HTTP/1.1", "/", {"Host: a", "Content-Length: -1"}, 400},
		{"signed length", "PUT", "HTTP/1.1", "/", {"Host: a", "Content-Length: +1"}, 400},
		{"hexadecimal length", "PUT", "HTTP/1.1", "/", {"Host: a", "Content-Length: 0x1"},
			400},
		{"2^64", "PUT", "HTTP/1.1", "/",
			{"Host: a", "Content-Length: 18446744073709551616"}, 400},
		{"no length", "PUT", "HTTP/1.1", "/", {"Host: a"}, 411},
		{"POST without a body", "POST", "HTTP/1.1", "/", {"Host: a"}, 0},
		{"no length of PATCH", "PATCH", "HTTP/1.1", "/", {"Host: a"}, 411},
		{"control byte in a name", "GET", "HTTP/1.1", "/", {"Host: a", "X\001y: a"}, 400},
		{"blank before the colon", "GET", "HTTP/1.1", "/", {"Host: a", "X : a"}, 400},
		{"no name", "GET", "HTTP/1.1", "/", {"Host: a", ": a"}, 400},
		{"control byte in a value", "GET", "HTTP/1.1", "/", {"Host: a", "X: a\001"}, 400},
		{"line end in a value", "GET", "HTTP/1.1", "/", {"Host: a", "X: a\r\nY: b"}, 400},
		{"two Origins", "GET", "HTTP/1.1", "/",
			{"Host: a", "Origin: http://a", "Origin: http://b"}, 400},
		{"two Cookies", "GET", "HTTP/1.1", "/", {"Host: a", "Cookie: a=b", "Cookie: c=d"},
			400},
		{"two Authorizations", "GET", "HTTP/1.1", "/",
			{"Host: a", "Authorization: a", "Authorization: b"}, 400},
		{"two of others", "GET", "HTTP/1.1", "/", {"Host: a", "Via: x", "Via: y"}, 0},
	};
	struct gate g;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		size_t n = 0;

		while (n < ARRAY_LEN(rows[i].header) && rows[i].header[n])
			n++;
		if (judge(rows[i].method, rows[i].version, rows[i].path, rows[i].header, n, &g) !=
			rows[i].status)
			fail_msg("%s: %u", rows[i].what, g.status);
	}
}

static void too_many_headers_are_refused(void **state)
{
	const char *header[GATE_HEADERS + 1];
	struct gate g;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(header); i++)
		header[i] = "Via: x";
	header[0] = "Host: a";
	assert_int_equal(judge("GET", "HTTP/1.1", "/", header, GATE_HEADERS, &g), 0);
	assert_int_equal(judge("GET", "HTTP/1.1", "/", header, GATE_HEADERS + 1, &g), 431);
	/* A value that is missing is an empty one. */
	memset(&g, 0, sizeof(g));
	gate_add(&g, "Cookie", 6, NULL, 0);
	assert_string_equal(g.field[GATE_COOKIE], "");
}

static void only_names_of_this_machine_are_hosts(void **state)
{
	static const char *const other[] = {"discs.example", NULL};
	static const struct gate_names names = {
		.local = "10.55.0.1", .host_name = "pi-4f2a", .other = other};
	static const struct gate_names v6 = {.local = "fd00::7", .host_name = ""};
	static const char *const good[] = {"localhost", "localhost:8080", "127.0.0.1",
		"LOCALHOST:1", "127.0.0.1:8080", "[::1]", "[::1]:8080", "10.55.0.1", "10.55.0.1:80",
		"[::ffff:10.55.0.1]", "pi-4f2a", "PI-4F2A:8080", "pi-4f2a.local",
		"pi-4f2a.local:80", "discs.example"};
	static const char *const bad[] = {"", ":", "evil.test", "localhost.evil.test",
		"127.0.0.1.evil.test", "10.55.0.2", "127.0.0.2", "[::2]", "[::1", "::1",
		"pi-4f2a.lan", "pi-4f2a.local.evil.test", "xpi-4f2a", "localhost:80x",
		"localhost:123456", "localhost:-1", "user@localhost", "localhost/", "[::1]x",
		"localhost:80:80", "0x7f.1", "2130706433", ".local", "pi-4f2a."};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		if (!gate_host_is_own(good[i], &names))
			fail_msg("%s is refused", good[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (gate_host_is_own(bad[i], &names))
			fail_msg("%s is accepted", bad[i]);
	}
	assert_true(gate_host_is_own("[fd00:0::7]:80", &v6));
	assert_false(gate_host_is_own(".local", &v6));
}

static void other_sites_are_recognised(void **state)
{
	static const struct {
		const char *origin, *site;
		bool same;
	} rows[] = {
		{NULL, NULL, true},
		{"http://a:8080", NULL, true},
		{"http://A:8080", "same-origin", true},
		{NULL, "none", true},
		{"http://a", NULL, false},
		{"http://a:8081", NULL, false},
		{"https://a:8080", NULL, false},
		{"http://a:8080.evil", NULL, false},
		{"null", NULL, false},
		{"", NULL, false},
		{NULL, "cross-site", false},
		{NULL, "same-site", false},
		{"http://a:8080", "cross-site", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct gate g = {.field = {[GATE_HOST] = "a:8080",
					 [GATE_ORIGIN] = rows[i].origin,
					 [GATE_FETCH_SITE] = rows[i].site}};

		if (gate_is_same_site(&g, "http") != rows[i].same)
			fail_msg("row %zu", i);
	}
}

static void types_encodings_and_cookies_are_read(void **state)
{
	size_t n;

	(void)state;
	assert_true(gate_type_is("application/json", "application/json"));
	assert_true(gate_type_is("Application/JSON; charset=utf-8", "application/json"));
	assert_false(gate_type_is("application/jsonx", "application/json"));
	assert_false(gate_type_is(NULL, "application/json"));
	assert_true(gate_takes_gzip("gzip, deflate, br"));
	assert_true(gate_takes_gzip("br, GZIP;q=0.5"));
	assert_false(gate_takes_gzip("gzip;q=0, br;q=1"));
	assert_false(gate_takes_gzip("gzip ; q=0.0"));
	assert_false(gate_takes_gzip("xgzip, identity"));
	assert_false(gate_takes_gzip(NULL));
	assert_string_equal(gate_cookie("a=b; mmcgadget=xyz; c=d", "mmcgadget", &n), "xyz; c=d");
	assert_int_equal(n, 3);
	assert_null(gate_cookie("xmmcgadget=1", "mmcgadget", &n));
	assert_null(gate_cookie(NULL, "mmcgadget", &n));
	assert_non_null(gate_cookie("mmcgadget=", "mmcgadget", &n));
	assert_int_equal(n, 0);
}

static void names_are_decoded_only_if_they_are_text(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{"a.iso", "a.iso"},
		{"b%20c.iso", "b c.iso"},
		{"x%2Fy.iso", "x/y.iso"},
		{"x/y.iso", "x/y.iso"},
		{"%C3%A9", "\303\251"},
		{"a+b", "a+b"},
		{"%2e%2e/x", "../x"}, /* the daemon refuses it */
		{"%5c", "\\"},
		{"", NULL},
		{"%00x", NULL},
		{"a%", NULL},
		{"a%2", NULL},
		{"a%zz", NULL},
		{"a%0ab", NULL},
		{"a%7f", NULL},
		{"%C3", NULL},
		{"%C0%AF", NULL},
		{"%ED%A0%80", NULL},
		{"%C2%9B", NULL},
	};
	char out[16];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		bool good = text_decode(rows[i].in, strlen(rows[i].in), false, out, sizeof(out));

		if (good != (rows[i].out != NULL) || strcmp(out, good ? rows[i].out : "") != 0)
			fail_msg("%s: %s", rows[i].in, out);
	}
	assert_true(text_decode("123456789012345", 15, false, out, sizeof(out)));
	assert_false(text_decode("1234567890123456", 16, false, out, sizeof(out)));
	assert_true(text_form("a=1&image=b+c%26.iso&x=", 23, "image", out, sizeof(out)));
	assert_string_equal(out, "b c&.iso");
	assert_false(text_form("a=1&image=", 10, "image", out, sizeof(out)));
	assert_false(text_form("ximage=1", 8, "image", out, sizeof(out)));
}

static void names_stay_names_in_html_and_headers(void **state)
{
	char html[128] = "", out[256];
	FILE *f = fmemopen(html, sizeof(html), "w");

	(void)state;
	text_html(f, "<img src=\"x\" onerror='a()'>&");
	fclose(f);
	assert_string_equal(html, "&lt;img src=&quot;x&quot; onerror=&#39;a()&#39;&gt;&amp;");
	text_disposition("dir/a\"\r\nX: \303\251.iso", out, sizeof(out));
	assert_string_equal(out, "attachment; filename=\"a___X_ __.iso\"; "
				 "filename*=UTF-8''a%22%0D%0AX%3A%20%C3%A9.iso");
}

static void ranges_are_read_as_the_standard_says(void **state)
{
	static const struct {
		const char *value;
		enum range_result result;
		uint64_t from, len;
	} rows[] = {
		{NULL, RANGE_ALL, 0, 0},
		{"bytes=0-0", RANGE_PART, 0, 1},
		{"bytes=5-", RANGE_PART, 5, 5},
		{"bytes=5-7", RANGE_PART, 5, 3},
		{"bytes=5-100", RANGE_PART, 5, 5},
		{"Bytes=-3", RANGE_PART, 7, 3},
		{"bytes=-30", RANGE_PART, 0, 10},
		{"bytes=-0", RANGE_OUTSIDE, 0, 0},
		{"bytes=10-", RANGE_OUTSIDE, 0, 0},
		{"bytes=999999999999999999-", RANGE_OUTSIDE, 0, 0},
		{"bytes=9999999999999999999-", RANGE_ALL, 0, 0},
		{"bytes=7-5", RANGE_ALL, 0, 0},
		{"bytes=0-1,3-4", RANGE_ALL, 0, 0},
		{"bytes=a-", RANGE_ALL, 0, 0},
		{"bytes=-", RANGE_ALL, 0, 0},
		{"lines=0-1", RANGE_ALL, 0, 0},
	};
	uint64_t from, len, total;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		enum range_result r = range_of(rows[i].value, 10, &from, &len);

		if (r != rows[i].result ||
			(r == RANGE_PART && (from != rows[i].from || len != rows[i].len)))
			fail_msg("%s", rows[i].value);
	}
	assert_int_equal(range_of("bytes=-1", 0, &from, &len), RANGE_OUTSIDE);
	/* curl -C and the end of a disc behind 4 GiB */
	assert_true(range_content("bytes 4294967296-4700372991/4700372992", &from, &len, &total));
	assert_int_equal(from, UINT64_C(4294967296));
	assert_int_equal(len, UINT64_C(405405696));
	assert_int_equal(total, UINT64_C(4700372992));
	assert_false(range_content("bytes 5-9/9", &from, &len, &total));
	assert_false(range_content("bytes 5-4/9", &from, &len, &total));
	assert_false(range_content("bytes */9", &from, &len, &total));
	assert_false(range_content("bytes 1-2/*", &from, &len, &total));
	assert_false(range_content("bytes 1-2/9x", &from, &len, &total));
	assert_true(range_number("0", &from));
	assert_false(range_number("", &from));
	assert_false(range_number(" 1", &from));
	assert_false(range_number("1234567890123456789", &from));
}

static void tags_are_compared_whole(void **state)
{
	(void)state;
	assert_true(range_tag_matches("\"a\"", "\"a\"", false));
	assert_true(range_tag_matches("\"b\", \"a\"", "\"a\"", false));
	assert_true(range_tag_matches("*", "\"a\"", false));
	assert_true(range_tag_matches("W/\"a\"", "\"a\"", true));
	assert_false(range_tag_matches("W/\"a\"", "\"a\"", false));
	assert_false(range_tag_matches("\"ab\"", "\"a\"", false));
	assert_false(range_tag_matches("\"", "\"a\"", true));
	assert_false(range_tag_matches("", "\"a\"", true));
}

static struct in6_addr address(const char *text)
{
	struct peer_net net;

	assert_true(peer_net_parse(text, &net));
	return net.address;
}

static bool near(const char *peer, const char *own)
{
	struct in6_addr a = address(peer), b = address(own);

	return peer_is_near(&a, &b);
}

static bool has(const char *net, const char *peer)
{
	struct in6_addr a = address(peer);
	struct peer_net n;

	assert_true(peer_net_parse(net, &n));
	return peer_net_has(&n, &a);
}

static void neighbours_are_told_from_strangers(void **state)
{
	struct peer_net net;

	(void)state;
	assert_true(near("127.0.0.1", "127.0.0.1"));
	assert_true(near("127.9.9.9", "127.0.0.1"));
	assert_true(near("::1", "::1"));
	assert_true(near("10.55.0.2", "10.55.0.1"));
	assert_true(near("fe80::1", "fe80::2"));
	assert_false(near("10.55.1.2", "10.55.0.1"));
	assert_false(near("192.168.0.2", "10.55.0.1"));
	assert_false(near("10.55.0.1", "127.0.0.1"));
	assert_false(near("127.0.0.1", "10.55.0.1"));
	assert_false(near("fd00:1::1", "fd00::1"));
	assert_false(near("10.55.0.2", "fd00::1"));
	assert_true(has("192.168.0.0/16", "192.168.77.1"));
	assert_false(has("192.168.0.0/16", "192.169.0.1"));
	assert_true(has("10.0.0.0/9", "10.127.0.1"));
	assert_false(has("10.0.0.0/9", "10.128.0.1"));
	assert_true(has("0.0.0.0/0", "8.8.8.8"));
	assert_false(has("0.0.0.0/0", "fd00::1"));
	assert_true(has("::/0", "8.8.8.8"));
	assert_true(has("fd00::/8", "fdff::1"));
	assert_false(peer_net_parse("10.0.0.0/33", &net));
	assert_false(peer_net_parse("10.0.0.0/", &net));
	assert_false(peer_net_parse("10.0.0.0/-1", &net));
	assert_false(peer_net_parse("10.0.0", &net));
	assert_false(peer_net_parse("host/8", &net));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_nobody_should_send_is_refused),
		cmocka_unit_test(too_many_headers_are_refused),
		cmocka_unit_test(only_names_of_this_machine_are_hosts),
		cmocka_unit_test(other_sites_are_recognised),
		cmocka_unit_test(types_encodings_and_cookies_are_read),
		cmocka_unit_test(names_are_decoded_only_if_they_are_text),
		cmocka_unit_test(names_stay_names_in_html_and_headers),
		cmocka_unit_test(ranges_are_read_as_the_standard_says),
		cmocka_unit_test(tags_are_compared_whole),
		cmocka_unit_test(neighbours_are_told_from_strangers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
