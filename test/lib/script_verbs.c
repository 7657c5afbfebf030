// SPDX-License-Identifier: GPL-2.0-or-later
/* The verbs of CDB conversations; script.h has the language. */
#include "lib/script_int.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/array.h"

static void only(struct script_parser *p, unsigned executors)
{
	if (p->s->executors & ~executors)
		script_complain(p, "say \"requires direct bot\" first: no real drive can do this");
}

static void verb_requires(struct script_parser *p, const char *at)
{
	static const char *const names[] = {"direct", "bot", "sg"};
	unsigned set = 0;
	const char *w;

	while ((w = script_word(p, &at))) {
		unsigned bit = 0;

		for (unsigned i = 0; i < ARRAY_LEN(names); i++)
			if (strcmp(w, names[i]) == 0)
				bit = 1u << i;
		if (!bit)
			script_complain(p, "requires: direct, bot, sg");
		set |= bit;
	}
	if (p->last || !set)
		script_complain(p, "requires names executors, before the first step");
	p->s->executors = set;
}

static void verb_config(struct script_parser *p, const char *at)
{
	struct mmc_config *c = &p->s->config;
	const char *w, *v;

	only(p, SCRIPT_DIRECT | SCRIPT_BOT);
	if (p->last)
		script_complain(p, "config comes before the first step");
	while ((w = script_word(p, &at))) {
		if ((v = script_value(w, "finalised")) && strcmp(v, "dvd+r") == 0)
			c->finalised = MMC_FINALISED_DVD_PLUS_R;
		else if ((v = script_value(w, "large")) && strcmp(v, "dvd-rom") == 0)
			c->dvd_only = true;
		else if ((v = script_value(w, "strict")))
			c->strict_cdb = script_number(p, v) != 0;
		else if ((v = script_value(w, "serial")))
			snprintf(c->serial, sizeof(c->serial), "%s", v);
		else if ((v = script_value(w, "buffer")))
			c->buffer = script_number(p, v);
		else
			script_complain(p, "config: finalised=dvd+r, large=dvd-rom, strict=1, "
					   "serial=TEXT, buffer=BYTES");
	}
}

static const struct disc_medium *blank_medium(struct script_parser *p, const char *name)
{
	const struct disc_medium *m = disc_medium_named(name);

	if (!m || !disc_medium_is_recordable(m))
		script_complain(p, "no blank of this type");
	return m;
}

static void verb_media(struct script_parser *p, const char *at)
{
	struct script_step *step = script_add(p, SCRIPT_MEDIA);
	const char *w = script_word(p, &at), *v;

	if (w && strcmp(w, "blank") == 0)
		step->media = SCRIPT_MEDIA_BLANK;
	else if (w && strcmp(w, "rom") == 0)
		step->media = SCRIPT_MEDIA_ROM;
	else if (w && strcmp(w, "cd") == 0)
		step->media = SCRIPT_MEDIA_CD;
	else if (!w || strcmp(w, "none") != 0)
		script_complain(
			p, "media: blank [BLOCKS] [type=NAME], rom BLOCKS, cd BLOCKS, none");
	while ((w = script_word(p, &at))) {
		if (strcmp(w, "ua") == 0)
			step->unseen = true;
		else if ((v = script_value(w, "type")))
			step->medium = blank_medium(p, v);
		else if (step->media == SCRIPT_MEDIA_CD && !isdigit((unsigned char)*w))
			step->disc = script_copy(p, w);
		else
			step->size = script_number(p, w);
	}
	if (step->disc)
		only(p, SCRIPT_DIRECT | SCRIPT_BOT);
	if (step->media == SCRIPT_MEDIA_BLANK && step->size)
		only(p, SCRIPT_DIRECT | SCRIPT_BOT);
	if ((step->media == SCRIPT_MEDIA_ROM || step->media == SCRIPT_MEDIA_CD) && !step->size &&
		!step->disc)
		script_complain(p, "media rom BLOCKS, media cd BLOCKS, media cd NAME");
}

static void verb_eject(struct script_parser *p, const char *at)
{
	struct script_step *step = script_add(p, SCRIPT_EJECT);
	const char *w = script_word(p, &at);

	if (!w)
		return;
	if (strcmp(w, "force") == 0)
		step->eject = SCRIPT_EJECT_FORCE;
	else if (strcmp(w, "asks") == 0)
		step->eject = SCRIPT_EJECT_ASKS;
	else
		script_complain(p, "eject, eject force, eject asks");
}

static void verb_fault(struct script_parser *p, const char *at)
{
	struct media_fault f = {.times = 1};
	const char *w = script_word(p, &at), *v;

	only(p, SCRIPT_DIRECT | SCRIPT_BOT);
	f.on_read = w && strcmp(w, "read") == 0;
	f.on_write = w && strcmp(w, "write") == 0;
	f.on_sync = w && strcmp(w, "sync") == 0;
	if (!w || (!f.on_read && !f.on_write && !f.on_sync && strcmp(w, "none") != 0))
		script_complain(p, "fault: read, write, sync, none");
	while ((w = script_word(p, &at))) {
		if (strcmp(w, "again") == 0)
			f.kind = MEDIA_FAULT_AGAIN;
		else if (strcmp(w, "eio") == 0 || strcmp(w, "enospc") == 0)
			f.kind = MEDIA_FAULT_ERROR, f.error = *(w + 1) == 'i' ? EIO : ENOSPC;
		else if ((v = script_value(w, "skip")))
			f.skip = script_number(p, v);
		else if ((v = script_value(w, "times")))
			f.times = script_number(p, v);
		else
			script_complain(p, "fault: enospc, eio, again, skip=N, times=N");
	}
	script_add(p, SCRIPT_FAULT)->fault = f;
}

/* Parses "FROM..END [step N] [op=XX]". */
static void parse_range(struct script_parser *p, enum script_kind kind, uint8_t op, const char *at)
{
	struct script_step *step = script_add(p, kind);
	const char *w = script_word(p, &at), *v;
	char *dots = w ? strstr(p->word, "..") : NULL;
	uint8_t mask;

	if (!dots) {
		script_complain(p, "FROM..END");
		return;
	}
	*dots = '\0';
	step->from = script_number(p, p->word);
	step->end = script_number(p, dots + 2);
	step->step = 16;
	step->cdb[0] = op;
	while ((w = script_word(p, &at))) {
		if (strcmp(w, "step") == 0)
			step->step = script_number(p, script_word(p, &at));
		else if ((v = script_value(w, "op")) && script_byte(v, &step->cdb[0], &mask))
			continue;
		else
			script_complain(p, "FROM..END [step N] [op=XX]");
	}
	if (step->step == 0 || step->step > SCRIPT_MAX_DATA / MEDIA_BLOCK || step->end < step->from)
		script_complain(p, "a range of blocks, in steps that one command takes");
}

static void verb_repeat(struct script_parser *p, const char *at)
{
	p->repeat = script_number(p, script_word(p, &at));
	p->command = NULL;
}

static void verb_write(struct script_parser *p, const char *at)
{
	parse_range(p, SCRIPT_WRITE, 0x2a, at);
}

static void verb_read(struct script_parser *p, const char *at)
{
	parse_range(p, SCRIPT_READ, 0x28, at);
}

void script_parse_verb(struct script_parser *p, const char *at)
{
	static const struct {
		const char *verb;
		void (*parse)(struct script_parser *p, const char *at);
		enum script_kind kind; /* if parse is NULL: the kind of a step without arguments */
	} verbs[] = {
		{"requires", verb_requires, 0},
		{"config", verb_config, 0},
		{"media", verb_media, 0},
		{"eject", verb_eject, 0},
		{"fault", verb_fault, 0},
		{"repeat", verb_repeat, 0},
		{"write", verb_write, 0},
		{"read", verb_read, 0},
		{"ready", NULL, SCRIPT_READY},
		{"insert-again", NULL, SCRIPT_INSERT_AGAIN},
		{"busreset", NULL, SCRIPT_BUS_RESET},
		{"transportreset", NULL, SCRIPT_TRANSPORT_RESET},
	};
	const char *w = script_word(p, &at);

	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		if (strcmp(w, verbs[i].verb) != 0)
			continue;
		if (verbs[i].parse)
			verbs[i].parse(p, at);
		else
			script_add(p, verbs[i].kind);
		return;
	}
	script_complain(p, "no such verb");
}
