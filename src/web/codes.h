/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which status of HTTP a code of the daemon, or one of our own, becomes: one table. Pure. */
#ifndef WEB_CODES_H
#define WEB_CODES_H

/* Returns the status for a code; 400 for one that is in no row. */
unsigned codes_status(const char *code);
/* Returns the words that belong to a status: "Not Found". */
const char *codes_words(unsigned status);

#endif
