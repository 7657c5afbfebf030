// SPDX-License-Identifier: GPL-2.0-or-later
#include "protocol/verbs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "util/array.h"
#include "util/distance.h"

// clang-format off
const struct verb verb_table[VERB_COUNT] = {
	[VERB_INSERT] = { "insert", 1, 1, VERB_OPT_DRIVE | VERB_OPT_FORCE | VERB_OPT_AS, NULL,
		"insert NAME [as=DISC] [force=yes] [drive=DRIVE]",
		"insert an image of the media folder: its name, the beginning of it, or its label; "
		"as=cd, as=dvd or as=auto says which disc it is" },
	[VERB_NEXT] = { "next", 0, 0, VERB_OPT_DRIVE | VERB_OPT_FORCE, NULL,
		"next [force=yes] [drive=DRIVE]",
		"insert the next image of the list, after the last one the first" },
	[VERB_PREV] = { "prev", 0, 0, VERB_OPT_DRIVE | VERB_OPT_FORCE, NULL,
		"prev [force=yes] [drive=DRIVE]",
		"insert the previous image of the list" },
	[VERB_EJECT] = { "eject", 0, 1, VERB_OPT_DRIVE, "force", "eject [force] [drive=DRIVE]",
		"remove the disc; force: even if the host has locked the drive" },
	[VERB_BLANK] = { "blank", 1, 1, VERB_OPT_DRIVE | VERB_OPT_TYPE | VERB_OPT_MINUTES | VERB_OPT_FORCE, NULL,
		"blank NAME [type=TYPE] [minutes=N] [force=yes] [drive=DRIVE]",
		"make a blank disc and insert it; never overwrites data; "
		"minutes=74, 80 (as usual), 90 or 99 is the length of a CD" },
	[VERB_CLOSE] = { "close", 1, 1, VERB_OPT_DRIVE, NULL, "close NAME [drive=DRIVE]",
		"finalise a burned disc, in a drive or not: nothing can be added to it any more" },
	[VERB_RENAME] = { "rename", 2, 2, VERB_OPT_DRIVE | VERB_OPT_ETAG, NULL,
		"rename OLD NEW [etag=ETAG] [drive=DRIVE]",
		"rename a disc in its folder, with its state and checksum; overwrites nothing" },
	[VERB_DELETE] = { "delete", 1, 1, VERB_OPT_DRIVE | VERB_OPT_ETAG, NULL,
		"delete NAME [etag=ETAG] [drive=DRIVE]",
		"delete a disc that is in no drive, with its state and checksum" },
	[VERB_ERASE] = { "erase", 1, 1, VERB_OPT_DRIVE, NULL, "erase NAME [drive=DRIVE]",
		"make a rewritable disc that is in no drive blank again; its data is gone" },
	[VERB_EXTRACT] = { "extract", 1, 2, VERB_OPT_DRIVE | VERB_OPT_TRACK | VERB_OPT_TO, NULL,
		"extract NAME [stop] [track=N] [to=FOLDER] [drive=DRIVE]",
		"copy the audio tracks of a CD, or one of them, to WAV files in a folder beside it; "
		"stop: give the copy up" },
	[VERB_STATUS] = { "status", 0, 0, VERB_OPT_DRIVE, NULL, "status [drive=DRIVE]",
		"show the drives and their discs" },
	[VERB_LIST] = { "list", 0, 0, VERB_OPT_DRIVE, NULL, "list [drive=DRIVE]",
		"list the images of the media folder" },
	[VERB_STATS] = { "stats", 0, 1, VERB_OPT_DRIVE, "reset", "stats [reset] [drive=DRIVE]",
		"show counts and durations of the host's commands; reset: and start from zero" },
	[VERB_TRACE] = { "trace", 1, 1,
		VERB_NOT_FOR_WEB | VERB_OPT_DRIVE | VERB_OPT_UNTIL | VERB_OPT_RECORDS | VERB_OPT_FROM,
		"start stop status read", "trace start|stop|status [until=error] [records=N] [drive=DRIVE]",
		"record the host's commands in memory; until=error: stop at the first unusual failure" },
	[VERB_FAULT] = { "fault", 1, WORDS_MAX - 1, VERB_NOT_FOR_WEB | VERB_OPT_DRIVE, NULL,
		"fault add|set|list|clear [FAULT] [drive=DRIVE]",
		"let the drive fail on request, for tests of burning software, such as: "
		"fault add write-error 500; set: in place of all others" },
	[VERB_EVENTS] = { "events", 0, 0, VERB_OPT_DRIVE, NULL, "events [drive=DRIVE]",
		"tell what changes, one JSON object a line, until the connection ends" },
	[VERB_SUM] = { "sum", 1, 2, VERB_OPT_DRIVE, NULL, "sum NAME [start] [drive=DRIVE]",
		"show the SHA-256 of an image; start: compute it, and write it beside the image" },
	[VERB_OPEN] = { "open", 1, 1, VERB_FOR_PROGRAMS | VERB_OPT_DRIVE | VERB_OPT_UNFINISHED, NULL,
		"open NAME [unfinished=yes] [drive=DRIVE]",
		"for programs: pass a descriptor for reading an image; people use get" },
	[VERB_UPLOAD] = { "upload", 1, 1,
		VERB_FOR_PROGRAMS | VERB_OPT_DRIVE | VERB_OPT_SIZE | VERB_OPT_SHA256, NULL,
		"upload NAME size=BYTES [sha256=HEX] [drive=DRIVE]",
		"for programs: pass a descriptor for writing an image, or what is missing of it" },
	[VERB_UPLOADS] = { "uploads", 0, 0, VERB_OPT_DRIVE, NULL, "uploads [drive=DRIVE]",
		"list the uploads that are not finished" },
	[VERB_UPLOAD_OPEN] = { "upload-open", 1, 1, VERB_FOR_PROGRAMS, NULL, "upload-open ID",
		"for programs: pass a descriptor for going on with an upload" },
	[VERB_UPLOAD_AT] = { "upload-at", 1, 1, VERB_FOR_PROGRAMS | VERB_OPT_OFFSET, NULL, "upload-at ID [offset=BYTES]",
		"for programs: so many bytes are on storage; or only ask how to go on" },
	[VERB_UPLOAD_END] = { "upload-end", 1, 1, VERB_FOR_PROGRAMS | VERB_OPT_AS, NULL, "upload-end ID [as=NAME]",
		"for programs: the upload is complete, and the image gets its name" },
	[VERB_UPLOAD_DROP] = { "upload-drop", 1, 1, 0, NULL, "upload-drop ID",
		"delete an upload that is not finished" },
	[VERB_HELP] = { "help", 0, 1, 0, NULL, "help [VERB]", "list the verbs, or describe one" },
};

static const struct { const char *name; enum verb_option bit; } options[] = {
	{ "drive", VERB_OPT_DRIVE }, { "type", VERB_OPT_TYPE },
	{ "until", VERB_OPT_UNTIL }, { "records", VERB_OPT_RECORDS }, { "from", VERB_OPT_FROM },
	{ "force", VERB_OPT_FORCE }, { "as", VERB_OPT_AS }, { "minutes", VERB_OPT_MINUTES },
	{ "track", VERB_OPT_TRACK }, { "to", VERB_OPT_TO },
	{ "size", VERB_OPT_SIZE }, { "sha256", VERB_OPT_SHA256 }, { "offset", VERB_OPT_OFFSET },
	{ "unfinished", VERB_OPT_UNFINISHED }, { "etag", VERB_OPT_ETAG },
};

/* Words of other programs that people may type. The verb may be one of the client's. */
static const struct { const char *typed, *verb; } synonyms[] = {
	{ "ls", "list" }, { "dir", "list" }, { "images", "list" }, { "discs", "list" },
	{ "free", "list" }, { "df", "list" }, { "room", "list" }, { "space", "list" },
	{ "load", "insert" }, { "mount", "insert" }, { "use", "insert" }, { "reload", "insert" },
	{ "change", "insert" }, { "swap", "insert" }, { "select", "insert" },
	{ "unload", "eject" }, { "umount", "eject" }, { "unmount", "eject" },
	{ "previous", "prev" }, { "back", "prev" },
	{ "finalize", "close" }, { "finalise", "close" }, { "finish", "close" }, { "fixate", "close" },
	{ "new", "blank" }, { "create", "blank" },
	{ "rm", "delete" }, { "remove", "delete" }, { "del", "delete" },
	{ "wipe", "erase" }, { "clear", "erase" }, { "format", "erase" },
	{ "rip", "extract" }, { "wav", "extract" }, { "songs", "extract" },
	{ "mv", "rename" }, { "move", "rename" },
	{ "sha256", "sum" }, { "sha256sum", "sum" }, { "checksum", "sum" },
	{ "md5", "sum" }, { "md5sum", "sum" }, { "verify", "sum" }, { "check", "sum" },
	{ "put", "upload" }, { "send", "upload" }, { "push", "upload" },
	{ "add", "upload" }, { "import", "upload" },
	{ "download", "get" }, { "fetch", "get" }, { "pull", "get" }, { "export", "get" },
	{ "info", "status" }, { "drives", "status" }, { "stat", "status" }, { "show", "status" },
	{ "drive", "status" }, { "disc", "status" }, { "state", "status" },
	{ "diagnose", "doctor" }, { "debug", "doctor" }, { "test", "doctor" }, { "diag", "doctor" },
	{ "bug", "report" }, { "bugreport", "report" }, { "issue", "report" },
};
#define UPDATE "README.md, \"Update, uninstall\", says how; with the package: /usr/share/doc/mmcgadget"
/* The same for what no verb does: what to do instead. */
static const struct { const char *typed, *instead; } elsewhere[] = {
	{ "burn", "the PC burns, with its own program; blank NAME makes a disc for it" },
	{ "write", "the PC burns, with its own program; blank NAME makes a disc for it" },
	{ "record", "the PC burns, with its own program; blank NAME makes a disc for it" },
	{ "copy", "upload FILE puts a file into the media folder, get NAME copies a disc out of it" },
	{ "cp", "upload FILE puts a file into the media folder, get NAME copies a disc out of it" },
	{ "scp", "upload FILE puts a file into the media folder, get NAME copies a disc out of it" },
	{ "unlock", "the PC has locked the drive; eject --force takes the disc out all the same" },
	{ "start", "the service is started so: sudo systemctl start mmcgadgetd" },
	{ "stop", "the service is stopped so: sudo systemctl stop mmcgadgetd" },
	{ "restart", "the service is restarted so: sudo systemctl restart mmcgadgetd" },
	{ "log", "the log is shown so: sudo journalctl -u mmcgadgetd" },
	{ "logs", "the log is shown so: sudo journalctl -u mmcgadgetd" },
	{ "config", "the settings are in /etc/mmcgadget/mmcgadget.conf, see man mmcgadget.conf" },
	{ "journal", "the log is shown so: sudo journalctl -u mmcgadgetd" },
	{ "settings", "the settings are in /etc/mmcgadget/mmcgadget.conf, see man mmcgadget.conf" },
	{ "set", "the settings are in /etc/mmcgadget/mmcgadget.conf, see man mmcgadget.conf" },
	{ "edit", "the settings are in /etc/mmcgadget/mmcgadget.conf, see man mmcgadget.conf" },
	{ "name", "the drive's name is a setting, vendor and product of drives: man mmcgadget.conf" },
	{ "reboot", "the board is restarted so: sudo reboot; the same disc is in the drive then" },
	{ "poweroff", "the board is switched off so: sudo poweroff; no disc has to be taken out first" },
	{ "shutdown", "the board is switched off so: sudo poweroff; no disc has to be taken out first" },
	{ "halt", "the board is switched off so: sudo poweroff; no disc has to be taken out first" },
	{ "update", UPDATE }, { "upgrade", UPDATE }, { "install", UPDATE }, { "uninstall", UPDATE },
};
// clang-format on

/* Returns where the option's value goes. */
static char **slot_of(struct verb_call *call, enum verb_option bit)
{
	switch (bit) {
	case VERB_OPT_DRIVE:
		return &call->drive;
	case VERB_OPT_TYPE:
		return &call->type;
	case VERB_OPT_UNTIL:
		return &call->until;
	case VERB_OPT_RECORDS:
		return &call->records;
	case VERB_OPT_FROM:
		return &call->from;
	case VERB_OPT_AS:
		return &call->as;
	case VERB_OPT_MINUTES:
		return &call->minutes;
	case VERB_OPT_TRACK:
		return &call->track;
	case VERB_OPT_TO:
		return &call->to;
	case VERB_OPT_SIZE:
		return &call->size;
	case VERB_OPT_SHA256:
		return &call->sha256;
	case VERB_OPT_OFFSET:
		return &call->offset;
	case VERB_OPT_UNFINISHED:
		return &call->unfinished;
	case VERB_OPT_ETAG:
		return &call->etag;
	case VERB_OPT_FORCE:
	case VERB_FOR_PROGRAMS:
	case VERB_NOT_FOR_WEB:
		break;
	}
	return &call->force;
}

/* True if word is one of the words of list, which are separated by spaces. */
static bool is_listed(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = list; p; p = strchr(p, ' ')) {
		p += *p == ' ';
		if (strncmp(p, word, len) == 0 && (p[len] == ' ' || p[len] == '\0'))
			return true;
	}
	return false;
}

static int take_option(struct verb_call *call, const char *key, char *value, const char **code,
	char *why, size_t size)
{
	char **slot;

	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		if (strcmp(options[i].name, key) != 0 || !(call->verb->options & options[i].bit))
			continue;
		slot = slot_of(call, options[i].bit);
		if (*slot || *value == '\0') {
			*code = "bad-arguments";
			snprintf(why, size, "%s: option \"%s\" %s", call->verb->name, key,
				*slot ? "is given twice" : "has no value");
			return -1;
		}
		if ((options[i].bit & (VERB_OPT_FORCE | VERB_OPT_UNFINISHED)) &&
			strcmp(value, "yes") != 0) {
			*code = "bad-arguments";
			snprintf(why, size, "%s: %s takes the value yes only", call->verb->name,
				key);
			return -1;
		}
		*slot = value;
		return 0;
	}
	*code = "unknown-option";
	snprintf(why, size, "%s: unknown option \"%s\" (usage: %s)", call->verb->name, key,
		call->verb->synopsis);
	return -1;
}

static int bad_arguments(
	const struct verb *v, const char *what, const char **code, char *why, size_t size)
{
	*code = "bad-arguments";
	snprintf(why, size, "%s: %s (usage: %s)", v->name, what, v->synopsis);
	return -1;
}

/* ---- what is near a word -------------------------------------------------------------------- */

/* Returns the verb of that number in the table and in more, NULL after the last one. */
static const char *verb_at(size_t i, const char *const *more)
{
	if (i < VERB_COUNT)
		return verb_table[i].name;
	return more ? more[i - VERB_COUNT] : NULL;
}

static const char *verb_named(const char *name, const char *const *more)
{
	const char *verb;

	for (size_t i = 0; (verb = verb_at(i, more)) != NULL; i++) {
		if (strcasecmp(verb, name) == 0)
			return verb;
	}
	return NULL;
}

const char *verb_near(const char *word, const char *const *more)
{
	const char *verb = verb_named(word, more);
	struct nearest near;

	for (size_t i = 0; !verb && i < ARRAY_LEN(synonyms); i++) {
		if (strcasecmp(synonyms[i].typed, word) == 0)
			verb = verb_named(synonyms[i].verb, more);
	}
	if (verb)
		return verb;
	nearest_begin(&near, word);
	for (size_t i = 0; (verb = verb_at(i, more)) != NULL; i++)
		nearest_try(&near, verb);
	return near.word;
}

void verb_unknown(const char *word, const char *const *more, char *why, size_t size)
{
	const char *near;

	for (size_t i = 0; i < ARRAY_LEN(elsewhere); i++) {
		if (strcasecmp(elsewhere[i].typed, word) == 0) {
			snprintf(
				why, size, "there is no \"%.64s\"; %s", word, elsewhere[i].instead);
			return;
		}
	}
	near = verb_near(word, more);
	if (near)
		snprintf(why, size, "there is no \"%.64s\"; did you mean %s?", word, near);
	else
		snprintf(why, size, "unknown command \"%.64s\"; try help", word);
}

/* ---- a line --------------------------------------------------------------------------------- */

static int find_verb(
	const char *name, struct verb_call *call, const char **code, char *why, size_t size)
{
	for (size_t i = 0; i < VERB_COUNT; i++) {
		if (strcmp(verb_table[i].name, name) == 0) {
			call->verb = &verb_table[i];
			call->id = (enum verb_id)i;
			return 0;
		}
	}
	*code = "unknown-verb";
	verb_unknown(name, NULL, why, size);
	return -1;
}

/* Returns the key that the word begins with, in any case of its letters; NULL: none. */
static const char *key_of(const char *word)
{
	size_t len = strcspn(word, "=");

	for (size_t i = 0; word[len] == '=' && i < ARRAY_LEN(options); i++) {
		if (strlen(options[i].name) == len && strncasecmp(options[i].name, word, len) == 0)
			return options[i].name;
	}
	return NULL;
}

bool verb_is_option(const char *word)
{
	return key_of(word) != NULL;
}

/*
 * Returns the value of an option, and makes the word its key: also of Drive= and TYPE=, which are
 * meant to be options. NULL: the word is a name.
 */
static char *take_value(struct word *word)
{
	const char *key = word->quoted ? NULL : key_of(word->text);
	size_t len = key ? strlen(key) : 0;

	if (!key)
		return words_option(word);
	memcpy(word->text, key, len);
	word->text[len] = '\0';
	return word->text + len + 1;
}

/* Sorts the words after the verb into options and arguments. */
static int take_words(
	struct words *w, struct verb_call *call, const char **code, char *why, size_t size)
{
	char *value;

	for (unsigned i = 1; i < w->count; i++) {
		value = take_value(&w->word[i]);
		if (!value)
			call->args[call->count++] = w->word[i].text;
		else if (take_option(call, w->word[i].text, value, code, why, size) < 0)
			return -1;
	}
	return 0;
}

static bool is_keyword(const struct verb *v, const char *word)
{
	return v->keyword && is_listed(v->keyword, word);
}

/* Returns the number of the drive of that name, in any case of the letters; or, if numbers may be
 * used, of that number. -1: there is none. */
static int find_drive(const struct verb_drives *drives, const char *name, bool number)
{
	char *end;
	unsigned long n;

	for (unsigned i = 0; i < drives->count; i++) {
		if (strcmp(drives->name[i], name) == 0)
			return (int)i;
	}
	for (unsigned i = 0; i < drives->count; i++) {
		if (strcasecmp(drives->name[i], name) == 0)
			return (int)i;
	}
	n = strtoul(name, &end, 10);
	return number && *name >= '0' && *name <= '9' && *end == '\0' && n < drives->count ? (int)n
											   : -1;
}

static void take_out(struct verb_call *call, unsigned at)
{
	memmove(&call->args[at], &call->args[at + 1], (--call->count - at) * sizeof(call->args[0]));
}

/*
 * Makes the argument too many, or the one that is not a keyword, the drive if it is one. The last
 * one is asked first: "insert drive0 drive1" inserts drive0. A number is a drive only if no name
 * can stand there.
 */
static void find_bare_drive(struct verb_call *call, const struct verb_drives *drives)
{
	const struct verb *v = call->verb;
	bool names = v->max_args > 0 && !v->keyword;

	for (unsigned i = call->count; i-- > 0;) {
		if (is_keyword(v, call->args[i]) || find_drive(drives, call->args[i], !names) < 0)
			continue;
		call->drive = call->args[i];
		take_out(call, i);
		return;
	}
}

static bool fits(const struct verb_call *call)
{
	const struct verb *v = call->verb;

	if (call->count > v->max_args)
		return false;
	for (unsigned i = 0; v->keyword && i < call->count; i++) {
		if (*call->args[i] != '\0' && !is_keyword(v, call->args[i]))
			return false;
	}
	return true;
}

/* Writes the arguments as one name in quotes, as it should have been typed. */
static void too_many_names(const struct verb_call *call, char *out, size_t size)
{
	size_t n = (size_t)snprintf(out, size,
		"too many arguments; names with blanks need quotes: %s", call->verb->name);

	for (unsigned i = 0; i < call->count && n < size; i++)
		n += (size_t)snprintf(
			out + n, size - n, "%s%.80s", i == 0 ? " \"" : " ", call->args[i]);
	if (n < size)
		snprintf(out + n, size - n, "\"");
}

/* The arguments do not fit. */
static int misfit(struct verb_call *call, const struct verb_drives *drives, const char **code,
	char *why, size_t size)
{
	const struct verb *v = call->verb;
	char text[300];
	size_t n;

	if (call->count > v->max_args && v->max_args == 1 && !v->keyword && v->options)
		too_many_names(call, text, sizeof(text));
	else if (call->count > v->max_args && v->max_args > 1)
		snprintf(text, sizeof(text), "too many arguments; names with blanks need quotes");
	else if (call->count > v->max_args &&
		 (v->keyword || call->count > 1 || !drives || call->drive))
		snprintf(text, sizeof(text), "too many arguments");
	else if (v->keyword)
		snprintf(text, sizeof(text), "unknown argument \"%.64s\"", call->args[0]);
	else {
		call->no_such_drive = true;
		snprintf(text, sizeof(text), "there is no drive \"%.64s\"", call->args[0]);
	}
	bad_arguments(v, text, code, why, size);
	n = strlen(why);
	if (!(v->options & VERB_OPT_DRIVE) || call->drive)
		drives = NULL;
	for (unsigned i = 0; drives && i < drives->count && n < size; i++)
		n += (size_t)snprintf(why + n, size - n, "%s%s",
			i == 0 ? "; the drives are: " : ", ", drives->name[i]);
	return -1;
}

static int settle_drive(struct verb_call *call, const struct verb_drives *drives, const char **code,
	char *why, size_t size)
{
	size_t n;

	call->drive_at = find_drive(drives, call->drive, true);
	if (call->drive_at >= 0)
		return 0;
	*code = "no-such-drive";
	call->no_such_drive = true;
	n = (size_t)snprintf(why, size, "no drive \"%.40s\"", call->drive);
	for (unsigned i = 0; i < drives->count && n < size; i++)
		n += (size_t)snprintf(why + n, size - n, "%s%s", i == 0 ? "; there are: " : ", ",
			drives->name[i]);
	return -1;
}

int verb_parse(struct words *w, const struct verb_drives *drives, struct verb_call *call,
	const char **code, char *why, size_t size)
{
	bool may_be_drive;

	memset(call, 0, sizeof(*call));
	call->drive_at = -1;
	if (w->count == 0) {
		*code = "unknown-verb";
		snprintf(why, size, "no command; try help");
		return -1;
	}
	if (find_verb(w->word[0].text, call, code, why, size) < 0 ||
		take_words(w, call, code, why, size) < 0)
		return -1;
	may_be_drive = (call->verb->options & VERB_OPT_DRIVE) && !call->drive &&
		       call->count <= call->verb->max_args + 1;
	if (drives && may_be_drive && !fits(call))
		find_bare_drive(call, drives);
	if (!fits(call) && (drives || !may_be_drive))
		return misfit(call, drives, code, why, size);
	if (call->count < call->verb->min_args)
		return bad_arguments(call->verb, "too few arguments", code, why, size);
	for (unsigned i = 0; i < call->count; i++) {
		if (*call->args[i] == '\0')
			return bad_arguments(call->verb, "the name is empty", code, why, size);
	}
	call->arg = call->count ? call->args[0] : NULL;
	return drives && call->drive ? settle_drive(call, drives, code, why, size) : 0;
}
