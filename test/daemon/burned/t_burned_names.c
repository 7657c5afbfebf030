// SPDX-License-Identifier: GPL-2.0-or-later
/* The names that burned CDs get: from their CD-Text or volume, with their cue sheets. */
#include "daemon/library/folder_fixture.h"

#include <errno.h>
#include <systemd/sd-event.h>
#include <time.h>

#include "burned/postburn.h"
#include "catalog/catalog.h"
#include "cd/text.h"
#include "daemon/iso.h"
#include "daemon/rw_disc.h"
#include "disc/cd_record.h"
#include "image/image.h"
#include "library/disc_file.h"
#include "util/array.h"
#include "util/log.h"

#define WAIT_SECONDS 15u
#define SECTORS      300u

static const char first_line[] = "REM MMCGADGET %s\r\n";

/* A finalised CD-R of tracks of 300 sectors, which were recorded session-at-once. */
static void cd_of(struct disc_state *s, const uint8_t *form, unsigned tracks)
{
	disc_state_of_blank(disc_medium_named("cd-r"), s);
	s->cd.finalised = true;
	s->cd.sessions = 1;
	s->cd.tracks = (uint8_t)tracks;
	for (unsigned i = 0; i < tracks; i++)
		s->cd.track[i] = (struct disc_cd_track){.start = (int32_t)(i * SECTORS),
			.pregap = i == 0 ? 150 : 0,
			.written = SECTORS,
			.unit = form[0] == CD_MODE1 && tracks == 1 ? 2048 : CD_SECTOR,
			.session = 1,
			.control = form[i] == CD_AUDIO ? 0 : 4,
			.form = form[i]};
}

static void audio(struct disc_state *s)
{
	cd_of(s, (const uint8_t[]){CD_AUDIO, CD_AUDIO}, 2);
}

/* The title of the album in packs of that language; 9: English, which a cue sheet says as well. */
static void add_title(struct disc_state *s, const char *title, unsigned language)
{
	size_t len = strlen(title) + 1;

	for (size_t at = 0; at < len; at += 12) {
		uint8_t *pack = s->cd.text[s->cd.text_packs];

		memset(pack, 0, CD_TEXT_PACK);
		pack[0] = 0x80;
		pack[2] = (uint8_t)s->cd.text_packs++;
		pack[3] = (uint8_t)(at > 15 ? 15 : at);
		memcpy(pack + 4, title + at, len - at < 12 ? len - at : 12);
		cd_text_seal(pack);
	}
	for (uint8_t i = 0; language != 9 && i < 3; i++) {
		uint8_t *pack = s->cd.text[s->cd.text_packs];

		memset(pack, 0, CD_TEXT_PACK);
		pack[0] = 0x8f;
		pack[1] = i;
		pack[2] = (uint8_t)s->cd.text_packs++;
		pack[8] = i == 2 ? (uint8_t)language : 0;
		cd_text_seal(pack);
	}
}

/* The image with its state, and its cue sheet if it is to have one. */
static void put_cd(const char *name, struct disc_state *s)
{
	struct folder *f = folder_file_of(folder);
	struct cd_set set;
	char path[128];

	snprintf(path, sizeof(path), "media/%s", name);
	if (access(in_scratch(path), F_OK) < 0)
		put_size(path, (off_t)s->cd.tracks * SECTORS * s->cd.track[0].unit);
	put_state(name, s);
	assert_int_equal(disc_file_update_set(f, name, &set), 0);
	f->ops->close(f);
}

static bool exists(const char *name)
{
	return faccessat(folder, name, F_OK, 0) == 0;
}

static bool is_cue_of(const char *cue, const char *image)
{
	char path[128], line[300];

	snprintf(path, sizeof(path), "media/%s", cue);
	snprintf(line, sizeof(line), first_line, image);
	return exists(cue) && strncmp(get_text(path), line, strlen(line)) == 0;
}

/* ---- the queue ---------------------------------------------------------------------------- */

static char new_name[256];

static bool is_ready(void *ctx)
{
	(void)ctx;
	return true;
}

static void on_done(void *ctx, const struct postburn_result *result)
{
	(void)ctx;
	assert_string_equal(result->problem, "");
	snprintf(new_name, sizeof(new_name), "%s", result->name);
}

/* The disc left its drive. Returns its new name. */
static const char *treat(const char *name, enum postburn_rename rename)
{
	const struct postburn_config config = {.drive = "test",
		.rename = rename,
		.media = in_scratch("media"),
		.ready = is_ready,
		.done = on_done};
	time_t end = time(NULL) + WAIT_SECONDS;
	struct postburn *queue;
	struct library_file f;
	struct image_place *place;
	sd_event *event;

	assert_true(sd_event_new(&event) >= 0);
	assert_int_equal(postburn_new(&config, event, &queue), 0);
	assert_int_equal(library_find(folder, name, &f), 0);
	assert_int_equal(image_place_new(&f, &place), 0);
	library_forget(&f);
	new_name[0] = '\0';
	postburn_add(queue, name, place);
	image_place_unref(place);
	while (!new_name[0] && time(NULL) < end)
		assert_true(sd_event_run(event, 5000) >= 0);
	postburn_free(queue);
	sd_event_unref(event);
	return new_name;
}

static bool is_by_date(const char *name, const char *suffix)
{
	return strlen(name) == strlen("2026-11-26-153012.bin") && name[4] == '-' &&
	       strcmp(name + 17, suffix) == 0;
}

/* ---- tests -------------------------------------------------------------------------------- */

static void audio_cd_has_the_name_of_its_album(void **state)
{
	struct disc_state s;

	(void)state;
	audio(&s);
	add_title(&s, "../The Wall?\x1b", 9);
	put_cd("blank-1.iso", &s);
	assert_true(is_cue_of("blank-1.cue", "blank-1.iso"));
	assert_string_equal(treat("blank-1.iso", POSTBURN_RENAME_LABEL), "_The Wall_.bin");
	assert_true(is_cue_of("_The Wall_.cue", "_The Wall_.bin"));
	assert_true(exists("_The Wall_.bin.mmcdisc"));
	assert_false(
		exists("blank-1.iso") || exists("blank-1.cue") || exists("blank-1.iso.mmcdisc"));
}

static void audio_cd_without_text_is_named_by_date(void **state)
{
	struct disc_state s;
	char cue[256];

	(void)state;
	audio(&s);
	put_cd("a.iso", &s);
	assert_true(is_by_date(treat("a.iso", POSTBURN_RENAME_LABEL), ".bin"));
	snprintf(cue, sizeof(cue), "%.17s.cue", new_name);
	assert_true(is_cue_of(cue, new_name));
	assert_false(exists("a.cue"));
	/* By date anyway. */
	add_title(&s, "Album", 9);
	put_cd("take1.bin", &s);
	assert_true(is_by_date(treat("take1.bin", POSTBURN_RENAME_DATE), ".bin") ||
		    strstr(new_name, "-2.bin"));
}

static void data_cd_is_an_iso(void **state)
{
	struct disc_state s;

	(void)state;
	cd_of(&s, (const uint8_t[]){CD_MODE1}, 1);
	put_iso("media/take1.bin", "HOLIDAY");
	assert_int_equal(truncate(in_scratch("media/take1.bin"), SECTORS * 2048), 0);
	put_cd("take1.bin", &s);
	assert_string_equal(treat("take1.bin", POSTBURN_RENAME_LABEL), "HOLIDAY.iso");
	assert_true(exists("HOLIDAY.iso.mmcdisc"));
	assert_false(exists("HOLIDAY.cue"));
}

/* Puts the blocks of an ISO into sectors of 2352 bytes. */
static void put_iso_in_sectors(const char *name, const char *label)
{
	uint8_t block[2048];
	int iso, fd;

	put_iso("outside/iso", label);
	iso = open(in_scratch("outside/iso"), O_RDONLY);
	fd = open(in_scratch(name), O_WRONLY | O_CREAT, 0644);
	assert_true(iso >= 0 && fd >= 0);
	for (off_t i = 0; i < (off_t)(ISO_SIZE / 2048); i++) {
		assert_int_equal(pread(iso, block, 2048, i * 2048), 2048);
		assert_int_equal(pwrite(fd, block, 2048, i * (off_t)CD_SECTOR + 16), 2048);
	}
	assert_int_equal(ftruncate(fd, (off_t)(2 * SECTORS * CD_SECTOR)), 0);
	close(iso);
	close(fd);
}

static void mixed_cd_has_the_name_of_its_volume(void **state)
{
	struct disc_state s;

	(void)state;
	cd_of(&s, (const uint8_t[]){CD_MODE1, CD_AUDIO}, 2);
	add_title(&s, "Album", 9);
	put_iso_in_sectors("media/b.iso", "GAME");
	put_cd("b.iso", &s);
	assert_string_equal(treat("b.iso", POSTBURN_RENAME_LABEL), "GAME.bin");
	assert_true(is_cue_of("GAME.cue", "GAME.bin"));
}

/* Image and cue sheet have one name, or the next number. */
static void names_that_are_taken_are_left_out(void **state)
{
	struct disc_state s;

	(void)state;
	audio(&s);
	add_title(&s, "Album", 7);
	put_text("media/Album.cue", "REM mine\r\n");
	put_size("media/Album-2.bin", 1);
	put_text("media/Album-3.cdt", "mine");
	put_text("media/Album-4.iso", "another disc");
	put_cd("a.iso", &s);
	assert_true(exists("a.cdt"));
	assert_string_equal(treat("a.iso", POSTBURN_RENAME_LABEL), "Album-4.bin");
	assert_true(is_cue_of("Album-4.cue", "Album-4.bin") && exists("Album-4.cdt"));
	assert_string_equal(get_text("media/Album.cue"), "REM mine\r\n");
	assert_string_equal(get_text("media/Album-3.cdt"), "mine");
	/* It has its name already. */
	assert_string_equal(treat("Album-4.bin", POSTBURN_RENAME_LABEL), "Album-4.bin");
	assert_true(is_cue_of("Album-4.cue", "Album-4.bin"));
}

/* The disc's own cue sheet does not make the new name a taken one. */
static void suffix_alone_may_change(void **state)
{
	struct disc_state s;

	(void)state;
	audio(&s);
	add_title(&s, "Album", 7);
	put_cd("Album.iso", &s);
	assert_true(is_cue_of("Album.cue", "Album.iso") && exists("Album.cdt"));
	assert_string_equal(treat("Album.iso", POSTBURN_RENAME_LABEL), "Album.bin");
	assert_true(is_cue_of("Album.cue", "Album.bin") && exists("Album.cdt"));
	assert_false(exists("Album-2.cue") || exists("Album-2.cdt") || exists("Album.iso"));
}

static bool nobody_uses(void *ctx, dev_t dev, ino_t ino)
{
	(void)ctx;
	(void)dev;
	(void)ino;
	return false;
}

/* A name that the daemon gave follows what became of the blank; one of somebody else stays. */
static void blank_gets_the_suffix_of_what_it_became(void **state)
{
	static const char *const others[] = {"blank-.iso", "blank-1x.iso", "blank-12345.iso",
		"my blank-1.iso", "blank-7.bin", "song.iso"};
	char next[POSTBURN_STEM];
	struct disc_state s;

	(void)state;
	audio(&s);
	put_cd("blank-3.iso", &s);
	assert_string_equal(treat("blank-3.iso", POSTBURN_RENAME_SUFFIX), "blank-3.bin");
	assert_true(is_cue_of("blank-3.cue", "blank-3.bin"));
	assert_false(exists("blank-3.iso"));
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		put_cd(others[i], &s);
		assert_string_equal(treat(others[i], POSTBURN_RENAME_SUFFIX), others[i]);
	}
	/* Data are an ISO. */
	cd_of(&s, (const uint8_t[]){CD_MODE1}, 1);
	put_cd("blank-1.iso", &s);
	assert_string_equal(treat("blank-1.iso", POSTBURN_RENAME_SUFFIX), "blank-1.iso");
	assert_int_equal(
		postburn_blank_name(folder, disc_medium_of_blank(), nobody_uses, NULL, next), 0);
	assert_string_equal(next, "blank-2.iso");
	put_size("media/blank-2.iso", 1);
	assert_int_equal(
		postburn_blank_name(folder, disc_medium_of_blank(), nobody_uses, NULL, next), 0);
	assert_string_equal(next, "blank-4.iso");
}

/* Other blanks than a DVD+R have a state file from the beginning. */
static void empty_blank_with_a_state_is_used_again(void **state)
{
	const struct disc_medium *cd = disc_medium_named("cd-r"), *rw = disc_medium_named("dvd-rw");
	const struct image_blank blank[] = {
		{.medium = rw}, {cd, disc_cd_capacity(74)}, {.medium = cd}};
	char name[POSTBURN_STEM];
	struct refusal why;
	struct disc_state s;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(blank); i++) {
		snprintf(name, sizeof(name), "blank-%u.iso", i + 1);
		assert_int_equal(image_create_blank(folder, "media", name, &blank[i], cd, &why), 0);
	}
	assert_int_equal(postburn_blank_name(folder, rw, nobody_uses, NULL, name), 0);
	assert_string_equal(name, "blank-1.iso");
	/* Not of 74 minutes, since a new one would have 80. */
	assert_int_equal(postburn_blank_name(folder, cd, nobody_uses, NULL, name), 0);
	assert_string_equal(name, "blank-3.iso");
	assert_int_equal(image_create_blank(folder, "media", name,
				 &(struct image_blank){.medium = cd}, cd, &why),
		0);
	assert_int_equal(
		postburn_blank_name(folder, disc_medium_of_blank(), nobody_uses, NULL, name), 0);
	assert_string_equal(name, "blank-4.iso");
	/* Something is recorded on it, of which the image is to have nothing. */
	cd_of(&s, (const uint8_t[]){CD_AUDIO}, 1);
	s.cd.finalised = false;
	put_state("blank-3.iso", &s);
	assert_int_equal(postburn_blank_name(folder, cd, nobody_uses, NULL, name), 0);
	assert_string_equal(name, "blank-4.iso");
	/* Only the state file of a deleted blank is there: its number is not used again. */
	assert_int_equal(unlink(in_scratch("media/blank-1.iso")), 0);
	assert_int_equal(postburn_blank_name(folder, rw, nobody_uses, NULL, name), 0);
	assert_string_equal(name, "blank-4.iso");
}

static const char *label_in_list(const char *name)
{
	static char label[256];
	static struct catalog_labels cache;
	const struct catalog_scan scan = {.folder = folder,
		.path = "/media",
		.max = 100,
		.label_wait = 5000,
		.look_wait = 5000,
		.read_label = label_read};
	struct catalog_list list;

	strcpy(label, "?");
	catalog_scan(&scan, &cache, &list);
	for (size_t i = 0; i < list.count; i++) {
		if (strcmp(list.entry[i].name, name) == 0 && list.entry[i].label)
			snprintf(label, sizeof(label), "%s", list.entry[i].label);
	}
	catalog_list_fini(&list);
	catalog_labels_fini(&cache);
	return label;
}

static void list_has_the_same_names(void **state)
{
	struct disc_state s;

	(void)state;
	audio(&s);
	add_title(&s, "M\xe4rz", 9);
	put_cd("a.bin", &s);
	assert_string_equal(label_in_list("a.bin"), "M\xc3\xa4rz");
	put_iso_in_sectors("media/b.bin", "GAME");
	cd_of(&s, (const uint8_t[]){CD_MODE1, CD_AUDIO}, 2);
	put_cd("b.bin", &s);
	assert_string_equal(label_in_list("b.bin"), "GAME");
	/* It is not finalised. */
	audio(&s);
	add_title(&s, "Album", 9);
	s.cd.finalised = false;
	put_cd("c.bin", &s);
	assert_string_equal(label_in_list("c.bin"), "");
}

/* Each character of the title takes two bytes of the label: the last byte holds none of them. */
static void long_title_is_cut_between_characters(void **state)
{
	char title[201], label[2 * 127 + 1];
	struct disc_state s;

	(void)state;
	memset(title, 0xe4, sizeof(title) - 1);
	title[sizeof(title) - 1] = '\0';
	for (size_t i = 0; i < sizeof(label) - 1; i++)
		label[i] = i % 2 ? (char)0xa4 : (char)0xc3;
	label[sizeof(label) - 1] = '\0';
	audio(&s);
	add_title(&s, title, 9);
	put_cd("a.bin", &s);
	assert_string_equal(label_in_list("a.bin"), label);
}

static int begin(void **state)
{
	log_set_level(LOG_LEVEL_ERROR);
	return setup(state);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, teardown)
	const struct CMUnitTest tests[] = {
		T(audio_cd_has_the_name_of_its_album),
		T(audio_cd_without_text_is_named_by_date),
		T(data_cd_is_an_iso),
		T(mixed_cd_has_the_name_of_its_volume),
		T(names_that_are_taken_are_left_out),
		T(suffix_alone_may_change),
		T(blank_gets_the_suffix_of_what_it_became),
		T(empty_blank_with_a_state_is_used_again),
		T(list_has_the_same_names),
		T(long_title_is_cut_between_characters),
	};

	return cmocka_run_group_tests_name("names of burned CDs", tests, NULL, NULL);
}
