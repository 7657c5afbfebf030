/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mode page 05h, write parameters (MMC-6 7.5): which values each kind of medium takes, and what
 * they mean. A profile names its row (mmc_profile.page_05). modepage.c keeps the page.
 */
#ifndef MMC_PAGE_05_H
#define MMC_PAGE_05_H

#include <stdbool.h>
#include <stdint.h>

struct disc_cd_write;
struct mmc_profile;

#define PAGE_05_SIZE 52u /* bytes, with the 2 of the header */

/* The page as it is after a reset, without its header. All other functions take it with header. */
const uint8_t *page_05_defaults(const struct mmc_profile *profile);
/* True if the medium takes this page. */
bool page_05_valid(const struct mmc_profile *profile, const uint8_t *page);

bool page_05_test_write(const uint8_t *page);
void page_05_end_test_write(uint8_t *page);
/* True for write type 2, session-at-once; of a DVD: disc-at-once. */
bool page_05_at_once(const uint8_t *page);
/* True if another session may follow the one that is closed. */
bool page_05_next_session(const uint8_t *page);
/* Track mode: CONTROL of a CD track, bits 3 to 0. */
uint8_t page_05_track_mode(const uint8_t *page);

/* Puts how a CD-R or CD-RW is to be recorded, by a page that is valid for it. */
void page_05_cd_write(const uint8_t *page, struct disc_cd_write *out);

#endif
