// SPDX-License-Identifier: GPL-2.0-or-later
/* Faults on request (mmc/fault.h). The server has one thread, so it sleeps for a delay itself. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "shim/shim_server.h"

#define FILE_MAX_BYTES 65536u

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* ---- around a command ----------------------------------------------------------------------- */

static void on_hold(void *drive, uint64_t command, uint32_t ms)
{
	struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		continue;
	mmc_fault_release(((struct shim_drive *)drive)->mmc, command);
}

static void on_struck(void *drive, unsigned i)
{
	struct shim_drive *d = drive;

	d->struck = &d->faults.fault[i];
}

void shim_faults_before(struct shim_drive *d)
{
	d->struck = NULL;
	for (unsigned i = 0; i < d->faults.count; i++) {
		struct mmc_fault *f = &d->faults.fault[i];

		if (f->seconds && now_ms() >= d->fault_end[i])
			f->over = true;
	}
}

void shim_faults_after(struct shim_drive *d)
{
	struct mmc_state s;

	if (!d->struck)
		return;
	d->commands_struck++;
	mmc_get_state(d->mmc, &s);
	if (!s.vanished)
		return;
	/* The disc leaves the drive, too, as if it had been pulled out. */
	mmc_eject(d->mmc, true);
	shim_trace_event(d, TRACE_EJECT_FORCE);
	d->media = NULL;
}

/* ---- changes -------------------------------------------------------------------------------- */

/* Adds the faults of the text, or sets them. 0; 1 with the reason in why. */
static int change(struct shim_drive *d, const char *text, bool add, char *why, size_t size)
{
	static struct mmc_faults next;

	next = (struct mmc_faults){.hold = on_hold, .struck = on_struck, .ctx = d};
	if (add) {
		next.count = d->faults.count;
		memcpy(next.fault, d->faults.fault, sizeof(next.fault));
	}
	if (mmc_faults_parse(text, &next, why, size) < 0)
		return 1;
	for (unsigned i = add ? d->faults.count : 0; i < next.count; i++)
		d->fault_end[i] = now_ms() + (uint64_t)next.fault[i].seconds * 1000;
	d->faults = next;
	mmc_set_faults(d->mmc, &d->faults);
	return 0;
}

int shim_faults_load(struct shim_drive *d, const char *path, char *why, size_t size)
{
	static char text[FILE_MAX_BYTES];
	char wrong[256];
	FILE *f = fopen(path, "re");
	size_t n = f ? fread(text, 1, sizeof(text), f) : 0;
	int error = !f || ferror(f) ? errno : n == sizeof(text) ? EFBIG : 0;

	if (f)
		fclose(f);
	if (error) {
		snprintf(why, size, "%s: %s", path, strerror(error));
		return 1;
	}
	text[n] = '\0';
	if (change(d, text, false, wrong, sizeof(wrong)) == 0)
		return 0;
	snprintf(why, size, "%s: %s", path, wrong);
	return 1;
}

static void list(const struct shim_drive *d, char *out, size_t size)
{
	char text[MMC_FAULT_LINE];
	size_t n = 0;

	snprintf(out, size, "none");
	for (unsigned i = 0; i < d->faults.count && n < size; i++) {
		const struct mmc_fault *f = &d->faults.fault[i];

		n += (size_t)snprintf(out + n, size - n, "%s%s # %sstruck %u", i ? "\n" : "",
			mmc_fault_print(f, text), mmc_fault_is_live(f) ? "" : "over, ", f->struck);
	}
}

/* Joins words. False: there is no room. */
static bool join(int words, char **word, char *out, size_t size)
{
	size_t n = 0;

	out[0] = '\0';
	for (int i = 0; i < words && n < size; i++)
		n += (size_t)snprintf(out + n, size - n, "%s%s", i ? " " : "", word[i]);
	return n < size;
}

int shim_faults_run(struct shim_drive *d, int words, char **word, char *out, size_t size)
{
	const char *what = words > 1 ? word[1] : "";
	char text[1024];
	int r = 0;

	snprintf(out, size, "ok");
	if (strcmp(what, "help") == 0 && words == 2) {
		snprintf(out, size, "%s", mmc_fault_help);
	} else if (strcmp(what, "list") == 0 && words == 2) {
		list(d, out, size);
	} else if (strcmp(what, "clear") == 0 && words == 2) {
		r = change(d, "", false, out, size);
	} else if (strcmp(what, "load") == 0 && words == 3) {
		r = shim_faults_load(d, word[2], out, size);
	} else if (strcmp(what, "add") == 0 && words > 2 &&
		   join(words - 2, word + 2, text, sizeof(text))) {
		r = change(d, text, true, out, size);
	} else {
		snprintf(out, size, "faults: add FAULT, load FILE, list, clear or help");
		r = 1;
	}
	return r;
}
