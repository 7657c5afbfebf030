// SPDX-License-Identifier: GPL-2.0-or-later
/* The songs of discs in the postburn queue. A cue stands for a disc that was burned. */
#include "daemon/audio_disc.h"

#include <stdatomic.h>
#include <systemd/sd-event.h>
#include <time.h>

#include "burned/postburn.h"
#include "image/image.h"
#include "util/log.h"

#define WAIT_SECONDS 15u

static sd_event *event;
static struct postburn *queue;
static struct postburn_status now;
static char media[SCRATCH_PATH];
static atomic_bool busy;
static atomic_uint looks;

static bool ready;

static bool is_ready(void *ctx)
{
	(void)ctx;
	return ready;
}

static bool is_busy(void *ctx)
{
	(void)ctx;
	atomic_fetch_add(&looks, 1);
	return atomic_load(&busy);
}

static void start(enum postburn_rename rename, bool checksum)
{
	struct postburn_config config = {.drive = "test",
		.rename = rename,
		.checksum = checksum,
		.songs = true,
		.media = media,
		.ready = is_ready,
		.busy = is_busy};

	assert_int_equal(postburn_new(&config, event, &queue), 0);
}

static int setup(void **state)
{
	if (scratch_make(state) < 0 || sd_event_new(&event) < 0)
		return -1;
	mkdir(in_scratch("media"), 0755);
	strcpy(media, in_scratch("media"));
	log_set_level(LOG_LEVEL_ERROR);
	atomic_store(&busy, false);
	atomic_store(&looks, 0);
	queue = NULL;
	ready = true;
	return 0;
}

static int teardown(void **state)
{
	postburn_free(queue);
	sd_event_unref(event);
	return scratch_remove(state);
}

static struct library_file find(const char *base)
{
	int folder = library_open_folder(media);
	struct library_file f;

	assert_int_equal(library_find(folder, base, &f), 0);
	close(folder);
	return f;
}

static void add(const char *name, const char *base)
{
	struct library_file f = find(base);
	struct image_place *place;

	assert_int_equal(image_place_new(&f, &place), 0);
	library_forget(&f);
	postburn_add(queue, name, place);
	image_place_unref(place);
}

/* Runs the event loop until the queue is in that state. */
static void wait_for(const char *state)
{
	time_t end = time(NULL) + WAIT_SECONDS;

	do {
		assert_true(sd_event_run(event, 5000) >= 0);
		postburn_status(queue, &now);
	} while (strcmp(now.state, state) != 0 && time(NULL) < end);
	assert_string_equal(now.state, state);
}

#define SONGS "the 2 songs of x.cue are in \"The Band - Al_bum\""

static void songs_are_copied(void **state)
{
	(void)state;
	use_resolver();
	put_audio_disc();
	start(POSTBURN_RENAME_NO, false);
	add("x.cue", "x.cue");
	wait_for("");
	assert_string_equal(now.last, SONGS);
	assert_string_equal(now.problem, "");
	assert_string_equal(names_in("media"), "The Band - Al_bum x.bin x.cue ");
	assert_song("media/The Band - Al_bum/02 First_ one_.wav", 0, 150, 100, false);
	assert_song("media/The Band - Al_bum/03 Second.wav", 0, 250, 200, false);
}

static void songs_come_after_the_verification(void **state)
{
	(void)state;
	use_resolver();
	put_audio_disc();
	start(POSTBURN_RENAME_NO, true);
	add("x.cue", "x.cue");
	wait_for("");
	assert_starts(now.last, "x.cue is verified, SHA-256 ");
	assert_non_null(strstr(now.last, "; " SONGS));
	assert_string_equal(now.problem, "");
}

/* A disc without songs has none, and that is no problem. */
static void other_discs_have_no_songs(void **state)
{
	(void)state;
	use_resolver();
	put_size("media/d.iso", 40960);
	start(POSTBURN_RENAME_NO, true);
	add("d.iso", "d.iso");
	wait_for("");
	assert_starts(now.last, "d.iso is verified, SHA-256 ");
	assert_null(strstr(now.last, "song"));
	assert_string_equal(now.problem, "");
	assert_string_equal(names_in("media"), "d.iso d.iso.sha256 ");
}

static void a_problem_stays(void **state)
{
	(void)state;
	use_resolver();
	put_audio_disc();
	start(POSTBURN_RENAME_LABEL, false);
	assert_int_equal(symlink("x.cue", in_scratch("media/link.cue")), 0);
	add("link.cue", "x.cue");
	wait_for("");
	assert_string_equal(now.problem,
		"link.cue is a link, so it is not renamed; the 2 songs of link.cue are in \"The "
		"Band - Al_bum\"");
	/* Nor does it go when the disc is verified. */
	postburn_free(queue);
	start(POSTBURN_RENAME_LABEL, true);
	add("link.cue", "x.cue");
	wait_for("");
	assert_starts(now.problem,
		"link.cue is a link, so it is not renamed; link.cue is verified, SHA-256 ");
	/* The problem of one disc is not that of the next. */
	put_text("media/y.cue", "FILE \"x.bin\" BINARY\n TRACK 01 AUDIO\n INDEX 01 00:00:00\n");
	postburn_free(queue);
	start(POSTBURN_RENAME_NO, false);
	ready = false;
	add("y.cue", "y.cue");
	add("x.cue", "x.cue");
	assert_int_equal(unlink(in_scratch("media/y.cue")), 0);
	ready = true;
	postburn_kick(queue);
	wait_for("");
	assert_string_equal(now.problem, "");
	assert_string_equal(now.last, "the 2 songs of x.cue are in \"The Band - Al_bum 3\"");
}

static void a_broken_disc_is_a_problem(void **state)
{
	(void)state;
	use_resolver();
	put_audio_disc();
	start(POSTBURN_RENAME_NO, false);
	assert_int_equal(unlink(in_scratch("media/x.bin")), 0);
	add("x.cue", "x.cue");
	wait_for("");
	assert_string_equal(now.problem,
		"the songs of x.cue were not copied: x.cue line 3: the file \"x.bin\" is missing");
	put_samples("media/x.bin", "", 0, 0, 450);
	assert_string_equal(names_in("media"), "x.bin x.cue ");
}

/* The disc is inserted again: the copy ends, and leaves nothing. */
static void an_insert_ends_the_copy(void **state)
{
	struct library_file f;

	(void)state;
	use_resolver();
	put_audio_disc();
	atomic_store(&busy, true);
	start(POSTBURN_RENAME_NO, false);
	add("x.cue", "x.cue");
	wait_for("extracting");
	f = find("x.cue");
	assert_int_equal(postburn_claim(queue, f.dev, f.ino), POSTBURN_IDLE);
	library_forget(&f);
	wait_for("");
	assert_non_null(strstr(now.last, "were given up"));
	assert_string_equal(now.problem, "");
	assert_string_equal(names_in("media"), "x.bin x.cue ");
}

static void a_burn_goes_first_and_a_stop_ends_the_copy(void **state)
{
	(void)state;
	use_resolver();
	put_audio_disc();
	atomic_store(&busy, true);
	start(POSTBURN_RENAME_NO, false);
	add("x.cue", "x.cue");
	wait_for("extracting");
	while (atomic_load(&looks) < 3)
		assert_true(sd_event_run(event, 5000) >= 0);
	postburn_status(queue, &now);
	assert_int_equal(now.percent, 0);
	postburn_free(queue);
	queue = NULL;
	assert_string_equal(names_in("media"), "x.bin x.cue ");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(songs_are_copied),
		T(songs_come_after_the_verification),
		T(other_discs_have_no_songs),
		T(a_problem_stays),
		T(a_broken_disc_is_a_problem),
		T(an_insert_ends_the_copy),
		T(a_burn_goes_first_and_a_stop_ends_the_copy),
	};

	return cmocka_run_group_tests_name("burned songs", tests, NULL, NULL);
}
