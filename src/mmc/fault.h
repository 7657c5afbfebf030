/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Faults on request, for tests of burning software. A fault is what the host is told: the block
 * that is said to be bad is neither written nor acknowledged, and nothing that is on the disc
 * changes. Without faults, which is how every drive begins, a command costs one comparison more,
 * and so does each piece of its data.
 *
 * Each fault is one line of text (mmc_fault_parse()). The engine has no clock: a delay, and a fault
 * that lasts for some seconds, are ended by the caller.
 */
#ifndef MMC_FAULT_H
#define MMC_FAULT_H

#include "mmc/mmc.h"

#define MMC_FAULTS_MAX 32u
#define MMC_FAULT_LINE 160u /* bytes of a fault as text, with the final NUL; mmc_fault_print() */

enum mmc_fault_kind {
	MMC_FAULT_READ,      /* these blocks cannot be read */
	MMC_FAULT_WRITE,     /* these blocks cannot be written */
	MMC_FAULT_SLOW,      /* the status comes later, by a time, but not after a failure */
	MMC_FAULT_RATE,      /* the same, by the time that the command's bytes take */
	MMC_FAULT_NOT_READY, /* commands that need the disc are answered NOT READY */
	MMC_FAULT_VANISH,    /* the disc is gone, as if it had been pulled out */
	MMC_FAULT_SENSE      /* the command is answered with a sense, and not carried out */
};

struct mmc_fault {
	enum mmc_fault_kind kind;
	bool has_op; /* only commands with the operation code op */
	uint8_t op;
	uint32_t first, last; /* blocks, of _READ and _WRITE; the last one is bad, too */
	uint32_t amount;      /* ms of _SLOW, kB/s (1000 bytes) of _RATE */
	mmc_sense_t sense;    /* the answer; 0 of _SLOW, _RATE and _VANISH */
	uint32_t after;       /* commands that it lets through before; not of _READ and _WRITE */
	uint32_t times;       /* commands that it strikes then; 0 = all */
	uint32_t seconds;     /* then the caller ends it; 0 = never */
	/* State. */
	bool over;        /* the caller has ended it */
	uint32_t matched; /* commands so far that it is for; stays at UINT32_MAX */
	uint32_t struck;  /* commands so far that it has changed; stays at UINT32_MAX */
};

/* The faults of a drive. The callbacks run on the engine's thread. */
struct mmc_faults {
	unsigned count;
	struct mmc_fault fault[MMC_FAULTS_MAX];
	/*
	 * Asks the caller to delay the status of the command of that number by ms milliseconds:
	 * mmc_end() answers MMC_AGAIN until the caller calls mmc_fault_release(). A caller that
	 * sleeps for the delay calls that from here. NULL: nothing is delayed.
	 */
	void (*hold)(void *ctx, uint64_t command, uint32_t ms);
	/* The fault of that number has struck once more. May be NULL. */
	void (*struck)(void *ctx, unsigned i);
	void *ctx;
	/* The engine's own: the command in flight, why it fails, and whether its status waits. */
	uint64_t command;
	struct mmc_fault *cause;
	enum mmc_hold { MMC_HOLD_UNDECIDED, MMC_HOLD_WAITS, MMC_HOLD_OVER } waits;
};

/* True if the fault can still strike. */
bool mmc_fault_is_live(const struct mmc_fault *f);

/*
 * Sets the faults of the drive, which the caller keeps, and may change when no call on the drive is
 * running; then it calls this again, which ends the delay of a command, unless it has only added
 * faults to some. NULL, or none in it: the drive has no faults.
 */
void mmc_set_faults(struct mmc_drive *d, struct mmc_faults *faults);
/* The delay of that command is over; ignored if the command has ended meanwhile. */
void mmc_fault_release(struct mmc_drive *d, uint64_t command);

/* ---- fault_text.c --------------------------------------------------------------------------- */

/*
 * Parses a line, which ends at the end of the text, a CR, a newline, a ";" or a comment: see
 * mmc_fault_help. 1: *f is set, with its state at the beginning; 0: the line is empty or a comment;
 * -1: it is wrong, and why says what to write.
 */
int mmc_fault_parse(const char *line, struct mmc_fault *f, char *why, size_t size);
/*
 * Parses all lines of the text, and adds them to the faults. 0; -1: a line is wrong, or there are
 * too many; then why begins with "line N: ", unless the text is one line without a newline or ";"
 * at its end, and the faults are the same as before.
 */
int mmc_faults_parse(const char *text, struct mmc_faults *all, char *why, size_t size);
/* Writes the fault as a line that mmc_fault_parse() understands. Returns out. */
const char *mmc_fault_print(const struct mmc_fault *f, char out[MMC_FAULT_LINE]);
/* The syntax of a line, as text for people. */
extern const char mmc_fault_help[];

#endif
