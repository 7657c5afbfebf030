/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private to the shim's server: the drive with its log and trace, the kernel's part above it, and
 * the socket by which programs reach both. One thread; nothing here is reentrant.
 */
#ifndef SHIM_SERVER_H
#define SHIM_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "mmc/fault.h"
#include "mmc/mmc.h"
#include "shim/shim_wire.h"
#include "trace/trace.h"

#define SHIM_REFUSED    0x052000u /* the sense of a command that "refuse" takes away */
#define SHIM_ANSWER_MAX 8192u     /* bytes of an answer to a control line */
#define SHIM_WORDS_MAX  24        /* words of a control line */

struct shim_drive {
	struct mmc_drive *mmc;
	FILE *log;    /* NULL: none */
	bool refuses; /* operation code `refused` is answered with 5/20/00 */
	uint8_t refused;
	/* Answers NOT READY that follow a FORMAT UNIT or BLANK; 0: none. */
	unsigned busy_for;
	unsigned busy_left;       /* of them, after the last such command */
	uint32_t busy_sense;      /* what they say */
	struct media *media;      /* of the disc in the drive: media_fault_new(); NULL: none */
	struct media_fault fault; /* of this disc and of discs inserted later */
	/* Faults on request; see shim_faults.c. */
	struct mmc_faults faults;
	uint64_t fault_end[MMC_FAULTS_MAX]; /* ms, of those that last for a time */
	const struct mmc_fault *struck;     /* the last one that the command has met; NULL */
	uint64_t commands_struck;
	/* The trace. */
	FILE *trace; /* NULL: none */
	uint32_t records;
	uint64_t trace_zero, began; /* microseconds: of the trace, of the command */
};

struct shim_command {
	const char *who;
	const uint8_t *cdb;
	uint8_t cdb_len;
	enum shim_dir dir;
	uint8_t *data;
	uint32_t len;
	/* set by the drive */
	uint32_t moved;
	uint8_t status;
	uint8_t host_status; /* DID_ERROR if Bulk-Only would end in a phase error */
	uint8_t sense_len;
	uint8_t sense[18];
};

/* ---- shim_drive.c: the engine, one command at a time, and the log ------------------------- */

/* A drive without a disc; finalised: a finalised DVD+R stays one. 0, or -ENOMEM. */
int shim_drive_make(struct shim_drive *d, bool finalised_dvd_plus_r);
/* Saves the disc, closes log and trace. 0, or -errno of writing these two. */
int shim_drive_unmake(struct shim_drive *d);
/* Logs to a new file from now on. 0, or -errno: the log stays as it was. */
int shim_drive_log(struct shim_drive *d, const char *path);
void shim_drive_command(struct shim_drive *d, struct shim_command *c);

/* ---- shim_control.c: what is done from the board's side ------------------------------------ */

/* Carries out the words of a control line ("insert", "FILE"); the answer is text. 0: done, 1:
 * refused. */
int shim_control(struct shim_drive *d, int words, char **word, char *answer, size_t size);
/* The place of the word that is the name of a file; 0: none is. */
int shim_control_file_at(int words, char **word);
/* Inserts an image, or a new blank. 0, or 1 with the reason in why. */
int shim_insert(struct shim_drive *d, const char *path, bool cd, char *why, size_t size);
int shim_blank(struct shim_drive *d, const char *path, const char *type, uint32_t blocks, char *why,
	size_t size);
/* The state of drive and disc as one line: KEY=VALUE..., or an object of JSON. */
void shim_status(const struct shim_drive *d, bool json, char *out, size_t size);

/* ---- shim_faults.c ------------------------------------------------------------------------- */

/* Before the engine gets a command, and after it has answered. */
void shim_faults_before(struct shim_drive *d);
void shim_faults_after(struct shim_drive *d);
/* Sets the faults of a file. 0; 1 with the reason in why. */
int shim_faults_load(struct shim_drive *d, const char *path, char *why, size_t size);
/* Carries out the words of a control line that begins with "faults", as shim_control() does. */
int shim_faults_run(struct shim_drive *d, int words, char **word, char *out, size_t size);

/* ---- shim_compact.c ------------------------------------------------------------------------ */

/* True if the file is a text that describes a compact disc, by its name. */
bool shim_compact_is(const char *path);
/*
 * Opens the disc of the text: sets map, map_file, which stay until the next call, and media, which
 * the caller takes over. 0, and why is "", or "; " and what of the disc is left out; 1 with the
 * reason in why.
 */
int shim_compact_open(const char *path, struct disc_options *o, char *why, size_t size);

/* ---- shim_trace.c -------------------------------------------------------------------------- */

enum shim_outcome { SHIM_OUTCOME_STATUS, SHIM_OUTCOME_PHASE_ERROR, SHIM_OUTCOME_REFUSED };

/* Begins a trace file with the disc that is in the drive. 0, or -errno. */
int shim_trace_open(struct shim_drive *d, const char *path);
/* These do nothing without a trace. begin: before the engine gets the command. */
void shim_trace_begin(struct shim_drive *d);
void shim_trace_command(
	struct shim_drive *d, const struct shim_command *c, enum shim_outcome outcome);
void shim_trace_event(struct shim_drive *d, enum trace_event event);
void shim_trace_inserted(struct shim_drive *d);
/* Writes a trace file as a conversation. NULL, or why not. */
const char *shim_trace_to_script(const char *trace, const char *path);

/* ---- shim_kernel.c: Linux sr and cdrom, between a program and the drive -------------------- */

struct shim_kernel {
	struct shim_drive *drive;
	unsigned opens;
	bool present;     /* medium, as of the last TEST UNIT READY */
	bool changed;     /* a unit attention reported another medium */
	bool vfs_event;   /* media event for the next open */
	bool ioctl_event; /* media event for CDROM_MEDIA_CHANGED */
	uint64_t blocks;  /* device size */
};

/* 0 or -errno. A failed open changes nothing. */
int shim_kernel_open(struct shim_kernel *k, int flags);
void shim_kernel_release(struct shim_kernel *k);
/* Bytes read, 0 at the end of the device, or -errno. */
int64_t shim_kernel_read(struct shim_kernel *k, uint64_t at, uint8_t *buf, uint32_t len);
int shim_kernel_media_changed(struct shim_kernel *k);
int shim_kernel_drive_status(struct shim_kernel *k);

/* ---- shim_server.c ------------------------------------------------------------------------- */

/* A listening socket, or -errno. A file of that name is replaced. */
int shim_listen(const char *path);
/*
 * Serves the drive until "stop", or until the other end of the pipe `until` is closed (-1: none).
 * The number of opens that it was asked for, or -errno.
 */
int shim_serve(struct shim_drive *drive, int listener, int until);

/* ---- shim_ask.c ---------------------------------------------------------------------------- */

#define SHIM_ASK_NO_SERVER 3
/* Sends the words of a control line, prints the answer. 0 done, 1 refused, SHIM_ASK_NO_SERVER. */
int shim_ask(const char *path, int words, char **word);

#endif
