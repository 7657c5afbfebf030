// SPDX-License-Identifier: GPL-2.0-or-later
/* The actions of the drive's owner: discs, faults, status. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cdimage/cdimage.h"
#include "disc/disc_state.h"
#include "shim/shim_server.h"
#include "util/array.h"

/* The answer to a control line. */
struct answer {
	char *text;
	size_t size;
};

static int say(const struct answer *a, int result, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int say(const struct answer *a, int result, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(a->text, a->size, fmt, ap);
	va_end(ap);
	return result;
}

/* A decimal number from least to most. */
static bool number(const char *text, uint64_t least, uint64_t most, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 10);
	return text[0] >= '0' && text[0] <= '9' && !*end && !errno && *out >= least && *out <= most;
}

/* ---- discs -------------------------------------------------------------------------------- */

static void take_out(struct shim_drive *d)
{
	if (mmc_eject(d->mmc, true) == MMC_EJECT_DONE)
		shim_trace_event(d, TRACE_EJECT_FORCE);
	d->media = NULL;
}

/* The state file lies beside the image, as with the daemon. */
static int open_store(const char *path, struct store **out)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX] = ".", boot[STORE_BOOT_MAX];
	struct folder *folder;
	int fd;

	if (slash)
		snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path) + 1, path);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	folder = folder_file_new(fd);
	if (!folder)
		return -ENOMEM;
	store_this_boot(boot);
	return store_new(folder, slash ? slash + 1 : path, boot, out);
}

/* An image that is to be opened. */
struct image {
	const char *path;
	bool writable;
	const struct disc_medium
		*medium; /* as far as it is known; NULL: by the size of the image */
};

/* Opens the image as a medium that can be made to fail. 0 or -errno. */
static int open_media(const struct image *i, struct media **out)
{
	int fd = open(i->path, (i->writable ? O_RDWR | O_CREAT : O_RDONLY) | O_CLOEXEC, 0644);
	uint32_t unit = i->medium ? i->medium->unit : MEDIA_BLOCK;
	int r = fd < 0 ? -errno : media_file_open_units(fd, unit, i->writable, out);

	if (r < 0)
		return r;
	*out = media_fault_new(*out);
	return *out ? 0 : -ENOMEM;
}

/* Puts the disc into the drive; o->media and o->store are taken over. 0 or -errno. */
static int put_disc(struct shim_drive *d, const struct disc_options *o, char *note, size_t size)
{
	struct disc *disc = disc_open(o);

	if (!disc)
		return -ENOMEM;
	d->media = disc->media;
	media_fault_set(d->media, &d->fault);
	snprintf(note, size, disc->read_only ? ", but it cannot be recorded: %s" : "%s",
		disc->read_only ? disc->read_only : "");
	mmc_insert(d->mmc, disc);
	shim_trace_inserted(d);
	return 0;
}

/* The same for the disc of an image. */
static int put_image(struct shim_drive *d, const struct image *i, struct disc_options *o,
	char *note, size_t size)
{
	int r = open_media(i, &o->media);

	if (r < 0)
		store_close(o->store);
	return r < 0 ? r : put_disc(d, o, note, size);
}

/* The same for an image that may have a state. */
static int put_with_state(
	struct shim_drive *d, const char *path, struct disc_options *o, char *note, size_t size)
{
	static char text[STORE_TEXT_MAX];
	static struct disc_state state;
	struct image i = {.path = path};
	int n = store_load(o->store, text, sizeof(text));

	i.writable = n > 0;
	if (n > 0 && !disc_state_decode(text, (size_t)n, NULL, &state))
		i.medium = state.medium;
	return put_image(d, &i, o, note, size);
}

static int failed(const struct answer *a, const char *path, int r)
{
	if (r == -EBUSY)
		return say(a, 1, "%s: another drive has this image", path);
	return say(a, 1, "%s: %s", path, strerror(-r));
}

int shim_insert(struct shim_drive *d, const char *path, bool cd, char *why, size_t size)
{
	struct answer a = {why, size};
	struct disc_options o = {.rom = cd ? disc_medium_of(DISC_CD_ROM) : NULL};
	char note[256], left_out[CDIMAGE_ERROR_MAX + 2];
	struct stat st;
	int r;

	/* The old disc goes first: it may be the same image, which is locked while in use. */
	take_out(d);
	if (stat(path, &st) < 0)
		return failed(&a, path, -errno);
	if (S_ISREG(st.st_mode) && st.st_size == 0)
		return say(&a, 1, "%s: this image is empty; \"blank\" inserts it as a blank", path);
	if (shim_compact_is(path)) {
		if (shim_compact_open(path, &o, why, size) != 0)
			return 1;
		snprintf(left_out, sizeof(left_out), "%s", why);
		r = put_disc(d, &o, note, sizeof(note));
		return r < 0 ? failed(&a, path, r) : say(&a, 0, "ok%s", left_out);
	}
	r = open_store(path, &o.store);
	if (r == 0)
		r = put_with_state(d, path, &o, note, sizeof(note));
	return r < 0 ? failed(&a, path, r) : say(&a, 0, "ok%s", note);
}

/* Sets the medium of a blank. False: there is no such type, and the answer says so. */
static bool find_type(const struct answer *a, const char *type, const struct disc_medium **out)
{
	const struct disc_medium *m = type ? disc_medium_named(type) : disc_medium_of_blank();
	char names[256];

	*out = m;
	if (m && disc_medium_is_recordable(m))
		return true;
	disc_medium_list(names, sizeof(names));
	say(a, 1, "there is no blank of type \"%s\"; there is %s", type, names);
	return false;
}

int shim_blank(struct shim_drive *d, const char *path, const char *type, uint32_t blocks, char *why,
	size_t size)
{
	struct answer a = {why, size};
	struct disc_options o = {.capacity = blocks};
	char text[STORE_TEXT_MAX], note[256];
	struct stat st;
	int r;

	if (!find_type(&a, type, &o.medium))
		return 1;
	take_out(d);
	bool exists = stat(path, &st) == 0;
	if (exists && S_ISREG(st.st_mode) && st.st_size > 0)
		return say(&a, 1,
			"%s: this file holds data, and a disc that holds data is never "
			"overwritten; "
			"\"insert\" inserts it",
			path);
	r = open_store(path, &o.store);
	if (r < 0)
		return failed(&a, path, r);
	if (!exists && store_load(o.store, text, sizeof(text)) != -ENOENT) {
		store_close(o.store);
		return say(&a, 1, "%s%s is left of a disc whose image is gone; remove it", path,
			STORE_SUFFIX);
	}
	r = put_image(d, &(struct image){path, true, o.medium}, &o, note, sizeof(note));
	return r < 0 ? failed(&a, path, r) : say(&a, 0, "ok%s", note);
}

/* ---- status ------------------------------------------------------------------------------- */

void shim_status(const struct shim_drive *d, bool json, char *out, size_t size)
{
	static const char *const text =
		"profile=%04x loaded=%s ejected=%s locked=%s requested=%s blank=%s appendable=%s "
		"finalised=%s sessions=%u tracks=%u readable=%u recorded=%u nwa=%u free=%u "
		"commands=%llu errors=%llu faults=%llu";
	static const char *const object =
		"{\"format\":1,\"profile\":\"%04x\",\"loaded\":%s,\"ejected\":%s,\"locked\":%s,"
		"\"requested\":%s,\"blank\":%s,\"appendable\":%s,\"finalised\":%s,\"sessions\":%u,"
		"\"tracks\":%u,\"readable\":%u,\"recorded\":%u,\"nwa\":%u,\"free\":%u,"
		"\"commands\":%llu,\"errors\":%llu,\"faults\":%llu}";
	const char *no = json ? "false" : "0", *yes = json ? "true" : "1";
	struct mmc_state s;

	mmc_get_state(d->mmc, &s);
	snprintf(out, size, json ? object : text, s.profile, s.loaded ? yes : no,
		s.ejected_by_host ? yes : no, s.locked ? yes : no, s.eject_requested ? yes : no,
		s.blank ? yes : no, s.appendable ? yes : no, s.finalised ? yes : no, s.sessions,
		s.tracks, s.readable, s.recorded, s.nwa, s.free, (unsigned long long)s.commands,
		(unsigned long long)s.errors, (unsigned long long)d->commands_struck);
}

/* ---- verbs -------------------------------------------------------------------------------- */

static int do_status(struct shim_drive *d, int words, char **word, const struct answer *a)
{
	if (words > 2 || (words == 2 && strcmp(word[1], "json") != 0))
		return say(a, 1, "status: the only word that may follow is \"json\"");
	shim_status(d, words == 2, a->text, a->size);
	return 0;
}

static int do_insert(struct shim_drive *d, int words, char **word, const struct answer *a)
{
	bool cd = words == 3 && strcmp(word[2], "cd") == 0;

	if (words != 2 && !cd)
		return say(a, 1, "insert: which image? insert FILE [cd]");
	return shim_insert(d, word[1], cd, a->text, a->size);
}

static int do_blank(struct shim_drive *d, int words, char **word, const struct answer *a)
{
	const char *type = NULL;
	uint64_t blocks = 0;

	if (words < 2)
		return say(a, 1, "blank: which file shall be the disc? blank FILE [BLOCKS] [TYPE]");
	for (int i = 2; i < words; i++)
		if (word[i][0] < '0' || word[i][0] > '9')
			type = word[i];
		else if (!number(word[i], 1, UINT32_MAX - 1, &blocks))
			return say(a, 1, "blank: \"%s\" is not a number of blocks", word[i]);
	return shim_blank(d, word[1], type, (uint32_t)blocks, a->text, a->size);
}

static int do_eject(struct shim_drive *d, int words, char **word, const struct answer *a)
{
	bool force = words == 2 && strcmp(word[1], "force") == 0;

	if (words > 2 || (words == 2 && !force))
		return say(a, 1, "eject: the only word that may follow is \"force\"");
	switch (mmc_eject(d->mmc, force)) {
	case MMC_EJECT_DONE:
		shim_trace_event(d, force ? TRACE_EJECT_FORCE : TRACE_EJECT);
		d->media = NULL;
		return say(a, 0, "ejected");
	case MMC_EJECT_REQUESTED:
		shim_trace_event(d, TRACE_EJECT_ASKS);
		return say(a, 1, "requested");
	case MMC_EJECT_EMPTY:
		break;
	}
	return say(a, 1, "empty");
}

static int do_log(struct shim_drive *d, int words, char **word, const struct answer *a)
{
	if (words != 2)
		return say(a, 1, "log: which file? log FILE");
	int r = shim_drive_log(d, word[1]);
	return r < 0 ? say(a, 1, "%s: %s", word[1], strerror(-r)) : say(a, 0, "ok");
}

static int do_refuse(struct shim_drive *d, int words, char **word, const struct answer *a)
{
	char *end = NULL;
	unsigned long op = words == 2 ? strtoul(word[1], &end, 16) : 0;

	if (words > 2 || (words == 2 && (end == word[1] || *end || op > 0xff)))
		return say(a, 1, "refuse: an operation code is 00 to ff, in hexadecimal");
	d->refuses = words == 2;
	d->refused = (uint8_t)op;
	return say(a, 0, "ok");
}

static int do_busy(struct shim_drive *d, int words, char **word, const struct answer *a)
{
	uint64_t n = 0;

	if (words > 2 || (words == 2 && !number(word[1], 1, 1000000, &n)))
		return say(a, 1, "busy: how often? busy [N], at most 1000000");
	d->busy_for = (unsigned)n;
	d->busy_left = 0;
	return say(a, 0, "ok");
}

/* Takes one of "skip=N", "times=N", "from=BLOCK" and "end=BLOCK". */
static bool fault_number(struct media_fault *f, const char *w)
{
	const struct {
		const char *key;
		uint64_t *value;
	} keys[] = {
		{"skip=", &f->skip}, {"times=", &f->times}, {"from=", &f->from}, {"end=", &f->end}};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		size_t n = strlen(keys[i].key);

		if (strncmp(w, keys[i].key, n) == 0)
			return number(w + n, 0, UINT64_MAX, keys[i].value);
	}
	return false;
}

static bool fault_word(struct media_fault *f, const char *w)
{
	if (strcmp(w, "read") == 0)
		f->on_read = true;
	else if (strcmp(w, "write") == 0)
		f->on_write = true;
	else if (strcmp(w, "sync") == 0)
		f->on_sync = true;
	else if (strcmp(w, "enospc") == 0)
		f->error = ENOSPC;
	else if (strcmp(w, "eio") == 0)
		f->error = EIO;
	else
		return fault_number(f, w);
	return true;
}

static int do_fault(struct shim_drive *d, int words, char **word, const struct answer *a)
{
	struct media_fault f = {.kind = MEDIA_FAULT_ERROR};

	if (words == 2 && strcmp(word[1], "none") == 0) {
		f.kind = MEDIA_FAULT_NONE;
	} else {
		for (int i = 1; i < words; i++)
			if (!fault_word(&f, word[i]))
				return say(a, 1, "fault: what is \"%s\"? \"help\" shows the words",
					word[i]);
		if (!f.error || !(f.on_read || f.on_write || f.on_sync) || (f.from && !f.end))
			return say(a, 1, "fault: read, write or sync, then enospc or eio%s",
				f.from && !f.end ? "; from=BLOCK needs end=BLOCK" : "");
	}
	d->fault = f;
	if (d->media)
		media_fault_set(d->media, &f);
	return say(a, 0, "ok");
}

static int do_faults(struct shim_drive *d, int words, char **word, const struct answer *a)
{
	return shim_faults_run(d, words, word, a->text, a->size);
}

static int do_reset(struct shim_drive *d, int words, char **word, const struct answer *a)
{
	(void)words;
	(void)word;
	mmc_bus_reset(d->mmc);
	shim_trace_event(d, TRACE_BUS_RESET);
	return say(a, 0, "ok");
}

static int do_help(struct shim_drive *d, int words, char **word, const struct answer *a);

static const struct verb {
	const char *name;
	bool takes_file;
	int (*run)(struct shim_drive *d, int words, char **word, const struct answer *a);
	const char *help;
} verbs[] = {
	{"help", false, do_help, "help                      print this list"},
	{"status", false, do_status, "status [json]             print the state of drive and disc"},
	{"insert", true, do_insert,
		"insert FILE [cd]          insert an image in place of the disc in the drive; cd: "
		"as a\n"
		"                          CD-ROM; the text of a compact disc (.cue, .ccd, .toc) "
		"is "
		"one"},
	{"blank", true, do_blank,
		"blank FILE [BLOCKS] [TYPE]\n"
		"                          insert a blank, whose image FILE becomes"},
	{"eject", false, do_eject,
		"eject [force]             take the disc out; force: even if the drive is locked"},
	{"log", true, do_log, "log FILE                  log the commands to a new file"},
	{"refuse", false, do_refuse,
		"refuse [OPCODE]           answer this command (hexadecimal) with 5/20/00; none: "
		"end"},
	{"busy", false, do_busy,
		"busy [N]                  after a FORMAT UNIT or BLANK with IMMED, be NOT READY "
		"until\n"
		"                          a program has asked N times; none: never"},
	{"fault", false, do_fault,
		"fault read|write|sync enospc|eio [skip=N] [times=N] [from=BLOCK end=BLOCK]\n"
		"                          let the image's storage fail: after N operations that\n"
		"                          succeed, N times, for these blocks\n"
		"fault none                end that"},
	{"faults", false, do_faults,
		"faults add FAULT          let the drive fail: faults help lists the faults\n"
		"faults load FILE          set the faults of a file, one in each line\n"
		"faults list               print them, and how often they have struck\n"
		"faults clear              end all"},
	{"reset", false, do_reset, "reset                     reset the USB of the drive"},
};

static int do_help(struct shim_drive *d, int words, char **word, const struct answer *a)
{
	size_t at = 0;

	(void)d;
	(void)words;
	(void)word;
	for (size_t i = 0; i < ARRAY_LEN(verbs) && at < a->size; i++)
		at += (size_t)snprintf(
			a->text + at, a->size - at, "%s%s", i ? "\n" : "", verbs[i].help);
	return 0;
}

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

int shim_control_file_at(int words, char **word)
{
	const struct verb *v = find_verb(word[0]);

	if (v && v->run == do_faults && words > 2 && strcmp(word[1], "load") == 0)
		return 2;
	return v && v->takes_file ? 1 : 0;
}

int shim_control(struct shim_drive *d, int words, char **word, char *answer, size_t size)
{
	struct answer a = {answer, size};
	const struct verb *v = words ? find_verb(word[0]) : NULL;

	if (!v)
		return say(&a, 1, "there is no \"%s\"; \"help\" lists what there is",
			words ? word[0] : "");
	return v->run(d, words, word, &a);
}
