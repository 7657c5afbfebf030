// SPDX-License-Identifier: GPL-2.0-or-later
#include "cd/toc.h"

#include <string.h>

#include "cd/address.h"
#include "cd/find.h"
#include "util/array.h"
#include "util/be.h"

#define HEADER      4u
#define ADR_1       0x10u
#define ADR_5       0x50u
#define ATIP_LENGTH 28u

/* What a disc that is not recordable says of a pregroove: 80 minutes, and a usual lead-in. */
static const struct cd_atip pressed = {.lead_in = -13650, .last_lead_out = 359849};

/* The special information 1 of the ATIP (Orange Book). */
static void put_atip(uint8_t *to, const struct cd_atip *atip)
{
	to[0] = 0x80 | atip->power;
	to[1] = 0x40; /* unrestricted use */
	to[2] = 0x80 | atip->type;
}

/* The length field does not count itself. */
static unsigned finish(uint8_t *out, unsigned length, uint8_t first, uint8_t last)
{
	put_be16(out, length - 2);
	out[2] = first;
	out[3] = last;
	return length;
}

static void put_msf(uint8_t *to, int32_t lba)
{
	struct cd_msf t = cd_msf(lba);

	to[0] = t.minute;
	to[1] = t.second;
	to[2] = t.frame;
}

/* An entry of formats 0 and 1. */
static void put_entry(uint8_t *to, uint8_t control, uint8_t number, int32_t lba, bool msf)
{
	memset(to, 0, 8);
	to[1] = ADR_1 | control;
	to[2] = number;
	if (msf)
		put_msf(to + 5, lba);
	else
		put_be32(to + 4, (uint32_t)lba);
}

/* The closed sessions of a map: the part that is in the TOC. */
struct closed {
	const struct cd_map *map;
	unsigned tracks, sessions;
};

static const struct cd_track *last_track(const struct closed *c)
{
	return &c->map->track[c->tracks - 1];
}

static uint8_t number_of(const struct cd_map *m, const struct cd_track *t)
{
	return (uint8_t)(m->first_track + (t - m->track));
}

static unsigned toc_tracks(const struct closed *c, const struct cd_toc_request *r, uint8_t *out)
{
	const struct cd_map *m = c->map;
	unsigned length = HEADER;
	uint8_t last = number_of(m, last_track(c));

	if (r->number > last && r->number != CD_LEAD_OUT)
		return 0;
	for (unsigned i = 0; i < c->tracks; i++) {
		if (m->first_track + i < r->number)
			continue;
		put_entry(out + length, m->track[i].control, (uint8_t)(m->first_track + i),
			m->track[i].start, r->msf);
		length += 8;
	}
	put_entry(out + length, last_track(c)->control, CD_LEAD_OUT,
		m->session[c->sessions - 1].lead_out, r->msf);
	return finish(out, length + 8, m->first_track, last);
}

/* The first track of a session. */
static const struct cd_track *first_of(const struct closed *c, unsigned session)
{
	const struct cd_track *t = c->map->track;

	while (t->session < session)
		t++;
	return t;
}

/* The last track of a session. */
static const struct cd_track *last_of(const struct closed *c, unsigned session)
{
	const struct cd_track *t = last_track(c);

	while (t->session > session)
		t--;
	return t;
}

static unsigned toc_sessions(const struct closed *c, const struct cd_toc_request *r, uint8_t *out)
{
	const struct cd_track *t = first_of(c, c->sessions);

	put_entry(out + HEADER, t->control, number_of(c->map, t), t->start, r->msf);
	return finish(out, HEADER + 8, 1, (uint8_t)c->sessions);
}

/* ---- the full TOC: subchannel Q of the lead-ins, binary ---- */

/* An entry with zeros for times. Returns it. */
static uint8_t *point(uint8_t **p, uint8_t session, uint8_t adr_control, uint8_t number)
{
	uint8_t *to = *p;

	memset(to, 0, 11);
	to[0] = session;
	to[1] = adr_control;
	to[3] = number;
	*p += 11;
	return to;
}

/*
 * The pointers B0 and C0 (Orange Book): where the next session can begin, and what the pregroove
 * says. Only a disc with several sessions, or with room for another, has them.
 */
static void put_pointers(const struct closed *c, const struct cd_toc_request *r, uint8_t session,
	uint8_t control, uint8_t **p)
{
	const struct cd_atip *atip = r->atip ? r->atip : &pressed;
	uint8_t *b0, *c0;

	if (c->sessions == 1 && !r->appendable)
		return;
	b0 = point(p, session, ADR_5 | control, 0xb0);
	if (session < c->sessions || r->appendable)
		put_msf(b0 + 4,
			c->map->session[session - 1].lead_out + (session == 1 ? 11250 : 6750));
	else
		memset(b0 + 4, 0xff, 3);
	b0[7] = session == 1 ? 2 : 1; /* such pointers in this lead-in */
	put_msf(b0 + 8, atip->last_lead_out);
	if (session != 1)
		return;
	c0 = point(p, session, ADR_5 | control, 0xc0);
	if (r->atip)
		put_atip(c0 + 4, r->atip);
	put_msf(c0 + 8, atip->lead_in);
}

static void put_session(
	const struct closed *c, const struct cd_toc_request *r, uint8_t session, uint8_t **p)
{
	const struct cd_track *first = first_of(c, session), *last = last_of(c, session);
	const struct cd_session *s = &c->map->session[session - 1];
	uint8_t *to;

	to = point(p, session, ADR_1 | first->control, 0xa0);
	to[8] = number_of(c->map, first);
	to[9] = s->format;
	to = point(p, session, ADR_1 | last->control, 0xa1);
	to[8] = number_of(c->map, last);
	to = point(p, session, ADR_1 | last->control, 0xa2);
	put_msf(to + 8, s->lead_out);
	for (const struct cd_track *t = first; t <= last; t++) {
		to = point(p, session, ADR_1 | t->control, number_of(c->map, t));
		put_msf(to + 8, t->start);
	}
	put_pointers(c, r, session, first->control, p);
}

static unsigned toc_full(const struct closed *c, const struct cd_toc_request *r, uint8_t *out)
{
	uint8_t *p = out + HEADER;

	if (r->number > c->sessions)
		return 0;
	for (unsigned session = r->number ? r->number : 1; session <= c->sessions; session++)
		put_session(c, r, (uint8_t)session, &p);
	return finish(out, (unsigned)(p - out), 1, (uint8_t)c->sessions);
}

/* ---- PMA and ATIP of recordable discs, CD-Text ---- */

/* The tracks as the program memory area has them: each with its start and its end. */
static unsigned toc_pma(const struct cd_map *m, const struct cd_toc_request *r, uint8_t *out)
{
	uint8_t *p = out + HEADER;

	if (!r->atip)
		return 0;
	for (unsigned i = 0; i + r->unfinished < m->tracks; i++) {
		const struct cd_track *t = &m->track[i];
		uint8_t *to = point(&p, 0, ADR_1 | t->control, (uint8_t)(m->first_track + i));

		put_msf(to + 4, t->start + (int32_t)t->length);
		put_msf(to + 8, t->start);
	}
	return finish(out, (unsigned)(p - out), 0, 0);
}

static unsigned toc_atip(const struct cd_toc_request *r, uint8_t *out)
{
	const struct cd_atip *atip = r->atip;

	if (!atip)
		return 0;
	memset(out, 0, ATIP_LENGTH);
	put_atip(out + 4, atip);
	put_msf(out + 8, atip->lead_in);
	put_msf(out + 12, atip->last_lead_out);
	for (unsigned i = 0; i < 3; i++)
		memcpy(out + 16 + 4 * i, atip->a[i], 3);
	return finish(out, ATIP_LENGTH, 0, 0);
}

static unsigned toc_text(const struct cd_map *m, uint8_t *out)
{
	unsigned bytes = m->text_packs * CD_TEXT_PACK;

	if (!bytes)
		return 0;
	memcpy(out + HEADER, m->text, bytes);
	return finish(out, HEADER + bytes, 0, 0);
}

unsigned cd_toc(const struct cd_map *m, const struct cd_toc_request *r, uint8_t out[CD_TOC_MAX])
{
	struct closed c = {.map = m, .tracks = m->tracks - MIN(r->open_tracks, m->tracks)};

	if (c.tracks)
		c.sessions = last_track(&c)->session;
	if (r->format <= CD_TOC_FULL && c.tracks == 0)
		return 0;
	switch (r->format) {
	case CD_TOC_TRACKS:
		return toc_tracks(&c, r, out);
	case CD_TOC_SESSIONS:
		return toc_sessions(&c, r, out);
	case CD_TOC_FULL:
		return toc_full(&c, r, out);
	case CD_TOC_PMA:
		return toc_pma(m, r, out);
	case CD_TOC_ATIP:
		return toc_atip(r, out);
	case CD_TOC_TEXT:
		return toc_text(m, out);
	default:
		return 0;
	}
}
