// SPDX-License-Identifier: GPL-2.0-or-later
#include "protocol/lines.h"

static bool is_empty(const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (line[i] != ' ' && line[i] != '\t' && !(line[i] == '\r' && i + 1 == len))
			return false;
	}
	return true;
}

size_t lines_take(struct lines *l, const char *data, size_t n, bool *event, enum lines_event *what,
	char **line, size_t *len)
{
	*event = false;
	for (size_t i = 0; i < n; i++) {
		if (data[i] == '\n') {
			*line = l->buf;
			*len = l->len;
			*what = LINES_LINE;
			*event = !l->skipping && !is_empty(l->buf, l->len);
			lines_reset(l);
			if (*event)
				return i + 1;
		} else if (l->skipping) {
			continue;
		} else if (l->len == WORDS_LINE_MAX) {
			l->skipping = true;
			l->len = 0;
			*line = NULL;
			*len = 0;
			*what = LINES_TOO_LONG;
			*event = true;
			return i + 1;
		} else {
			l->buf[l->len++] = data[i];
		}
	}
	return n;
}

bool lines_partial(const struct lines *l)
{
	return l->skipping || l->len > 0;
}

void lines_reset(struct lines *l)
{
	l->len = 0;
	l->skipping = false;
}
