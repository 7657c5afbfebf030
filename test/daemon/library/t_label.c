// SPDX-License-Identifier: GPL-2.0-or-later
/* Labels that are read without libblkid are those that libblkid reads. */
#include "daemon/iso.h"

#include <sys/mman.h>

#include "library/label.h"
#include "library/plain_label.h"
#include "util/array.h"

#define BLOCK  2048u
#define BLOCKS 6u /* descriptors, as in plain_label.h */

static uint8_t image[PLAIN_LABEL_AT + 20 * BLOCK];

static uint8_t *block(unsigned i)
{
	return image + PLAIN_LABEL_AT + i * BLOCK;
}

static void put_id(unsigned i, uint8_t type, const char *id)
{
	block(i)[0] = type;
	memcpy(block(i) + 1, id, 5);
	block(i)[6] = 1;
}

static void put_primary(unsigned i, const char *name)
{
	uint8_t *p = block(i);

	put_id(i, 1, "CD001");
	memset(p + 8, ' ', 64);
	memcpy(p + 40, name, strlen(name));
	p[80] = p[87] = 30; /* blocks */
	p[129] = p[130] = 8;
}

/* Joliet, ECMA-119 8.5: the name is UTF-16, with one byte of `name` for each character. */
static void put_joliet(unsigned i, const char *name, char pad)
{
	uint8_t *p = block(i);
	size_t n = strlen(name);

	put_id(i, 2, "CD001");
	for (unsigned k = 0; k < 16; k++)
		p[40 + 2 * k + 1] = (uint8_t)(k < n ? name[k] : pad);
	memcpy(p + 88, "%/E", 3);
}

/* Reads the image both ways. Returns true if the label was read without libblkid. */
static bool same_for(size_t size)
{
	size_t n = size < PLAIN_LABEL_AT ? 0 : size - PLAIN_LABEL_AT;
	struct label plain = {.text = ""}, full, read;
	int fd = memfd_create("image", MFD_CLOEXEC);
	enum plain_label kind;

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, image, size, 0), (ssize_t)size);
	kind = plain_label(
		image + PLAIN_LABEL_AT, n < PLAIN_LABEL_BYTES ? n : PLAIN_LABEL_BYTES, &plain);
	label_read_by_libblkid(fd, 0, &full);
	label_read(fd, 0, &read);
	close(fd);
	assert_string_equal(read.text, full.text);
	assert_int_equal(read.has_volume, full.has_volume);
	assert_int_equal(read.udf, full.udf);
	assert_int_equal(read.volume, full.volume);
	if (kind == PLAIN_LABEL_UNSURE)
		return false;
	assert_int_equal(kind == PLAIN_LABEL_KNOWN, full.has_volume);
	assert_string_equal(plain.text, full.text);
	assert_int_equal(plain.volume, full.volume);
	return true;
}

static bool same(void)
{
	return same_for(sizeof(image));
}

static void reset(void)
{
	memset(image, 0, sizeof(image));
}

static void label_is(const char *want)
{
	struct label l = {.text = ""};

	assert_true(same());
	assert_int_equal(plain_label(block(0), PLAIN_LABEL_BYTES, &l), PLAIN_LABEL_KNOWN);
	assert_string_equal(l.text, want);
}

static void a_plain_image_needs_no_libblkid(void **state)
{
	(void)state;
	reset();
	put_primary(0, "DISC_1");
	put_id(1, 255, "CD001");
	label_is("DISC_1");
	/* A boot record, and a supplementary descriptor that is not Joliet. */
	put_id(1, 0, "CD001");
	put_id(2, 2, "CD001");
	put_id(3, 255, "CD001");
	label_is("DISC_1");
	reset();
	put_primary(0, " \tMy disc, with 28 characters");
	put_joliet(1, " \tMy disc, with ", ' ');
	put_id(2, 255, "CD001");
	assert_false(same()); /* the tab */
	put_primary(0, "  My disc, with 28 character");
	put_joliet(1, "  My disc, with ", ' ');
	label_is("  My disc, with 28 character");
	put_primary(0, "My disc, with a long name");
	put_joliet(1, "My disc, with a ", ' ');
	label_is("My disc, with a long name");
	reset();
	put_primary(0, "\xe9t\xe9\x01 ");
	put_id(1, 255, "CD001");
	label_is("?t??");
	put_primary(0, " ");
	memset(block(0) + 40, ' ', 32);
	label_is("");
	block(0)[40] = 0;
	label_is("");
}

static void what_is_not_plain_is_left_to_libblkid(void **state)
{
	(void)state;
	reset();
	put_primary(0, "DISC_1");
	assert_false(same()); /* no end */
	put_id(1, 255, "CD001");
	assert_true(same());
	put_id(2, 0, "BEA01");
	put_id(3, 0, "NSR02");
	assert_false(same());
	reset();
	put_primary(0, "DISC_1");
	put_id(1, 255, "CD001");
	put_id(3, 0, "NSR02"); /* after a gap */
	assert_false(same());
	reset();
	put_primary(0, "LONG_NAME_OF_A_DISC");
	put_joliet(1, "Long name of a d", ' ');
	put_id(2, 255, "CD001");
	assert_false(same());
	put_joliet(1, "LONG_NAME_OF", 0);
	assert_false(same());
	reset();
	put_id(0, 1, "CD001"); /* no size */
	put_id(1, 255, "CD001");
	assert_false(same());
	reset();
	memcpy(block(0) + 9, "CDROM", 5); /* High Sierra */
	assert_false(same());
	reset();
	assert_true(same()); /* no volume */
}

/* Puts a descriptor, as real images have it or nearly so, or changes one byte, or does nothing. */
static void put_any(unsigned i, const char *name, unsigned (*any)(unsigned below))
{
	static const char *const id[] = {
		"BEA01", "BOOT2", "CDW02", "NSR02", "NSR03", "TEA01", "CDROM", "CD002"};

	unsigned place;

	switch (any(12)) {
	case 0:
	case 1:
	case 2:
		put_joliet(i, name, any(2) ? ' ' : 0);
		if (any(4) == 0)
			block(i)[90] = (uint8_t) "@CEX"[any(4)];
		break;
	case 3:
	case 4:
	case 5:
		put_id(i, 255, "CD001");
		break;
	case 6:
		put_primary(i, any(2) ? name : "ANOTHER");
		break;
	case 7:
		put_id(i, (uint8_t)any(5), "CD001");
		break;
	case 8:
		place = 1 + 8 * any(2); /* before the next number, whatever the compiler */
		memcpy(block(i) + place, id[any(ARRAY_LEN(id))], 5);
		break;
	case 9:
		block(i)[any(BLOCK)] = 1;
		break;
	default:
		break;
	}
}

static unsigned seed = 1;

static unsigned any_below(unsigned below)
{
	seed = seed * 1103515245u + 12345u;
	return seed / 65536u % below;
}

static void all_images_have_the_label_of_libblkid(void **state)
{
	static const char *const name[] = {"DISC", "A NAME WITH 16 CH",
		"A NAME OF 32 CHARACTERS, NO MORE", "tab\tin it", " spaces ", "", "under_score",
		"\xc3\xa4", "a\x80"};
	unsigned plain = 0, known = 0;

	(void)state;
	for (unsigned round = 0; round < 4000; round++) {
		unsigned at, byte;
		const char *n = name[any_below(ARRAY_LEN(name))];
		struct label l = {.text = ""};
		size_t size = sizeof(image);

		reset();
		if (any_below(16) > 0)
			put_primary(0, n);
		for (unsigned i = 1 + any_below(4); i > 0; i--)
			put_any(i, n, any_below);
		if (any_below(3) > 0)
			put_id(1 + any_below(3), 255, "CD001");
		if (any_below(4) == 0)
			put_any(any_below(BLOCKS + 2), n, any_below);
		/* One number at a time, so that all compilers make the same images. */
		if (any_below(8) == 0) {
			at = any_below(BLOCKS);
			byte = any_below(160);
			block(at)[byte] ^= (uint8_t)(1u << any_below(8));
		}
		if (any_below(4) == 0) {
			size = PLAIN_LABEL_AT - 2 * BLOCK + any_below(10) * BLOCK / 2;
			size += any_below(4) * BLOCK;
		}
		plain += same_for(size) ? 1 : 0;
		known += plain_label(block(0), PLAIN_LABEL_BYTES, &l) == PLAIN_LABEL_KNOWN;
	}
	/* Neither kind is rare: plain images or others, those with a known label or others. */
	assert_in_range(plain, 400, 3600);
	assert_in_range(known, 300, 3600);
}

static void a_session_behind_the_first_is_read_by_libblkid(void **state)
{
	struct label l;
	int fd;

	reset();
	assert_int_equal(scratch_make(state), 0);
	put_iso("a.iso", "FIRST");
	put_iso_blocks("a.iso", 20);
	put_iso_at("a.iso", 65536, "SECOND");
	fd = open(in_scratch("a.iso"), O_RDONLY);
	label_read(fd, 0, &l);
	assert_string_equal(l.text, "FIRST");
	label_read(fd, 65536, &l);
	assert_string_equal(l.text, "SECOND");
	close(fd);
	assert_int_equal(scratch_remove(state), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_image_needs_no_libblkid),
		cmocka_unit_test(what_is_not_plain_is_left_to_libblkid),
		cmocka_unit_test(all_images_have_the_label_of_libblkid),
		cmocka_unit_test(a_session_behind_the_first_is_read_by_libblkid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
