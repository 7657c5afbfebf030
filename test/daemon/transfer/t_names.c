// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How an image is named: the same words mean the same disc, whatever the verb. The verbs that take
 * a disc away take its whole name, and say which one was meant.
 */
#include "daemon/transfer/upload_fixture.h"

#include "daemon/iso.h"
#include "util/array.h"

#define MOVIE "films/movie.iso"

static const char *const near_verbs[] = {"insert", "close", "extract", "sum", "open"};
static const char *const whole_verbs[] = {"delete", "erase", "rename"};
/* Its name in another case, without its folder, the beginning of both, its label, and of that. */
static const char *const ways[] = {
	"FILMS/Movie.iso", "movie.iso", "MOVIE", "films/mov", "feature", "FEAT"};

/* Sends "VERB NAME", and a second name if there is one. Returns whether the answer is ok. */
static bool ask_verb(
	const char *verb, const char *name, const char *second, char *code, char *message)
{
	int fd = connect_client(), passed;
	json_t *a = ask_fd(fd, &passed, "%s \"%s\" %s\n", verb, name, second);
	bool ok = answer_is_ok(a);

	snprintf(code, 64, "%s", field_text(a, "code"));
	snprintf(message, 1024, "%s", field_text(a, "message"));
	print_message("%s %s: %s\n", verb, name, message);
	json_decref(a);
	if (passed >= 0)
		close(passed);
	close(fd);
	return ok;
}

static void put_movies(void)
{
	mkdir(in_scratch("media/films"), 0755);
	put_iso("media/" MOVIE, "FEATURE");
	put_iso("media/films/other 1.iso", "ONE");
	put_iso("media/films/other 2.iso", "TWO");
}

static bool ask_whole(const char *verb, const char *name, char *code, char *message)
{
	const char *slash = strrchr(name, '/');
	char second[64] = "";

	/* A disc is renamed within its folder. */
	if (strcmp(verb, "rename") == 0)
		snprintf(second, sizeof(second), "%.*snew.iso", slash ? (int)(slash + 1 - name) : 0,
			name);
	return ask_verb(verb, name, second, code, message);
}

/* Before any label is read: a verb that takes whole names does not wait for labels. */
static void what_takes_a_disc_away_wants_its_whole_name(void **state)
{
	char code[64], message[1024];

	(void)state;
	put_movies();
	for (size_t v = 0; v < ARRAY_LEN(whole_verbs); v++) {
		assert_false(ask_whole(whole_verbs[v], "nosuch.iso", code, message));
		assert_string_equal(code, "no-such-image");
		assert_starts(message, "no image \"nosuch.iso\" in ");
		assert_null(strstr(message, "label"));
		for (size_t i = 0; i < 4; i++) {
			assert_false(ask_whole(whole_verbs[v], ways[i], code, message));
			assert_string_equal(code, "no-such-image");
			assert_non_null(strstr(message, "did you mean \"" MOVIE "\"?"));
		}
		assert_false(ask_whole(whole_verbs[v], "other", code, message));
		assert_string_equal(code, "ambiguous");
	}
	assert_int_equal(access(in_scratch("media/" MOVIE), F_OK), 0);
}

static void every_other_verb_finds_the_same_disc(void **state)
{
	char code[64], message[1024];

	(void)state;
	put_movies();
	for (size_t v = 0; v < ARRAY_LEN(near_verbs); v++) {
		assert_false(ask_verb(near_verbs[v], "nosuch.iso", "", code, message));
		assert_string_equal(code, "no-such-image");
		assert_starts(message, "no image \"nosuch.iso\" in ");
		assert_false(ask_verb(near_verbs[v], "mobie.iso", "", code, message));
		assert_string_equal(code, "no-such-image");
		assert_non_null(strstr(message, "did you mean \"" MOVIE "\"?"));
		assert_false(ask_verb(near_verbs[v], "other", "", code, message));
		assert_string_equal(code, "ambiguous");
		for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
			(void)ask_verb(near_verbs[v], ways[i], "", code, message);
			assert_string_not_equal(code, "no-such-image");
			assert_non_null(strstr(message, MOVIE));
		}
	}
}

/* The folder has no such name any more, but the drive has the disc. */
static void a_disc_in_a_drive_is_closed_though_it_was_deleted(void **state)
{
	(void)state;
	put_movies();
	fifo_slow("blank x.iso drive=drive1\n", "ok: drive1: inserted x.iso");
	assert_true(fake_ready(&usb[1]));
	assert_true(fake_write(&usb[1], 0));
	assert_int_equal(unlink(in_scratch("media/x.iso")), 0);
	fifo_slow("close x.iso\n", "ok: drive1: closed x.iso");
}

/* A page in a browser names what it was shown, and gets that or nothing. */
static void the_page_gets_what_it_names(void **state)
{
	int fd = connect_to("run/web");

	(void)state;
	put_movies();
	refused(fd, "no-such-image", "no image \"movie.iso\" in ", "open movie.iso");
	refused(fd, "no-such-image", "no image \"movie.iso\" in ", "sum movie.iso");
	close(fd);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(what_takes_a_disc_away_wants_its_whole_name),
		T(every_other_verb_finds_the_same_disc),
		T(a_disc_in_a_drive_is_closed_though_it_was_deleted),
		T(the_page_gets_what_it_names),
	};

	return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
