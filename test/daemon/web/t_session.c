// SPDX-License-Identifier: GPL-2.0-or-later
/* Sessions of mmcgadget-web: the seal of the cookie, the limit of tries, long lists. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util/array.h"
#include "web/codes.h"
#include "web/cookie.h"
#include "web/json_list.h"
#include "web/limit.h"
#include "web/tally.h"

static const uint8_t key[COOKIE_KEY] = "a key of thirty-two bytes, or so";
static const struct cookie made = {
	.begun = 1000000, .until = 1000000 + COOKIE_IDLE, .generation = 7, .id = {1, 2, 3, 0xff}};

static void a_cookie_says_what_was_sealed(void **state)
{
	char text[COOKIE_TEXT], csrf[COOKIE_CSRF], other[COOKIE_CSRF];
	struct cookie c;

	(void)state;
	cookie_write(&made, key, text);
	assert_true(cookie_read(text, strlen(text), key, &c));
	assert_memory_equal(&c, &made, sizeof(c));
	cookie_csrf(&c, key, csrf);
	assert_int_equal(strlen(csrf), COOKIE_CSRF - 1);
	c.id[0]++;
	cookie_csrf(&c, key, other);
	assert_string_not_equal(csrf, other);
	assert_true(cookie_same("abc", "abc"));
	assert_false(cookie_same("abc", "abd"));
	assert_false(cookie_same("abc", "ab"));
}

static void no_changed_cookie_is_taken(void **state)
{
	static const uint8_t other[COOKIE_KEY] = "another key";
	char text[COOKIE_TEXT];
	struct cookie c;
	size_t n;

	(void)state;
	cookie_write(&made, key, text);
	n = strlen(text);
	assert_false(cookie_read(text, n, other, &c));
	for (size_t i = 0; i < n; i++) {
		char was = text[i];

		assert_false(cookie_read(text, i, key, &c));
		text[i] = was == '0' ? '1' : '0';
		assert_false(cookie_read(text, n, key, &c));
		text[i] = was;
	}
	assert_true(cookie_read(text, n, key, &c));
}

static void a_session_ends_after_a_week_at_the_latest(void **state)
{
	struct cookie c = made;
	uint64_t now = made.begun;
	unsigned told = 0;

	(void)state;
	assert_false(cookie_extend(&c, now + 60));
	while (now < made.begun + 2 * COOKIE_WHOLE) {
		now += 600;
		told += cookie_extend(&c, now);
	}
	assert_int_equal(c.until, made.begun + COOKIE_WHOLE);
	/* The browser is not sent a cookie with each answer. */
	assert_in_range(told, 100, 24 * 14 + 2);
}

static struct in6_addr address(uint8_t last)
{
	return (struct in6_addr){.s6_addr = {0xfd, [15] = last}};
}

static void who_guesses_waits_longer_and_longer(void **state)
{
	static struct limit l;
	const struct in6_addr a = address(1);
	const unsigned want[] = {0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60};
	uint64_t now = 5000000;

	(void)state;
	assert_int_equal(limit_wait(&l, &a, now), 0);
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		limit_failed(&l, &a, now);
		assert_int_equal(limit_wait(&l, &a, now), want[i]);
		now += want[i] * UINT64_C(1000000);
		assert_int_equal(limit_wait(&l, &a, now), 0);
	}
	limit_passed(&l, &a);
	assert_int_equal(limit_wait(&l, &a, now), 0);
}

static void many_addresses_try_once_a_second_together(void **state)
{
	static struct limit l;
	struct in6_addr a;
	uint64_t now = 5000000;
	unsigned tries = 0;

	(void)state;
	for (; now < 65000000; now += 10000) {
		a = address((uint8_t)(now / 10000));
		if (limit_wait(&l, &a, now) > 0)
			continue;
		limit_failed(&l, &a, now);
		tries++;
	}
	assert_in_range(tries, 30, 66);
	/* The owner's address was forgotten or never seen, and waits a second at most. */
	a = address(0);
	assert_true(limit_wait(&l, &a, now) <= 1);
}

struct found {
	unsigned count;
	char text[256];
};

static void on_element(void *ctx, const char *text, size_t len)
{
	struct found *f = ctx;

	f->count++;
	assert_true(strlen(f->text) + len + 2 < sizeof(f->text));
	strncat(f->text, text, len);
	strcat(f->text, "\n");
}

static void a_list_is_taken_apart_in_any_portions(void **state)
{
	static const char text[] =
		"{\"ok\":true,\"message\":\"a \\\"images\\\":[1]\",\"images\":[{\"a\":\"]}\"},"
		"{\"images\":[{}]} "
		",{\"b\":\"\\\\\"}],\"more\":[{\"x\":[]}],\"n\":{\"images\":[2]}}";

	(void)state;
	for (size_t step = 1; step < sizeof(text); step++) {
		struct found f = {.count = 0};
		struct json_list l = {.key = "images", .element = on_element, .ctx = &f};

		for (size_t at = 0; at < sizeof(text) - 1; at += step) {
			size_t n = sizeof(text) - 1 - at;

			assert_true(json_list_feed(&l, text + at, n < step ? n : step));
		}
		assert_int_equal(f.count, 3);
		assert_string_equal(
			f.text, "{\"a\":\"]}\"}\n{\"images\":[{}]}\n{\"b\":\"\\\\\"}\n");
		assert_string_equal(l.rest.text,
			"{\"ok\":true,\"message\":\"a \\\"images\\\":[1]\",\"images\":[],"
			"\"more\":[{\"x\":[]}],\"n\":{\"images\":[2]}}");
		json_list_free(&l);
	}
}

static void what_is_no_list_does_no_harm(void **state)
{
	static const char *const bad[] = {"]", "{\"images\":[x]}", "{}}", "{\"images\":[1]}",
		"{\"images\":[\"\"{}]}", "{\"images\":[[1]]}"};
	struct found f = {.count = 0};
	struct json_list l = {.key = "images", .element = on_element, .ctx = &f};
	char big[4096];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct json_list b = {.key = "images", .element = on_element, .ctx = &f};

		if (json_list_feed(&b, bad[i], strlen(bad[i])))
			fail_msg("%s", bad[i]);
		json_list_free(&b);
	}
	assert_int_equal(f.count, 0);
	memset(big, 'x', sizeof(big));
	assert_true(json_list_feed(&l, "{\"images\":[{\"a\":\"", 16));
	for (size_t i = 0; i < JSON_LIST_ELEMENT / sizeof(big) - 1; i++)
		assert_true(json_list_feed(&l, big, sizeof(big)));
	assert_false(json_list_feed(&l, big, sizeof(big)));
	json_list_free(&l);
}

static void codes_have_their_status(void **state)
{
	(void)state;
	assert_int_equal(codes_status("no-such-image"), 404);
	assert_int_equal(codes_status("exists"), 409);
	assert_int_equal(codes_status("in-use"), 423);
	assert_int_equal(codes_status("no-room"), 507);
	assert_int_equal(codes_status("bad-name"), 400);
	assert_int_equal(codes_status("outside"), 403); /* of the media folder */
	assert_int_equal(codes_status("range"), 416);
	assert_int_equal(codes_status("bad-password"), 401);
	assert_int_equal(codes_status("a-code-of-a-newer-daemon"), 400);
	assert_string_equal(codes_words(423), "Locked");
}

static void what_is_refused_is_told_once_a_minute(void **state)
{
	struct tally t = {0};
	uint64_t now = 12345;

	(void)state;
	assert_int_equal(tally_add(&t, now), 1);
	for (unsigned i = 1; i < TALLY_MS; i++)
		assert_int_equal(tally_add(&t, now + i), 0);
	assert_int_equal(tally_add(&t, now + TALLY_MS), TALLY_MS);
	assert_int_equal(tally_add(&t, now + TALLY_MS), 0);
	assert_int_equal(tally_add(&t, now + 5 * TALLY_MS), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cookie_says_what_was_sealed),
		cmocka_unit_test(no_changed_cookie_is_taken),
		cmocka_unit_test(a_session_ends_after_a_week_at_the_latest),
		cmocka_unit_test(who_guesses_waits_longer_and_longer),
		cmocka_unit_test(many_addresses_try_once_a_second_together),
		cmocka_unit_test(a_list_is_taken_apart_in_any_portions),
		cmocka_unit_test(what_is_no_list_does_no_harm),
		cmocka_unit_test(codes_have_their_status),
		cmocka_unit_test(what_is_refused_is_told_once_a_minute),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
