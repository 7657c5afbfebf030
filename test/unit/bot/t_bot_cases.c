// SPDX-License-Identifier: GPL-2.0-or-later
/* The thirteen cases of BOT 1.0 6.7, over sizes, speeds, stall modes and engine results. */
#include "unit/bot/bot_expect.h"
#include "unit/bot/fake_engine.h"

static const uint32_t sizes[] = {1, 12, 13, 31, 36, 63, 64, 65, 128, 511, 512, 513, 1023, 1024,
	1025, 2048, 4096, 32767, 32768, 32769, 65536, 66048, 99999};
static const uint16_t speeds[] = {64, 512, 1024};

static void expect_case(struct rig *r, int number, enum mmc_dir host, uint32_t h,
	enum mmc_dir device, uint32_t d, bool check)
{
	struct expectation e = expect(number, h, d, check);
	uint32_t residue, stalls = r->host.stalls;
	uint64_t phase = bot_get_stats(r->bot)->phase_errors;
	bool strict = r->ep->ctx != NULL;

	rig_set_intent(r, device, d);
	r->drive.check = check;
	r->drive.at = 0;
	assert_int_equal(rig_command(r, host, h, &residue), e.status);
	assert_int_equal(residue, e.residue);
	assert_int_equal(h && host == MMC_DIR_IN ? r->host.got : 0, e.in);
	if (e.in)
		rig_check_data(r, e.in);
	if (device == MMC_DIR_OUT)
		assert_int_equal(r->drive.at, e.pushed);
	assert_int_equal(r->host.stalls - stalls, strict && e.stalls ? 1 : 0);
	assert_int_equal(r->host.empty, 0);
	assert_int_equal(bot_get_stats(r->bot)->phase_errors - phase, e.status == CSW_PHASE_ERROR);
	assert_false(r->drive.busy);
	mem_ep_deliver_all(r->ep);
	assert_false(bot_busy(r->bot));
}

/* Tests a case with all pairs of these sizes, and 0, that belong to it. */
static void all_sizes(struct rig *r, int number)
{
	size_t i, j;
	int host, device, check;

	for (i = 0; i <= ARRAY_LEN(sizes); i++) {
		for (j = 0; j <= ARRAY_LEN(sizes); j++) {
			uint32_t h = i ? sizes[i - 1] : 0, d = j ? sizes[j - 1] : 0;

			for (host = MMC_DIR_IN; host <= MMC_DIR_OUT; host++)
				for (device = MMC_DIR_IN; device <= MMC_DIR_OUT; device++)
					for (check = 0; check < 2; check++)
						if (number_of((enum mmc_dir)host, h,
							    (enum mmc_dir)device, d) == number)
							expect_case(r, number, (enum mmc_dir)host,
								h, (enum mmc_dir)device, d, check);
		}
	}
}

static void run_case(void **state)
{
	int number = *(const int *)*state;
	size_t s;
	int strict;

	for (s = 0; s < ARRAY_LEN(speeds); s++) {
		for (strict = 0; strict < 2; strict++) {
			struct rig *r =
				rig_new(strict ? BOT_STALL_SHORT : BOT_STALL_NEVER, speeds[s]);

			r->ep->ctx = strict ? r : NULL;
			/* A class reset keeps posted reads, a bus reset would hide them. */
			r->host.recovery = BOT_HOST_CLASS_RESET;
			all_sizes(r, number);
			rig_expect_working(r);
			rig_free(r);
		}
	}
}

/* CHECK CONDITION in mid-data-in: case 6 becomes case 5, or case 4 if nothing was sent. */
static void data_in_that_fails_becomes_case_5_or_4(void **state)
{
	static const uint32_t fails[] = {0, 2048, 4096, 32768, 34816, 65536, 129024};
	size_t s, f;
	int strict;

	(void)state;
	for (s = 0; s < ARRAY_LEN(speeds); s++) {
		for (strict = 0; strict < 2; strict++) {
			struct rig *r =
				rig_new(strict ? BOT_STALL_SHORT : BOT_STALL_NEVER, speeds[s]);
			uint32_t residue;

			for (f = 0; f < ARRAY_LEN(fails); f++) {
				rig_set_intent(r, MMC_DIR_IN, 131072);
				r->drive.fail_at = fails[f];
				assert_int_equal(
					rig_command(r, MMC_DIR_IN, 131072, &residue), CSW_FAILED);
				assert_int_equal(residue, 131072 - fails[f]);
				assert_int_equal(r->host.got, fails[f]);
				rig_check_data(r, fails[f]);
			}
			assert_int_equal(r->host.stalls, strict ? ARRAY_LEN(fails) : 0);
			assert_int_equal(r->host.empty, 0);
			rig_free(r);
		}
	}
}

/* The engine gets the size of the host's buffer, to which READ CAPACITY and others truncate. */
static void engine_gets_the_size_of_the_hosts_buffer(void **state)
{
	struct rig *r = rig_new(BOT_STALL_NEVER, 512);

	(void)state;
	rig_set_intent(r, MMC_DIR_IN, 8);
	assert_int_equal(rig_command(r, MMC_DIR_IN, 8, NULL), CSW_PASSED);
	assert_int_equal(r->drive.in_size, 8);
	rig_set_intent(r, MMC_DIR_NONE, 0);
	assert_int_equal(rig_command(r, MMC_DIR_NONE, 0, NULL), CSW_PASSED);
	assert_int_equal(r->drive.in_size, 0);
	/* A host that sends data sets no limit: with limit 0, case 10 would become case 9. */
	rig_set_intent(r, MMC_DIR_OUT, 2048);
	assert_int_equal(rig_command(r, MMC_DIR_OUT, 2048, NULL), CSW_PASSED);
	assert_int_equal(r->drive.in_size, UINT32_MAX);
	rig_free(r);
}

/* dCBWDataTransferLength 0: the direction bit means nothing. */
static void direction_is_ignored_without_data(void **state)
{
	struct rig *r = rig_new(BOT_STALL_NEVER, 512);
	uint32_t residue;

	(void)state;
	rig_set_intent(r, MMC_DIR_NONE, 0);
	assert_int_equal(rig_command(r, MMC_DIR_IN, 0, &residue), CSW_PASSED);
	assert_int_equal(rig_command(r, MMC_DIR_OUT, 0, &residue), CSW_PASSED);
	rig_set_intent(r, MMC_DIR_IN, 0);
	assert_int_equal(rig_command(r, MMC_DIR_OUT, 512, &residue), CSW_PASSED);
	assert_int_equal(residue, 512);
	rig_free(r);
}

/* The engine may return its data in pieces of any size. */
static void data_in_can_come_in_pieces_of_any_size(void **state)
{
	static const uint32_t pieces[] = {1, 700, 2048, 2352, 5000, 31744, 32767};
	size_t s, p;

	(void)state;
	for (s = 0; s < ARRAY_LEN(speeds); s++) {
		for (p = 0; p < ARRAY_LEN(pieces); p++) {
			struct rig *r = rig_new(BOT_STALL_NEVER, speeds[s]);
			uint32_t residue;

			r->drive.piece = pieces[p];
			rig_set_intent(r, MMC_DIR_IN, 50001);
			assert_int_equal(rig_command(r, MMC_DIR_IN, 60000, &residue), CSW_PASSED);
			assert_int_equal(residue, 60000 - 50001);
			rig_check_data(r, 50001);
			rig_set_intent(r, MMC_DIR_IN, 51200);
			assert_int_equal(rig_command(r, MMC_DIR_IN, 60000, &residue), CSW_PASSED);
			assert_int_equal(residue, 60000 - 51200);
			assert_int_equal(r->host.empty, 0);
			rig_check_data(r, 51200);
			rig_free(r);
		}
	}
}

#define CASE(n, what)                                                                              \
	{                                                                                          \
		"case_" #n "_" what, run_case, NULL, NULL, &numbers[n]                             \
	}

int main(void)
{
	static int numbers[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13};
	const struct CMUnitTest tests[] = {
		CASE(1, "hn_eq_dn"),
		CASE(2, "hn_lt_di"),
		CASE(3, "hn_lt_do"),
		CASE(4, "hi_gt_dn"),
		CASE(5, "hi_gt_di"),
		CASE(6, "hi_eq_di"),
		CASE(7, "hi_lt_di"),
		CASE(8, "hi_ne_do"),
		CASE(9, "ho_gt_dn"),
		CASE(10, "ho_ne_di"),
		CASE(11, "ho_gt_do"),
		CASE(12, "ho_eq_do"),
		CASE(13, "ho_lt_do"),
		cmocka_unit_test(data_in_that_fails_becomes_case_5_or_4),
		cmocka_unit_test(engine_gets_the_size_of_the_hosts_buffer),
		cmocka_unit_test(direction_is_ignored_without_data),
		cmocka_unit_test(data_in_can_come_in_pieces_of_any_size),
	};

	return cmocka_run_group_tests_name("bot_cases", tests, NULL, NULL);
}
