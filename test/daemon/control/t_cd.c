// SPDX-License-Identifier: GPL-2.0-or-later
/* An ISO image as a CD-ROM: insert as= and drives[].iso, what list and status say, and restarts. */
#include "daemon/control/rw_fixture.h"

#include "image/image.h"
#include "library/image_as.h"
#include "protocol/field.h"
#include "util/array.h"

#define CD_BYTES(blocks) ((uint64_t)(blocks)*MEDIA_BLOCK)

/* drive0 shows images as DVDs, as by default; drive1 as the test says. */
static int setup_second(void **state, enum image_as as)
{
	memset(fake_blank, 0, sizeof(fake_blank));
	fake_iso[0] = IMAGE_AS_DRIVE;
	fake_iso[1] = as;
	return setup(state);
}

static int setup_auto(void **state)
{
	return setup_second(state, IMAGE_AS_AUTO);
}

static int setup_cd(void **state)
{
	return setup_second(state, IMAGE_AS_CD);
}

/* Returns a member of an image in the answer to `line`, as text. */
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

static const char *listed_medium(const char *line, const char *name)
{
	return listed(line, name, "medium");
}

static unsigned profile(unsigned drive)
{
	struct drive_info info;

	drive_get_info(usb[drive].drive, &info);
	return info.mmc.profile;
}

static void an_image_is_a_cd_if_the_user_says_so(void **state)
{
	json_t *a;

	(void)state;
	FIFO("insert a.iso as=cd\n", "ok: drive0: inserted a.iso (CD-ROM, 4.10 kB)");
	assert_int_equal(profile(0), 0x08);
	assert_string_equal(listed_medium("list\n", "a.iso"), "cd-rom");
	a = answer_to("status\n");
	assert_string_equal(
		field_text(json_array_get(json_object_get(a, "drives"), 0), "medium"), "cd-rom");
	json_decref(a);
	fifo_slow("status\n", "ok: mmcgadgetd");
	assert_non_null(strstr(get_text("run/status"), "CD-ROM"));
	/* Without as= it is a DVD again. */
	FIFO("insert a.iso\n", "ok: drive0: inserted a.iso (DVD-ROM, 4.10 kB)");
	assert_int_equal(profile(0), 0x10);
	assert_string_equal(listed_medium("list\n", "a.iso"), "dvd-rom");
	FIFO("insert a.iso AS=auto\n", "ok: drive0: inserted a.iso (CD-ROM, 4.10 kB)");
	FIFO("insert a.iso as=bd\n",
		"error: insert: an image can be as=cd, as=dvd or as=auto, not \"bd\"");
	FIFO("insert a.iso as=cd as=dvd\n", "error: insert: option \"as\" is given twice");
}

/* as=cd takes an image that fits on a CD of 99 minutes, "auto" one that fits on 80. */
static void a_cd_has_its_limits(void **state)
{
	(void)state;
	put_size("media/full.iso", (off_t)CD_BYTES(449849));
	put_size("media/over.iso", (off_t)CD_BYTES(449849) + 1);
	put_size("media/usual.iso", (off_t)CD_BYTES(359849));
	put_size("media/more.iso", (off_t)CD_BYTES(359850));
	FIFO("insert full.iso as=cd\n", "ok: drive0: inserted full.iso (CD-ROM, 921.29 MB)");
	FIFO("insert over.iso as=cd\n",
		"error: \"over.iso\" has 449850 blocks, and a CD has at most 449849 (99 minutes); "
		"insert it with as=dvd");
	assert_int_equal(profile(0), 0x08);
	FIFO("insert usual.iso drive=drive1\n",
		"ok: drive1: inserted usual.iso (CD-ROM, 736.97 MB)");
	FIFO("insert more.iso drive=drive1\n",
		"ok: drive1: inserted more.iso (DVD-ROM, 736.97 MB)");
	FIFO("insert usual.iso as=dvd drive=drive1\n",
		"ok: drive1: inserted usual.iso (DVD-ROM, 736.97 MB)");
	assert_string_equal(listed_medium("list drive=drive1\n", "more.iso"), "dvd-rom");
	assert_string_equal(listed_medium("list drive=drive1\n", "b c.iso"), "cd-rom");
	assert_string_equal(listed_medium("list\n", "b c.iso"), "dvd-rom");
}

static void a_drive_for_cds_refuses_what_is_none(void **state)
{
	(void)state;
	put_size("media/over.iso", (off_t)CD_BYTES(449849) + 1);
	put_size("media/full.iso", (off_t)CD_BYTES(449849));
	put_appendable("burned.iso");
	/* The list says beforehand what insert says. */
	assert_string_equal(listed("list drive=drive1\n", "over.iso", "remark"),
		"larger than a CD; insert it with as=dvd");
	assert_string_equal(listed("list drive=drive1\n", "full.iso", "remark"), "");
	assert_string_equal(listed("list drive=drive1\n", "burned.iso", "remark"), "");
	assert_string_equal(listed("list drive=drive0\n", "over.iso", "remark"), "");
	FIFO("insert over.iso drive=drive1\n",
		"error: \"over.iso\" has 449850 blocks, and a CD has at most 449849 (99 minutes); "
		"insert it with as=dvd");
	FIFO("insert over.iso as=dvd drive=drive1\n",
		"ok: drive1: inserted over.iso (DVD-ROM, 921.29 MB); its size is not a "
		"multiple of 2048: its last 1 bytes are shown as a zero-padded block");
	assert_string_equal(listed("list drive=drive1\n", "over.iso", "remark"), "");
	/* A disc that was burned as a DVD is a DVD in every drive. */
	fifo_slow("insert burned.iso drive=drive1\n",
		"ok: drive1: inserted burned.iso (appendable DVD+R, 1 session, 4.70 GB)");
	FIFO("eject drive=drive1\n", "ok: drive1: ejected burned.iso");
	wait_unlocked("media/burned.iso");
	FIFO("insert burned.iso as=cd\n",
		"error: \"burned.iso\" is a blank or was burned, so it is what it is; as= is for "
		"images that were copied here");
	put_size("media/e.iso", 0);
	FIFO("insert e.iso as=cd\n",
		"error: \"e.iso\" is a blank or was burned, so it is what it is; as= is for images "
		"that were copied here");
}

/*
 * A disc that was finalised in a drive with iso = "auto" stays a DVD, although its image alone
 * could be a CD.
 */
static void a_finalised_dvd_stays_one(void **state)
{
	(void)state;
	put_appendable("d.iso");
	fifo_slow("insert d.iso drive=drive1\n",
		"ok: drive1: inserted d.iso (appendable DVD+R, 1 session, 4.70 GB)");
	FIFO("close d.iso drive=drive1\n", "ok: drive1: closed d.iso (DVD-ROM, 32.77 kB)");
	FIFO("insert a.iso drive=drive1\n", "ok: drive1: inserted a.iso (CD-ROM, 4.10 kB)");
	FIFO("insert d.iso drive=drive1\n", "ok: drive1: inserted d.iso (DVD-ROM, 32.77 kB)");
	assert_int_equal(profile(1), 0x10);
	assert_string_equal(listed_medium("list drive=drive1\n", "d.iso"), "dvd-rom");
}

static void the_wish_survives_a_restart(void **state)
{
	enum drive_verb verb;
	const char *image;

	(void)state;
	FIFO("insert a.iso as=cd\n", "ok: drive0: inserted a.iso (CD-ROM, 4.10 kB)");
	drive_detach(usb[0].drive);
	drive_free(usb[0].drive);
	fake_drive(&usb[0], "drive0", event, &set, 2500);
	image = drive_initial_disc(usb[0].drive, &verb);
	assert_string_equal(image, "a.iso");
	assert_int_equal(drive_initial_as(usb[0].drive, image), IMAGE_AS_CD);
	assert_int_equal(drive_initial_as(usb[0].drive, "b c.iso"), IMAGE_AS_DRIVE);
}

static int setup_remembering(void **state)
{
	fake_remembers = true;
	return setup_second(state, IMAGE_AS_DRIVE);
}

static int teardown_remembering(void **state)
{
	fake_remembers = false;
	return teardown(state);
}

static void a_volume_of_udf_is_a_dvd(void **state)
{
	// clang-format off
	static const struct {
		enum image_as wish, drive;
		uint64_t blocks;
		bool udf;
		enum disc_type want;
	} rows[] = {
		{ IMAGE_AS_DRIVE, IMAGE_AS_AUTO, 1000, false, DISC_CD_ROM },
		{ IMAGE_AS_DRIVE, IMAGE_AS_AUTO, 1000, true, DISC_DVD_ROM },
		{ IMAGE_AS_CD, IMAGE_AS_AUTO, 1000, true, DISC_CD_ROM },
		{ IMAGE_AS_AUTO, IMAGE_AS_CD, 1000, true, DISC_DVD_ROM },
		{ IMAGE_AS_DVD, IMAGE_AS_CD, 1000, false, DISC_DVD_ROM },
		{ IMAGE_AS_DRIVE, IMAGE_AS_DRIVE, 1000, false, DISC_DVD_ROM },
		{ IMAGE_AS_DRIVE, IMAGE_AS_CD, 400000, false, DISC_CD_ROM },
		{ IMAGE_AS_DRIVE, IMAGE_AS_AUTO, 5000000, false, DISC_BD_ROM },
	};
	// clang-format on

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct disc_medium *m = image_as_medium(
			rows[i].wish, rows[i].drive, CD_BYTES(rows[i].blocks), rows[i].udf);

		assert_int_equal(m->type, rows[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			an_image_is_a_cd_if_the_user_says_so, setup_auto, teardown),
		cmocka_unit_test_setup_teardown(a_cd_has_its_limits, setup_auto, teardown),
		cmocka_unit_test_setup_teardown(
			a_drive_for_cds_refuses_what_is_none, setup_cd, teardown),
		cmocka_unit_test_setup_teardown(a_finalised_dvd_stays_one, setup_auto, teardown),
		cmocka_unit_test_setup_teardown(
			the_wish_survives_a_restart, setup_remembering, teardown_remembering),
		cmocka_unit_test(a_volume_of_udf_is_a_dvd),
	};

	return cmocka_run_group_tests_name("cd", tests, NULL, NULL);
}
