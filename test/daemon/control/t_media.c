// SPDX-License-Identifier: GPL-2.0-or-later
/* The types of discs, of blanks above all, in list, status and the answers to commands. */
#include "daemon/control/rw_fixture.h"

#include "image/image.h"
#include "protocol/field.h"
#include "util/array.h"

static const struct disc_medium *dl(void)
{
	return disc_medium_named("dvd+r-dl");
}

/* Two drives share a folder; an empty file is a DVD+R in one, and a DVD+R DL in the other. */
static int setup_two_blank_types(void **state)
{
	fake_blank[0] = NULL;
	fake_blank[1] = dl();
	return setup(state);
}

static int setup_one_blank_type(void **state)
{
	memset(fake_blank, 0, sizeof(fake_blank));
	return setup(state);
}

static bool has_state(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "%s.mmcdisc", name);
	return is_there(path);
}

/* Returns a member of an image in the answer to `line`, as text; "" = it has no such member. */
static const char *listed(const char *line, const char *name, const char *member)
{
	static char text[64];
	json_t *a = answer_to(line), *each;
	size_t i;

	strcpy(text, "not listed");
	json_array_foreach(json_object_get(a, "images"), i, each)
	{
		if (strcmp(json_string_value(json_object_get(each, "name")), name) == 0)
			snprintf(text, sizeof(text), "%s", field_text(each, member));
	}
	json_decref(a);
	return text;
}

static void an_empty_file_is_of_the_blank_type_of_its_drive(void **state)
{
	(void)state;
	put_size("media/e.iso", 0);
	assert_string_equal(listed("list\n", "e.iso", "medium"), "dvd+r");
	assert_string_equal(listed("list drive=drive1\n", "e.iso", "medium"), "dvd+r-dl");
	FIFO("insert e.iso drive=drive1\n", "ok: drive1: inserted e.iso (blank DVD+R DL, 8.55 GB)");
	/* While it is in drive1, a list for drive0 shows the type that it has in drive1. */
	assert_string_equal(listed("list drive=drive0\n", "e.iso", "medium"), "dvd+r-dl");
	FIFO("eject drive=drive1\n", "ok: drive1: ejected e.iso");
	FIFO("insert e.iso\n", "ok: drive0: inserted e.iso (blank DVD+R, 4.70 GB)");
	FIFO("eject\n", "ok: drive0: ejected e.iso");
	assert_false(has_state("e.iso"));
}

static void a_blank_keeps_its_medium_in_every_drive(void **state)
{
	(void)state;
	FIFO("blank d.iso drive=drive1\n", "ok: drive1: inserted d.iso (blank DVD+R DL, 8.55 GB)");
	FIFO("blank s.iso type=dvd+r drive=drive1\n",
		"ok: drive1: inserted s.iso (blank DVD+R, 4.70 GB)");
	FIFO("eject drive=drive1\n", "ok: drive1: ejected s.iso");
	FIFO("insert d.iso\n", "ok: drive0: inserted d.iso (blank DVD+R DL, 8.55 GB)");
	/* Drive0 takes an empty file for a DVD+R, but s.iso keeps its state file there. */
	FIFO("insert s.iso drive=drive0\n", "ok: drive0: inserted s.iso (blank DVD+R, 4.70 GB)");
	FIFO("eject\n", "ok: drive0: ejected s.iso");
	assert_true(has_state("s.iso") && has_state("d.iso"));
	FIFO("insert s.iso drive=drive1\n", "ok: drive1: inserted s.iso (blank DVD+R, 4.70 GB)");
	FIFO("eject drive=drive1\n", "ok: drive1: ejected s.iso");
	/* In drive0 an empty file is a DVD+R: a new blank of this type needs no state file. */
	FIFO("blank p.iso\n", "ok: drive0: inserted p.iso (blank DVD+R, 4.70 GB)");
	FIFO("eject\n", "ok: drive0: ejected p.iso");
	assert_false(has_state("p.iso"));
	FIFO("blank p.iso type=dvd+r drive=drive1\n",
		"error: \"p.iso\" exists and is a blank DVD+R DL; choose another name for a DVD+R, "
		"or delete it first");
}

/* Lists and status print the medium with its format state, of discs in a drive and of others. */
static void list_and_status_show_the_format_state(void **state)
{
	// clang-format off
	static const struct { const char *name, *kind, *medium, *format, *text; } rows[] = {
		{ "iso.iso", "iso", "dvd-rom", "", "DVD-ROM " },
		{ "r.iso", "appendable", "dvd+r", "", "appendable DVD+R, 1 session " },
		{ "rw.iso", "rewritable", "dvd+rw", "formatted", "DVD+RW, formatted " },
		{ "new.iso", "blank", "dvd+rw", "unformatted", "blank DVD+RW, unformatted " },
		{ "e.iso", "blank", "dvd+r", "", "blank DVD+R " },
	};
	// clang-format on
	json_t *a, *drive;

	(void)state;
	put_size("media/iso.iso", 4096);
	put_size("media/e.iso", 0);
	put_appendable("r.iso");
	put_rw("rw.iso", 5 << 20);
	FIFO("blank new.iso type=dvd+rw drive=drive1\n",
		"ok: drive1: inserted new.iso (blank DVD+RW, unformatted, 4.70 GB)");
	/* The second time, rw.iso is in drive0. */
	for (int in_drive = 0; in_drive < 2; in_drive++) {
		for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
			assert_string_equal(listed("list\n", rows[i].name, "kind"), rows[i].kind);
			assert_string_equal(
				listed("list\n", rows[i].name, "medium"), rows[i].medium);
			assert_string_equal(
				listed("list\n", rows[i].name, "format_state"), rows[i].format);
			fifo_slow("list\n", "ok: 7 images in ");
			assert_non_null(strstr(get_text("run/status"), rows[i].text));
		}
		if (in_drive == 0)
			FIFO("insert rw.iso\n", "ok: drive0: inserted rw.iso (DVD+RW, formatted, "
						"4.70 GB)");
	}
	a = answer_to("status\n");
	drive = json_array_get(json_object_get(a, "drives"), 0);
	assert_string_equal(json_string_value(json_object_get(drive, "state")), "rewritable");
	assert_string_equal(json_string_value(json_object_get(drive, "medium")), "dvd+rw");
	assert_string_equal(json_string_value(json_object_get(drive, "format_state")), "formatted");
	assert_int_equal(json_integer_value(json_object_get(drive, "recorded_blocks")), 2560);
	assert_int_equal(json_integer_value(json_object_get(drive, "size")), 5 << 20);
	drive = json_array_get(json_object_get(a, "drives"), 1);
	assert_string_equal(json_string_value(json_object_get(drive, "state")), "blank");
	assert_string_equal(
		json_string_value(json_object_get(drive, "format_state")), "unformatted");
	json_decref(a);
	fifo_slow("status\n", "ok: mmcgadgetd");
	assert_non_null(strstr(get_text("run/status"), "\n  format     formatted\n"));
	assert_non_null(strstr(get_text("run/status"), "\n  recorded   2560 of 2295104 blocks\n"));
}

/* Nothing can be finalised on a disc whose every block can be written again. */
static void a_rewritable_disc_is_not_closed(void **state)
{
	json_t *a;

	(void)state;
	put_rw("rw.iso", 4096);
	for (int in_drive = 0; in_drive < 2; in_drive++) {
		a = answer_to("close rw.iso\n");
		assert_string_equal(json_string_value(json_object_get(a, "code")), "not-closable");
		assert_string_equal(json_string_value(json_object_get(a, "message")),
			"drive0: \"rw.iso\" (DVD+RW, formatted) is never finalised: its data is "
			"kept "
			"as it is, and can be written again");
		json_decref(a);
		if (in_drive == 0)
			FIFO("insert rw.iso\n", "ok: drive0: inserted rw.iso (DVD+RW, formatted, "
						"4.70 GB)");
	}
	assert_int_equal(size_of("media/rw.iso"), 4096);
}

static void assert_medium(const char *medium, const char *state)
{
	json_t *a = answer_to("status\n");
	const json_t *drive = json_array_get(json_object_get(a, "drives"), 0);

	assert_string_equal(listed("list\n", "d.iso", "medium"), medium);
	assert_string_equal(field_text(drive, "state"), state);
	if (strcmp(state, "empty") != 0)
		assert_string_equal(field_text(drive, "medium"), medium);
	json_decref(a);
}

/* In the drive, in its open tray and out of it, list and status say the same of a burned disc. */
static void a_finalised_disc_is_the_same_wherever_it_is(void **state)
{
	(void)state;
	FIFO("blank d.iso\n", "ok: drive0: inserted d.iso (blank DVD+R, 4.70 GB)");
	assert_medium("dvd+r", "blank");
	assert_true(fake_ready(&usb[0]));
	assert_true(fake_write(&usb[0], 0));
	assert_medium("dvd+r", "open");
	assert_true(fake_host(&usb[0], 0x1b, 2));
	assert_medium("dvd+r", "ejected");
	assert_true(fake_host(&usb[0], 0x1b, 3));
	assert_true(fake_ready(&usb[0]));
	fifo_slow("close d.iso\n", "ok: drive0: closed d.iso (DVD-ROM, ");
	assert_medium("dvd-rom", "complete");
	for (int i = 0; i < 100000 && !fake_ready(&usb[0]); i++)
		fake_nap();
	assert_true(fake_ready(&usb[0]));
	assert_true(fake_host(&usb[0], 0x1b, 2));
	assert_medium("dvd-rom", "ejected");
	FIFO("eject\n", "ok: drive0: ejected d.iso");
	assert_medium("dvd-rom", "empty");
}

/* Before a disc is opened, the list says the same of it as while it is in the drive. */
static void list_says_the_same_of_a_disc_in_the_drive(void **state)
{
	static const struct {
		const char *kind;
		uint16_t sessions, tracks;
		struct disc_track track[3]; /* start, written, reserved, session, state */
		uint32_t blocks;
		enum disc_format
			format; /* of a DVD-RW that is being formatted, otherwise a DVD+R */
	} discs[] = {
		{"blank", 1, 1, {{0, 0, 0, 1, DISC_TRACK_INVISIBLE}}, 0, DISC_UNFORMATTED},
		{"open", 1, 1, {{0, 0, 96, 1, DISC_TRACK_RESERVED}}, 0, DISC_UNFORMATTED},
		{"open", 1, 1, {{0, 50, 0, 1, DISC_TRACK_OPEN}}, 50, DISC_UNFORMATTED},
		{"open", 1, 2,
			{{0, 50, 64, 1, DISC_TRACK_CLOSED}, {64, 0, 0, 1, DISC_TRACK_INVISIBLE}},
			50, DISC_UNFORMATTED},
		{"appendable", 2, 2,
			{{0, 64, 0, 1, DISC_TRACK_CLOSED}, {64, 0, 0, 2, DISC_TRACK_INVISIBLE}}, 64,
			DISC_UNFORMATTED},
		{"appendable", 2, 2,
			{{0, 64, 0, 1, DISC_TRACK_CLOSED}, {64, 0, 48, 2, DISC_TRACK_RESERVED}}, 64,
			DISC_UNFORMATTED},
		{"open", 2, 3,
			{{0, 64, 0, 1, DISC_TRACK_CLOSED}, {64, 16, 0, 2, DISC_TRACK_CLOSED},
				{80, 0, 0, 2, DISC_TRACK_INVISIBLE}},
			80, DISC_UNFORMATTED},
		{"open", 1, 1, {{0, 0, 0, 1, DISC_TRACK_OPEN}}, 0, DISC_INTERMEDIATE},
		{"appendable", 1, 1, {{0, 32, 0, 1, DISC_TRACK_OPEN}}, 32, DISC_INTERMEDIATE},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(discs); i++) {
		char name[16], path[32], command[32];
		struct disc_state s;
		json_t *a;

		disc_state_of_blank(disc_medium_named(discs[i].format ? "dvd-rw" : "dvd+r"), &s);
		s.format = discs[i].format;
		s.layout.sessions = discs[i].sessions;
		s.layout.tracks = discs[i].tracks;
		memcpy(s.layout.track, discs[i].track, sizeof(discs[i].track));
		snprintf(name, sizeof(name), "%zu.iso", i);
		snprintf(path, sizeof(path), "media/%s", name);
		put_size(path, discs[i].blocks * MEDIA_BLOCK);
		put_state(name, &s);
		assert_string_equal(listed("list\n", name, "kind"), discs[i].kind);
		snprintf(command, sizeof(command), "insert %s\n", name);
		a = answer_to(command);
		assert_true(answer_is_ok(a));
		assert_string_equal(field_text(a, "kind"), discs[i].kind);
		json_decref(a);
		assert_string_equal(listed("list\n", name, "kind"), discs[i].kind);
	}
}

/*
 * A state file of a daemon to come: its disc is one to read, an empty one is none, and neither file
 * is changed, not even by an eject.
 */
static void a_state_of_a_later_version_is_left_alone(void **state)
{
	static const char text[] = "mmcgadget disc state 9\ntype hd-dvd-r\n";
	json_t *a;

	(void)state;
	put_size("media/full.iso", 81920);
	put_text("media/full.iso.mmcdisc", text);
	put_size("media/empty.iso", 0);
	put_text("media/empty.iso.mmcdisc", text);
	a = answer_to("insert full.iso\n");
	assert_true(answer_is_ok(a));
	assert_string_equal(field_text(a, "message"),
		"drive0: inserted full.iso (DVD-ROM, 81.92 kB); read-only: its state file is of "
		"another version than this program knows");
	json_decref(a);
	FIFO("eject\n", "ok: drive0: ejected full.iso");
	a = answer_to("insert empty.iso\n");
	assert_false(answer_is_ok(a));
	assert_string_equal(field_text(a, "message"),
		"\"empty.iso\" is empty, and its state in \"empty.iso.mmcdisc\" is not that of a "
		"blank; remove one of them");
	json_decref(a);
	assert_int_equal(size_of("media/full.iso"), 81920);
	assert_int_equal(size_of("media/empty.iso"), 0);
	assert_string_equal(get_text("media/full.iso.mmcdisc"), text);
	assert_string_equal(get_text("media/empty.iso.mmcdisc"), text);
}

int main(void)
{
#define ONE(f) cmocka_unit_test_setup_teardown(f, setup_one_blank_type, teardown)
#define TWO(f) cmocka_unit_test_setup_teardown(f, setup_two_blank_types, teardown)
	const struct CMUnitTest tests[] = {
		TWO(an_empty_file_is_of_the_blank_type_of_its_drive),
		TWO(a_blank_keeps_its_medium_in_every_drive),
		ONE(list_and_status_show_the_format_state),
		ONE(a_rewritable_disc_is_not_closed),
		ONE(a_finalised_disc_is_the_same_wherever_it_is),
		ONE(list_says_the_same_of_a_disc_in_the_drive),
		ONE(a_state_of_a_later_version_is_left_alone),
	};

	return cmocka_run_group_tests_name("media", tests, NULL, NULL);
}
