// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An image of 50 GB, as large as a double-layer Blu-ray Disc (a sparse file). Sizes and
 * addresses must be right beyond 2^32 bytes and 2^24 blocks, and memory use must not grow
 * with the image; that matters most where pointers have 32 bits.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/mem_folder.h"
#include "disc/disc_state.h"
#include "unit/mmc/drive_cmd.h"
#include "unit/media/ready.h"
#include "util/crc32.h"

#define SIZE   50000000000 /* bytes; the last block is half a block */
#define BLOCKS 24414063u
#define TAIL   1024u

#define WRITE_BLOCKS 16u

#define BD_R_DL_BLOCKS  24438784u
#define BD_RE_DL_BLOCKS BD_R_DL_BLOCKS

#define AT_2_GIB  (1u << 20) /* blocks: 2^31 bytes */
#define AT_4_GIB  (1u << 21) /* 2^32 bytes */
#define AT_32_GIB (1u << 24) /* blocks have 25 bits from here on */

/* The blocks that are not zero. */
static const uint32_t marks[] = {0, 1, AT_2_GIB - 1, AT_2_GIB, AT_4_GIB - 1, AT_4_GIB, 2 * AT_4_GIB,
	AT_32_GIB - 1, AT_32_GIB, BLOCKS - 2, BLOCKS - 1};

/* A file without a name in TMPDIR. */
static int make_file(uint64_t size)
{
	const char *dir = getenv("TMPDIR");
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/mmcgadget.XXXXXX", dir && *dir ? dir : "/tmp");
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		fail_msg("%s: %s", path, strerror(errno));
	unlink(path);
	if (ftruncate(fd, (off_t)size) < 0)
		fail_msg("%s: no file of %llu bytes here: %s (TMPDIR names another folder)", path,
			(unsigned long long)size, strerror(errno));
	return fd;
}

static uint64_t size_of(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return (uint64_t)st.st_size;
}

static void assert_stamped(const uint8_t *p, uint32_t lba)
{
	uint8_t block[MEDIA_BLOCK];

	script_stamp(lba, block);
	if (memcmp(p, block, sizeof(block)) != 0)
		fail_msg("block %u", lba);
}

/* Checks a block of the marked file. */
static void assert_block(const uint8_t *p, uint32_t lba)
{
	uint8_t block[MEDIA_BLOCK] = {0};

	for (size_t i = 0; i < ARRAY_LEN(marks); i++)
		if (marks[i] == lba)
			script_stamp(lba, block);
	if (lba == BLOCKS - 1)
		memset(block + TAIL, 0, sizeof(block) - TAIL);
	if (memcmp(p, block, sizeof(block)) != 0)
		fail_msg("block %u", lba);
}

static int marked_file(void)
{
	int fd = make_file(SIZE);
	uint8_t block[MEDIA_BLOCK];

	for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
		size_t len = marks[i] == BLOCKS - 1 ? TAIL : MEDIA_BLOCK;

		script_stamp(marks[i], block);
		assert_int_equal(
			pwrite(fd, block, len, (off_t)marks[i] * MEDIA_BLOCK), (ssize_t)len);
	}
	assert_true(size_of(fd) == SIZE);
	return fd;
}

static struct media *marked_media(void)
{
	struct media *m;

	assert_int_equal(media_file_open(marked_file(), false, &m), 0);
	assert_true(m->blocks == BLOCKS);
	assert_int_equal(m->tail, TAIL);
	return m;
}

/* ---- commands to a drive whose medium returns -EAGAIN and calls ready() ------------------ */

static int32_t pull(struct mmc_drive *d, const uint8_t **p)
{
	for (;;) {
		unsigned was = ready_calls_so_far();
		int32_t n = mmc_pull(d, p, 32768);

		if (n >= 0)
			return n;
		wait_ready(was);
	}
}

static mmc_sense_t end(struct mmc_drive *d)
{
	for (;;) {
		unsigned was = ready_calls_so_far();
		enum mmc_status s = mmc_end(d);

		if (s != MMC_AGAIN)
			return s == MMC_GOOD ? 0 : mmc_last_sense(d);
		wait_ready(was);
	}
}

/* READ(10) or READ(12); checks every block. */
static mmc_sense_t read_with(struct mmc_drive *d, uint8_t op, uint32_t lba, uint32_t count,
	void (*check)(const uint8_t *p, uint32_t lba))
{
	uint8_t cdb[12] = {op};
	struct mmc_xfer xfer;
	const uint8_t *p;
	uint32_t done = 0;
	int32_t n;

	put_be32(cdb + 2, lba);
	if (op == 0xa8)
		put_be32(cdb + 6, count);
	else
		put_be16(cdb + 7, (uint16_t)count);
	mmc_begin(d, cdb, sizeof(cdb), UINT32_MAX, &xfer);
	while ((n = pull(d, &p)) > 0)
		for (int32_t at = 0; at < n; at += MEDIA_BLOCK)
			check(p + at, lba + done++);
	if (xfer.len)
		assert_int_equal(done, count);
	return end(d);
}

static mmc_sense_t read_marked(struct mmc_drive *d, uint8_t op, uint32_t lba, uint32_t count)
{
	return read_with(d, op, lba, count, assert_block);
}

/* WRITE(10) of WRITE_BLOCKS */
static mmc_sense_t write_stamped(struct mmc_drive *d, uint32_t lba)
{
	static uint8_t buf[WRITE_BLOCKS * MEDIA_BLOCK];
	unsigned was = ready_calls_so_far();

	for (uint32_t i = 0; i < WRITE_BLOCKS; i++)
		script_stamp(lba + i, buf + (size_t)i * MEDIA_BLOCK);
	begin_blocks(d, 0x2a, lba, WRITE_BLOCKS);
	for (; answer.xfer.len && mmc_push(d, buf, sizeof(buf)) < 0; was = ready_calls_so_far())
		wait_ready(was);
	return end(d);
}

static mmc_sense_t synchronize_cache(struct mmc_drive *d)
{
	begin_blocks(d, 0x35, 0, 0);
	return end(d);
}

static mmc_sense_t close_session(struct mmc_drive *d)
{
	static const uint8_t cdb[10] = {0x5b, 0, 2};

	mmc_begin(d, cdb, sizeof(cdb), 0, &answer.xfer);
	return end(d);
}

static mmc_sense_t verify(struct mmc_drive *d, uint32_t lba)
{
	begin_blocks(d, 0x2f, lba, 1);
	return end(d);
}

/* Resident memory, KiB. */
static unsigned resident(void)
{
	FILE *f = fopen("/proc/self/status", "re");
	char line[128];
	unsigned kib = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "VmRSS: %u kB", &kib) == 1)
			break;
	fclose(f);
	assert_int_not_equal(kib, 0);
	return kib;
}

/* ---- reading ------------------------------------------------------------------------------- */

/* Reads without and with the read-ahead thread. */
static void marked_blocks_are_read_from_the_file(void **state)
{
	static uint8_t buf[4 * MEDIA_BLOCK];
	struct media *m = marked_media();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
		uint32_t lba = marks[i], count = MIN(4u, BLOCKS - lba);

		assert_int_equal(media_read(m, lba, count, buf), 0);
		for (uint32_t b = 0; b < count; b++)
			assert_block(buf + (size_t)b * MEDIA_BLOCK, lba + b);
	}
	assert_int_equal(media_file_read_ahead(m, ready, NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
		uint32_t lba = marks[i], count;
		const uint8_t *data;
		int r;

		repeat_until_done(
			r, (count = MIN(4u, BLOCKS - lba), media_view(m, lba, &count, buf, &data)));
		assert_int_equal(r, 0);
		for (uint32_t b = 0; b < count; b++)
			assert_block(data + (size_t)b * MEDIA_BLOCK, lba + b);
	}
	assert_int_equal(media_read(m, BLOCKS, 1, buf), -EINVAL);
	assert_int_equal(media_read(m, (uint64_t)1 << 32, 1, buf), -EINVAL);
	media_close(m);
}

static struct mmc_drive *drive_with_marked(void)
{
	struct mmc_drive *d = new_drive();
	struct media *m = marked_media();

	assert_int_equal(media_file_read_ahead(m, ready, NULL), 0);
	mmc_insert(d, disc_new(m, 0, NULL, NULL));
	drain_events(d);
	return d;
}

static void sizes_in_answers_are_right(void **state)
{
	struct mmc_drive *d = drive_with_marked();

	(void)state;
	assert_int_equal(current_profile(d), 0x0040);
	/* READ CAPACITY */
	assert_int_equal(command(d, 0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0), 0);
	assert_int_equal(get_be32(answer.data), BLOCKS - 1);
	assert_int_equal(get_be32(answer.data + 4), MEDIA_BLOCK);
	/* READ FORMAT CAPACITIES */
	assert_int_equal(command(d, 0x23, 0, 0, 0, 0, 0, 0, 0, 12, 0), 0);
	assert_int_equal(get_be32(answer.data + 4), BLOCKS);
	/* READ TOC: where the lead-out begins */
	assert_int_equal(command(d, 0x43, 0, 0, 0, 0, 0, 0, 0, 20, 0), 0);
	assert_int_equal(answer.data[14], 0xaa);
	assert_int_equal(get_be32(answer.data + 16), BLOCKS);
	/* READ TRACK INFORMATION: size, last recorded address */
	assert_int_equal(command(d, 0x52, 1, 0, 0, 0, 1, 0, 0, 36, 0), 0);
	assert_int_equal(get_be32(answer.data + 24), BLOCKS);
	/* READ DISC STRUCTURE: two layers */
	assert_int_equal(command(d, 0xad, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0), 0);
	assert_int_equal(answer.data[16] >> 4, 2);
	mmc_drive_free(d);
}

/* As a DVD-ROM, which it is by configuration: sector numbers have 24 bits and do not wrap. */
static void sector_numbers_of_a_dvd_rom_do_not_wrap(void **state)
{
	struct mmc_config config = script_default_config();
	struct media *m = marked_media();

	(void)state;
	config.dvd_only = true;
	struct mmc_drive *d = mmc_drive_new(&config);
	assert_int_equal(media_file_read_ahead(m, ready, NULL), 0);
	mmc_insert(d, disc_new(m, 0, NULL, NULL));
	drain_events(d);
	assert_int_equal(current_profile(d), 0x0010);
	assert_int_equal(command(d, 0xad, 0, 0, 0, 0, 0, 0, 0, 0, 21, 0, 0), 0);
	assert_int_equal(get_be32(answer.data + 12), 0x00ffffff);
	mmc_drive_free(d);
}

static void marked_blocks_are_read_through_the_drive(void **state)
{
	struct mmc_drive *d = drive_with_marked();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
		uint32_t from = marks[i] > 20 ? marks[i] - 20 : 0;
		uint32_t count = MIN(40u, BLOCKS - from);

		assert_int_equal(read_marked(d, 0xa8, from, count), 0);
		assert_int_equal(read_marked(d, 0x28, marks[i], 1), 0);
	}
	assert_int_equal(read_marked(d, 0x28, BLOCKS - 1, 2), 0x52100);
	assert_int_equal(read_marked(d, 0x28, BLOCKS, 1), 0x52100);
	assert_int_equal(read_marked(d, 0xa8, 0x80000000u, 1), 0x52100);
	assert_int_equal(read_marked(d, 0xa8, UINT32_MAX, 1), 0x52100);
	assert_int_equal(verify(d, BLOCKS - 1), 0);
	assert_int_equal(verify(d, BLOCKS), 0x52100);
	mmc_drive_free(d);
}

/*
 * KiB by which memory may grow. In an emulator ($WRAP) its tables count, too: those of QEMU
 * for a 64-bit machine have 24 bytes for each page that was ever mapped.
 */
static unsigned growth(void)
{
	const char *wrap = getenv("WRAP");

	return wrap && *wrap && sizeof(void *) > 4 ? SIZE / 100 / 1024 : 16 * 1024;
}

/* Reads 128 MiB in a row across 4 GiB, and blocks in random places of the whole image. */
static void reading_a_large_image_needs_little_memory(void **state)
{
	const uint32_t from = AT_4_GIB - 32768, to = AT_4_GIB + 32768;
	struct mmc_drive *d = drive_with_marked();
	unsigned before, most = 0;

	(void)state;
	assert_int_equal(read_marked(d, 0x28, 0, 64), 0);
	before = resident();
	for (uint32_t lba = from; lba < to; lba += 64) {
		assert_int_equal(read_marked(d, 0x28, lba, 64), 0);
		if (lba % 1024 == 0)
			most = MAX(most, resident());
	}
	for (uint32_t lba = 0; lba < BLOCKS - 64; lba += BLOCKS / 100) {
		assert_int_equal(read_marked(d, 0x28, lba, 64), 0);
		most = MAX(most, resident());
	}
	print_message("# %u KiB before, %u KiB at most\n", before, most);
	assert_true(most < before + growth());
	mmc_drive_free(d);
}

/* ---- writing ------------------------------------------------------------------------------- */

/*
 * Makes an appendable BD-R DL whose first session ends at block `blocks`: a sparse image and its
 * state file.
 */
static struct disc *disc_burned_up_to(uint32_t blocks, int *fd, struct mem_folder *folder)
{
	struct disc_state s = {
		.medium = disc_medium_of(DISC_BD_R_DL),
		.capacity = BD_R_DL_BLOCKS,
		.unit = MEDIA_BLOCK,
		.max_unsaved = DISC_MAX_UNSAVED,
		.checked = DISC_STATE_CHECKED,
		.layout = {.sessions = 2,
			.tracks = 2,
			.track = {{0, blocks, 0, 1, DISC_TRACK_CLOSED},
				{blocks, 0, 0, 2, DISC_TRACK_INVISIBLE}}},
	};
	static const uint8_t zero[DISC_STATE_CHECKED * MEDIA_BLOCK];
	struct disc_options o = {0};
	char text[STORE_TEXT_MAX];
	struct disc *disc;

	s.check = crc32_add(0, zero, sizeof(zero));
	mem_folder_clear(folder);
	assert_int_equal(store_new(mem_folder_borrow(folder), "large.iso", "", &o.store), 0);
	assert_int_equal(store_save(o.store, text, disc_state_encode(&s, text)), 0);
	*fd = make_file((uint64_t)blocks * MEDIA_BLOCK);
	assert_int_equal(media_file_open(dup(*fd), true, &o.media), 0);
	assert_int_equal(media_file_read_ahead(o.media, ready, NULL), 0);
	disc = disc_open(&o);
	assert_non_null(disc);
	assert_null(disc->read_only);
	assert_int_equal(disc_nwa(disc), blocks);
	return disc;
}

/* Burns from one block to another through the write-behind thread, as the daemon does. */
static void burn(uint32_t from, uint32_t to)
{
	static struct mem_folder folder;
	struct mmc_drive *d = new_drive();
	uint8_t block[MEDIA_BLOCK];
	struct disc *disc;
	int fd;

	disc = disc_burned_up_to(from, &fd, &folder);
	disc->media = media_write_behind_new(disc->media, ready, NULL);
	assert_non_null(disc->media);
	mmc_insert(d, disc);
	drain_events(d);
	assert_int_equal(current_profile(d), 0x0041);
	for (uint32_t lba = from; lba < to; lba += WRITE_BLOCKS)
		assert_int_equal(write_stamped(d, lba), 0);
	assert_int_equal(write_stamped(d, from), 0x52102);
	assert_int_equal(write_stamped(d, BD_R_DL_BLOCKS), 0x52100);
	/* READ TRACK INFORMATION: next writable address, free blocks */
	assert_int_equal(command(d, 0x52, 1, 0, 0, 0, 2, 0, 0, 36, 0), 0);
	assert_int_equal(get_be32(answer.data + 12), to == BD_R_DL_BLOCKS ? 0 : to);
	assert_int_equal(get_be32(answer.data + 16), BD_R_DL_BLOCKS - to);
	assert_int_equal(synchronize_cache(d), 0);
	assert_true(size_of(fd) == (uint64_t)to * MEDIA_BLOCK);
	assert_int_equal(close_session(d), 0);
	drain_events(d);
	assert_int_equal(command(d, 0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0), 0);
	assert_int_equal(get_be32(answer.data), to - 1);
	assert_int_equal(read_with(d, 0x28, from, to - from, assert_stamped), 0);
	for (uint32_t lba = from; lba < to; lba++) {
		ssize_t n = pread(fd, block, sizeof(block), (off_t)lba * MEDIA_BLOCK);

		assert_int_equal(n, sizeof(block));
		assert_stamped(block, lba);
	}
	mmc_drive_free(d);
	close(fd);
}

static void burns_across_2_4_and_32_gib_are_right(void **state)
{
	(void)state;
	burn(AT_2_GIB - 64, AT_2_GIB + 48);
	burn(AT_4_GIB - 64, AT_4_GIB + 48);
	burn(AT_32_GIB - 64, AT_32_GIB + 48);
}

static void a_bd_r_of_two_layers_is_burned_to_its_last_block(void **state)
{
	(void)state;
	burn(BD_R_DL_BLOCKS - 64, BD_R_DL_BLOCKS);
}

static void assert_zero(const uint8_t *p, uint32_t lba)
{
	static const uint8_t zero[MEDIA_BLOCK];

	(void)lba;
	assert_memory_equal(p, zero, sizeof(zero));
}

/* As a host that uses the disc as a disk: the last blocks are the first that it writes. */
static void a_bd_re_of_two_layers_is_written_at_its_last_block(void **state)
{
	const uint32_t last = BD_RE_DL_BLOCKS - WRITE_BLOCKS;
	static const uint8_t format[12] = {0, 0x82, 0, 8, [4] = BD_RE_DL_BLOCKS >> 24,
		BD_RE_DL_BLOCKS >> 16 & 0xff, BD_RE_DL_BLOCKS >> 8 & 0xff, BD_RE_DL_BLOCKS & 0xff,
		0x31 << 2, 0, 0x08, 0};
	const uint8_t cdb[6] = {0x04, 0x11};
	struct mmc_drive *d = new_drive();
	struct disc_options o = {.medium = disc_medium_of(DISC_BD_RE_DL)};
	static struct mem_folder folder;
	struct stat st;
	int fd = make_file(0);

	(void)state;
	assert_int_equal(store_new(mem_folder_borrow(&folder), "large.img", "", &o.store), 0);
	assert_int_equal(media_file_open(dup(fd), true, &o.media), 0);
	assert_int_equal(media_file_read_ahead(o.media, ready, NULL), 0);
	o.media = media_write_behind_new(o.media, ready, NULL);
	assert_non_null(o.media);
	mmc_insert(d, disc_open(&o));
	drain_events(d);
	assert_int_equal(command_with(d, cdb, sizeof(cdb), 0, format), 0);
	drain_events(d);
	assert_int_equal(current_profile(d), 0x0043);
	assert_int_equal(command(d, 0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0), 0);
	assert_int_equal(get_be32(answer.data), BD_RE_DL_BLOCKS - 1);
	assert_int_equal(write_stamped(d, last + 1), 0x52100);
	assert_int_equal(write_stamped(d, last), 0);
	assert_true(size_of(fd) == UINT64_C(50050629632));
	assert_int_equal(fstat(fd, &st), 0);
	assert_true(st.st_blocks * 512 < 1024 * 1024); /* the rest is a hole */
	assert_int_equal(write_stamped(d, AT_32_GIB - WRITE_BLOCKS / 2), 0);
	assert_true(size_of(fd) == UINT64_C(50050629632));
	assert_int_equal(read_with(d, 0x28, last, WRITE_BLOCKS, assert_stamped), 0);
	assert_int_equal(read_with(d, 0x28, last - WRITE_BLOCKS, WRITE_BLOCKS, assert_zero), 0);
	assert_int_equal(
		read_with(d, 0x28, AT_32_GIB - WRITE_BLOCKS / 2, WRITE_BLOCKS, assert_stamped), 0);
	mmc_drive_free(d);
	close(fd);
}

/* A medium grows beyond 4 GiB at once, and is shortened to the given size, not modulo 2^32. */
static void a_medium_beyond_4_gib_is_shortened_to_the_right_size(void **state)
{
	int fd = make_file(0);
	uint8_t block[MEDIA_BLOCK];
	struct media *m;

	(void)state;
	assert_int_equal(media_file_open(dup(fd), true, &m), 0);
	script_stamp(BLOCKS - 1, block);
	assert_int_equal(media_write(m, BLOCKS - 1, 1, block), 0);
	assert_true(m->blocks == BLOCKS);
	assert_true(size_of(fd) == (uint64_t)BLOCKS * MEDIA_BLOCK);
	assert_int_equal(media_truncate(m, AT_4_GIB + 1), 0);
	assert_true(m->blocks == AT_4_GIB + 1);
	assert_true(size_of(fd) == (uint64_t)(AT_4_GIB + 1) * MEDIA_BLOCK);
	media_close(m);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(marked_blocks_are_read_from_the_file),
		cmocka_unit_test(sizes_in_answers_are_right),
		cmocka_unit_test(sector_numbers_of_a_dvd_rom_do_not_wrap),
		cmocka_unit_test(marked_blocks_are_read_through_the_drive),
		cmocka_unit_test(reading_a_large_image_needs_little_memory),
		cmocka_unit_test(burns_across_2_4_and_32_gib_are_right),
		cmocka_unit_test(a_bd_r_of_two_layers_is_burned_to_its_last_block),
		cmocka_unit_test(a_bd_re_of_two_layers_is_written_at_its_last_block),
		cmocka_unit_test(a_medium_beyond_4_gib_is_shortened_to_the_right_size),
	};

	return cmocka_run_group_tests_name("large", tests, NULL, NULL);
}
