/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Helpers of all parsers of this room: words and numbers of a text, its files, its errors. */
#ifndef CDIMAGE_READING_H
#define CDIMAGE_READING_H

#include "cdimage/cdimage.h"

/* A part of the text, without a final NUL. */
struct slice {
	const char *at;
	size_t len;
};

/* A text that is being parsed. */
struct reading {
	const char *name; /* of its file */
	struct slice text;
	struct slice all; /* the text with its byte order mark */
	bool latin;       /* it is not UTF-8, so it is taken for ISO 8859-1 */
	char line_end;
	unsigned line;
	struct {
		unsigned files; /* whose end is no whole sector */
		int file;       /* the first one of them */
		unsigned bytes; /* of its end */
		bool samples;   /* they are */
	} rest;
	const struct cdimage_source *source;
	struct cdimage *out;
};

/* Takes the text; drops a byte order mark. False: it is no text, and out->error says so. */
bool reading_begin(struct reading *r);
/* Writes the error, unless there is one already, with the name and (unless it is 0) the line.
 * False. */
bool reading_fail(struct reading *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Takes the next line from *rest, without its end and the blanks around it. False: there is none.
 */
bool reading_line(struct reading *r, struct slice *rest, struct slice *line);

/* Takes the next word from *rest; an empty slice at the end. */
struct slice slice_word(struct slice *rest);
/*
 * Takes a string: from the first to the last quotation mark, which leaves what is after it in
 * *rest; without quotation marks, everything.
 */
struct slice slice_string(struct slice *rest);
struct slice slice_trim(struct slice s);
/* Upper and lower case are the same. */
bool slice_is(struct slice s, const char *word);
/* True for decimal digits that make a number of at most max. */
bool slice_number(struct slice s, uint64_t max, uint64_t *out);
/* True for minutes:seconds:frames, with seconds below 60 and frames below 75. In sectors. */
bool slice_msf(struct slice s, uint32_t *out);

/*
 * Finds the file that the text names: the last component of a path, also of Windows. Returns its
 * number, the same for the same name; -1: the error is written.
 */
int reading_file(struct reading *r, struct slice name);
/* Notes that the last bytes of the file, or those of its samples, are no whole sector; 0: none. */
void reading_rest(struct reading *r, int file, uint64_t bytes, bool samples);
/* Says so in out->note, unless it says something else. */
void reading_tell_rest(struct reading *r);
/* As reading_file() for the file that has no text, but is the disc itself. It is the first one. */
int reading_self(struct reading *r);
/* As reading_file() for a file of samples, which are found in *wav; one that is no WAV or FLAC is
 * refused.
 */
int reading_wav(struct reading *r, struct slice name, struct cdimage_wav *wav);
/*
 * The number of the file of that name; -1, without an error: there is none that can be read. It is
 * not used.
 */
int reading_optional_file(struct reading *r, const char *name);
/* True if the file's name ends so; upper and lower case are the same. */
bool reading_has_suffix(const struct reading *r, int file, const char *suffix);

/* Copies a media catalogue number of 13 digits (or 12, a UPC); does nothing if it is none. */
void reading_mcn(struct reading *r, struct slice s);
/* Copies an ISRC, with or without hyphens; out is "" if it is none. */
void slice_isrc(struct slice s, char out[13]);

/* Control bits of subchannel Q (MMC-6 table 27). */
#define CONTROL_PRE_EMPHASIS 1u
#define CONTROL_COPY         2u
#define CONTROL_DATA         4u
#define CONTROL_4_CHANNELS   8u

/* The parsers. r->out is cleared but for its files. False: the error is written. */
bool cue_parse(struct reading *r);
bool ccd_parse(struct reading *r);
bool toc_parse(struct reading *r);
bool chd_parse(struct reading *r);

#endif
