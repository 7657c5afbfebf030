// SPDX-License-Identifier: GPL-2.0-or-later
/* The verb sum, when a thread or memory is missing, and when many sums are queued. */
#include "daemon/transfer/upload_fixture.h"

#include "transfer/sums.h"
#include "util/thread.h"

#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static bool no_thread;
static unsigned no_memory; /* this calloc() of the main thread fails, the next one is 1; 0: none */
static bool hold;          /* threads that compute sums wait for the gate */
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static void *(*held_run)(void *arg);

static void *run_behind_gate(void *arg)
{
	pthread_mutex_lock(&gate);
	pthread_mutex_unlock(&gate);
	return held_run(arg);
}

/* The linker puts these two in the place of the functions. */
int __real_thread_start(pthread_t *thread, const char *name, void *(*run)(void *arg), void *arg);
int __wrap_thread_start(pthread_t *thread, const char *name, void *(*run)(void *arg), void *arg);
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);

int __wrap_thread_start(pthread_t *thread, const char *name, void *(*run)(void *arg), void *arg)
{
	if (strcmp(name, "sum") == 0 && no_thread)
		return EAGAIN;
	if (strcmp(name, "sum") == 0 && hold) {
		held_run = run;
		run = run_behind_gate;
	}
	return __real_thread_start(thread, name, run, arg);
}

void *__wrap_calloc(size_t n, size_t size)
{
	if (no_memory > 0 && gettid() == getpid() && --no_memory == 0)
		return NULL;
	return __real_calloc(n, size);
}

static void expect_state(int fd, const char *line, const char *state, const char *message)
{
	json_t *a = ask_fd(fd, NULL, "%s\n", line);

	expect_ok(a);
	assert_string_equal(field_text(a, "state"), state);
	if (!strstr(field_text(a, "message"), message))
		fail_msg("%s: %s", line, field_text(a, "message"));
	json_decref(a);
}

static void wait_until_known(int fd, const char *name)
{
	uint64_t end = now_ms() + 30000;
	char state[16];

	do {
		json_t *a = ask_fd(fd, NULL, "sum %s\n", name);

		expect_ok(a);
		snprintf(state, sizeof(state), "%s", field_text(a, "state"));
		json_decref(a);
		assert_true(now_ms() < end);
		turn(event, usb, 2, 10, NULL);
	} while (strcmp(state, "running") == 0 || strcmp(state, "waiting") == 0);
	assert_string_equal(state, "known");
}

static void a_sum_whose_thread_does_not_start_has_failed(void **state)
{
	int fd = connect_client();

	(void)state;
	put_text("media/text.iso", "abc");
	no_thread = true;
	expect_state(fd, "sum text.iso start", "failed", strerror(EAGAIN));
	expect_state(fd, "sum text.iso", "failed", strerror(EAGAIN));
	/* It can be started again. */
	no_thread = false;
	json_decref(ask_fd(fd, NULL, "sum text.iso start\n"));
	wait_until_known(fd, "text.iso");
	assert_string_equal(get_text("media/text.iso.sha256"), ABC "  text.iso\n");
	close(fd);
}

static void a_sum_without_memory_is_refused_for_that(void **state)
{
	int fd = connect_client();

	(void)state;
	put_text("media/text.iso", "abc");
	expect_state(fd, "sum text.iso", "none", "is not known");
	no_memory = 2; /* the first one is for the request */
	refused(fd, "io-error", "no memory", "sum text.iso start");
	assert_int_equal(no_memory, 0);
	expect_state(fd, "sum text.iso", "none", "is not known");
	close(fd);
}

static void open_gate(void)
{
	if (hold)
		pthread_mutex_unlock(&gate);
	hold = false;
}

static void sums_wait_for_each_other(void **state)
{
	int fd = connect_client();
	char line[64];

	(void)state;
	pthread_mutex_lock(&gate);
	hold = true;
	for (unsigned i = 0; i <= SUMS_MAX; i++) {
		snprintf(line, sizeof(line), "media/%u.iso", i);
		put_text(line, "abc");
	}
	expect_state(fd, "sum 0.iso start", "running", "the sum of 0.iso is being computed, 0 %");
	for (unsigned i = 1; i < SUMS_MAX; i++) {
		snprintf(line, sizeof(line), "sum %u.iso start", i);
		expect_state(fd, line, "waiting", "waits for another sum");
	}
	snprintf(line, sizeof(line), "sum %u.iso start", SUMS_MAX);
	refused(fd, "too-many", "too many sums are queued", line);
	open_gate();
	for (unsigned i = 0; i < SUMS_MAX; i++) {
		snprintf(line, sizeof(line), "%u.iso", i);
		wait_until_known(fd, line);
	}
	snprintf(line, sizeof(line), "sum %u.iso", SUMS_MAX);
	expect_state(fd, line, "none", "is not known");
	close(fd);
}

static int end(void **state)
{
	open_gate(); /* of a test that failed */
	return teardown(state);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, end)
	const struct CMUnitTest tests[] = {
		T(a_sum_whose_thread_does_not_start_has_failed),
		T(a_sum_without_memory_is_refused_for_that),
		T(sums_wait_for_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
