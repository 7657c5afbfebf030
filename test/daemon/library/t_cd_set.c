// SPDX-License-Identifier: GPL-2.0-or-later
/* The cue sheet beside a burned CD: written, found, renamed and deleted with the disc. */
#include "daemon/library/folder_fixture.h"

#include <errno.h>

#include "cd/text.h"
#include "daemon/rw_disc.h"
#include "catalog/catalog.h"
#include "library/cd_set.h"
#include "library/disc_file.h"
#include "image/image.h"
#include "lib/powercut.h"
#include "util/array.h"

#define BYTES (900u * CD_SECTOR)

/* A finalised CD-R of two audio tracks of 450 sectors, recorded session-at-once. */
static void audio_state(struct disc_state *s)
{
	disc_state_of_blank(disc_medium_named("cd-r"), s);
	s->cd.finalised = true;
	s->cd.sessions = 1;
	s->cd.tracks = 2;
	for (unsigned i = 0; i < 2; i++)
		s->cd.track[i] = (struct disc_cd_track){.start = (int32_t)i * 450,
			.pregap = i == 0 ? 150 : 0,
			.written = 450,
			.unit = CD_SECTOR,
			.session = 1,
			.form = CD_AUDIO};
}

static void put_burned(const char *name, const struct disc_state *s)
{
	struct disc_state copy = *s;
	char path[128];

	snprintf(path, sizeof(path), "media/%s", name);
	put_size(path, BYTES);
	put_state(name, &copy);
}

static void put_audio(const char *name)
{
	struct disc_state s;

	audio_state(&s);
	put_burned(name, &s);
}

/* The titles need no packs; a language other than English does. */
static void add_text(struct disc_state *s, unsigned language)
{
	static const char title[12] = "Album\0First";
	uint8_t *pack = s->cd.text[s->cd.text_packs++];

	memset(pack, 0, CD_TEXT_PACK);
	pack[0] = 0x80;
	pack[3] = (uint8_t)(language << 4);
	memcpy(pack + 4, title, sizeof(title));
	cd_text_seal(pack);
}

static struct cd_set update(const char *name)
{
	struct folder *f = folder_file_of(folder);
	struct cd_set set;

	assert_int_equal(disc_file_update_set(f, name, &set), 0);
	f->ops->close(f);
	return set;
}

static bool exists(const char *name)
{
	return faccessat(folder, name, F_OK, 0) == 0;
}

static const char two_tracks[] = "REM MMCGADGET %s\r\n"
				 "FILE \"%s\" BINARY\r\n"
				 "  TRACK 01 AUDIO\r\n"
				 "    INDEX 01 00:00:00\r\n"
				 "  TRACK 02 AUDIO\r\n"
				 "    INDEX 01 00:06:00\r\n";

static void assert_cue(const char *cue, const char *image)
{
	char text[1024], path[128];

	snprintf(path, sizeof(path), "media/%s", cue);
	snprintf(text, sizeof(text), two_tracks, image, image);
	assert_string_equal(get_text(path), text);
}

static void burned_cd_gets_a_cue_sheet(void **state)
{
	struct cd_set set;

	(void)state;
	put_audio("album.bin");
	set = update("album.bin");
	assert_string_equal(set.cue, "album.cue");
	assert_true(set.changed && set.finalised && !set.why);
	assert_cue("album.cue", "album.bin");
	assert_false(exists("album.cdt"));
	/* It is there. */
	set = update("album.bin");
	assert_string_equal(set.cue, "album.cue");
	assert_false(set.changed);
	/* A user has added a line, so the text is not the daemon's any more. */
	put_text("media/album.cue", "REM MMCGADGET album.bin\r\nREM changed\r\n");
	assert_true(update("album.bin").changed);
	assert_cue("album.cue", "album.bin");
}

static void files_of_others_stay(void **state)
{
	struct disc_state s;
	struct cd_set set;

	(void)state;
	put_audio("album.bin");
	put_text("media/album.cue", "REM mine\r\n");
	set = update("album.bin");
	assert_string_equal(set.cue, "album-2.cue");
	assert_string_equal(get_text("media/album.cue"), "REM mine\r\n");
	assert_cue("album-2.cue", "album.bin");
	/* Another disc of ours has the name, too. */
	put_audio("album.iso");
	assert_string_equal(update("album.iso").cue, "album-3.cue");
	assert_cue("album-2.cue", "album.bin");
	/* The packs of a disc need a name that is free as well. */
	audio_state(&s);
	add_text(&s, 1);
	put_burned("german.bin", &s);
	put_text("media/german.cdt", "mine");
	set = update("german.bin");
	assert_string_equal(set.cue, "german-2.cue");
	assert_string_equal(get_text("media/german.cdt"), "mine");
	assert_memory_equal(get_text("media/german-2.cdt"), s.cd.text[0], CD_TEXT_PACK);
	assert_non_null(strstr(get_text("media/german-2.cue"), "CDTEXTFILE \"german-2.cdt\"\r\n"));
	/* None is free. */
	put_audio("full.bin");
	for (int i = 1; i <= 9; i++) {
		char path[64];

		snprintf(path, sizeof(path), i == 1 ? "media/full.cue" : "media/full-%d.cue", i);
		put_text(path, "REM mine\r\n");
	}
	set = update("full.bin");
	assert_string_equal(set.why, "all names for it are taken by other files");
	assert_string_equal(set.cue, "");
}

/* A folder, a link, and a file that the daemon may not read. */
static void names_that_cannot_be_read_are_taken(void **state)
{
	static const char *const names[] = {"folder", "link", "secret"};
	struct disc_state s;

	(void)state;
	assert_int_equal(mkdirat(folder, "folder.cdt", 0755), 0);
	assert_int_equal(symlinkat("nowhere", folder, "link.cdt"), 0);
	put_text("media/secret.cdt", "mine");
	assert_int_equal(fchmodat(folder, "secret.cdt", 0, 0), 0);
	audio_state(&s);
	add_text(&s, 1);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char image[32], cue[32];

		snprintf(image, sizeof(image), "%s.bin", names[i]);
		snprintf(cue, sizeof(cue), "%s-2.cue", names[i]);
		put_burned(image, &s);
		assert_string_equal(update(image).cue, cue);
	}
}

static void other_discs_need_none(void **state)
{
	struct disc_state s;

	(void)state;
	audio_state(&s);
	s.cd.finalised = false;
	put_burned("open.bin", &s);
	assert_false(update("open.bin").changed);
	/* Data alone: a plain ISO. */
	audio_state(&s);
	for (unsigned i = 0; i < 2; i++) {
		s.cd.track[i].form = CD_MODE1;
		s.cd.track[i].control = 4;
		s.cd.track[i].unit = 2048;
	}
	put_burned("data.iso", &s);
	assert_true(update("data.iso").finalised);
	assert_false(exists("data.cue") || exists("open.cue"));
	/* No state file, or one of another medium. */
	assert_false(update("a.iso").changed);
	put_rw("rw.iso", 32768);
	assert_false(update("rw.iso").changed);
}

/* A CD-RW that was erased: what is beside it is of the disc before. */
static void blank_loses_its_cue_sheet(void **state)
{
	struct disc_state s;
	struct cd_set set;

	(void)state;
	audio_state(&s);
	add_text(&s, 1);
	put_burned("a.bin", &s);
	assert_string_equal(update("a.bin").cue, "a.cue");
	assert_true(exists("a.cdt"));
	put_text("media/a-2.cue", "REM mine\r\n");
	disc_state_of_blank(disc_medium_named("cd-rw"), &s);
	put_state("a.bin", &s);
	set = update("a.bin");
	assert_true(set.changed && !set.finalised);
	assert_false(exists("a.cue") || exists("a.cdt"));
	assert_true(exists("a-2.cue"));
}

static void set_is_renamed_and_deleted_as_one(void **state)
{
	struct folder *f = folder_file_of(folder);
	struct disc_files done;
	struct disc_state s;

	(void)state;
	audio_state(&s);
	add_text(&s, 1);
	put_burned("a.bin", &s);
	update("a.bin");
	assert_int_equal(disc_file_rename(f, "a.bin", "summer.bin", &done), 0);
	assert_true(done.image && done.state && done.cue);
	assert_false(exists("a.cue") || exists("a.cdt") || exists("a.bin"));
	assert_non_null(strstr(get_text("media/summer.cue"), "\r\nFILE \"summer.bin\" BINARY\r\n"));
	assert_non_null(strstr(get_text("media/summer.cue"), "CDTEXTFILE \"summer.cdt\"\r\n"));
	assert_int_equal(disc_file_delete(f, "summer.bin", &done), 0);
	assert_true(done.image && done.state && done.cue);
	assert_false(exists("summer.cue") || exists("summer.cdt") || exists("summer.bin"));
	f->ops->close(f);
}

static void either_name_is_the_disc(void **state)
{
	const struct image_policy policy = {0};
	struct image image;
	struct refusal why;

	(void)state;
	put_audio("album.bin");
	update("album.bin");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(image_open(folder, "/media", i ? "album.cue" : "album.bin",
					 &policy, &image, &why),
			0);
		assert_string_equal(image.name, "album.bin");
		assert_string_equal(image.warning, "");
		assert_int_equal(image.disc->medium->type, DISC_CD_R);
		image_fini(&image);
	}
	/* In a folder, too. */
	put_audio("sub/x.bin");
	renameat(folder, "album.cue", folder, "sub/album.cue");
	put_text("media/sub/x.cue", "REM MMCGADGET x.bin\r\n");
	assert_int_equal(image_open(folder, "/media", "sub/x.cue", &policy, &image, &why), 0);
	assert_string_equal(image.name, "sub/x.bin");
	image_fini(&image);
}

static void no_label(int fd, uint64_t session, struct label *out)
{
	(void)fd;
	(void)session;
	*out = (struct label){.text = ""};
}

static void list_shows_the_disc_once(void **state)
{
	struct catalog_scan scan = {.folder = folder,
		.path = "/media",
		.max = 100,
		.label_wait = 1000,
		.look_wait = 1000};
	struct catalog_labels cache = {0};
	struct catalog_list list;
	struct disc_state s;
	const struct catalog_entry *e = NULL;

	(void)state;
	scan.read_label = no_label;
	audio_state(&s);
	add_text(&s, 1);
	put_burned("album.bin", &s);
	update("album.bin");
	assert_true(exists("album.cue") && exists("album.cdt"));
	catalog_scan(&scan, &cache, &list);
	for (size_t i = 0; i < list.count; i++) {
		assert_string_not_equal(list.entry[i].name, "album.cue");
		assert_string_not_equal(list.entry[i].name, "album.cdt");
		if (strcmp(list.entry[i].name, "album.bin") == 0)
			e = &list.entry[i];
	}
	assert_non_null(e);
	assert_string_equal(e->medium, "cd-r");
	assert_string_equal(e->kind, "iso");
	assert_int_equal(e->tracks.audio, 2);
	assert_int_equal(e->tracks.seconds, 14);
	assert_true(e->is_disc && e->usable);
	catalog_list_fini(&list);
	catalog_labels_fini(&cache);
}

/* ---- power cuts --------------------------------------------------------------------------- */

#define OLD_SET "old.bin"
#define NEW_SET "new.bin"

static struct folder *folder_with_set(struct powercut *c, bool with_cue)
{
	static char text[STORE_TEXT_MAX];
	struct folder *f = powercut_folder(c);
	struct disc_state s;
	struct cd_set set;
	size_t len;

	audio_state(&s);
	add_text(&s, 1);
	len = disc_state_encode(&s, text);
	assert_int_equal(f->ops->write(f, OLD_SET, "image", 5), 0);
	assert_int_equal(f->ops->sync(f, OLD_SET), 0);
	assert_int_equal(f->ops->write(f, OLD_SET STORE_SUFFIX, text, len), 0);
	assert_int_equal(f->ops->sync(f, OLD_SET STORE_SUFFIX), 0);
	if (with_cue)
		assert_int_equal(cd_set_update(f, OLD_SET, &set), 0);
	assert_int_equal(f->ops->sync_names(f), 0);
	return f;
}

/* After any cut of a write or a rename, one update makes all of it good. */
static void power_cuts_are_made_good(void **state)
{
	unsigned cuts = 0;

	(void)state;
	for (unsigned rename = 0; rename < 2; rename++) {
		for (uint64_t at = 0;; at++) {
			struct powercut *c = powercut_new(1, at + 1, true);
			struct folder *f = folder_with_set(c, rename);
			struct disc_files done;
			struct cd_set set;
			const char *name;
			bool reached;

			powercut_plan(c, POWERCUT_POWER, c->ops + at, 0);
			if (rename)
				(void)disc_file_rename(f, OLD_SET, NEW_SET, &done);
			else
				(void)cd_set_update(f, OLD_SET, &set);
			reached = c->reached;
			powercut_plan(c, POWERCUT_NOTHING, 0, 0);
			f->ops->close(f);
			powercut_power_on(c, POWERCUT_JOURNAL);
			f = powercut_folder(c);
			name = powercut_has(c, NEW_SET) ? NEW_SET : OLD_SET;
			assert_true(powercut_has(c, name));
			assert_int_equal(cd_set_update(f, name, &set), 0);
			assert_null(set.why);
			assert_string_equal(set.cue, name[0] == 'n' ? "new.cue" : "old.cue");
			assert_true(powercut_has(c, set.cue));
			assert_true(powercut_has(c, name[0] == 'n' ? "new.cdt" : "old.cdt"));
			assert_int_equal(cd_set_update(f, name, &set), 0);
			assert_false(set.changed);
			f->ops->close(f);
			powercut_free(c);
			if (!reached)
				break;
			cuts++;
		}
	}
	assert_true(cuts > 15);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(burned_cd_gets_a_cue_sheet, setup, teardown),
		cmocka_unit_test_setup_teardown(files_of_others_stay, setup, teardown),
		cmocka_unit_test_setup_teardown(
			names_that_cannot_be_read_are_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(other_discs_need_none, setup, teardown),
		cmocka_unit_test_setup_teardown(blank_loses_its_cue_sheet, setup, teardown),
		cmocka_unit_test_setup_teardown(set_is_renamed_and_deleted_as_one, setup, teardown),
		cmocka_unit_test_setup_teardown(either_name_is_the_disc, setup, teardown),
		cmocka_unit_test_setup_teardown(list_shows_the_disc_once, setup, teardown),
		cmocka_unit_test(power_cuts_are_made_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
