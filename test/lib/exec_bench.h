/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A drive and its discs in memory, for the direct and the BOT executor. */
#ifndef TEST_LIB_EXEC_BENCH_H
#define TEST_LIB_EXEC_BENCH_H

#include "lib/cd_disc.h"
#include "lib/mem_folder.h"
#include "lib/script.h"

/* "The disc" is the one that was inserted last, even if it is removed. */
struct exec_bench {
	struct mmc_drive *drive;
	struct media *media;              /* of the disc, the fault medium on top */
	struct media *kept;               /* of the disc that was removed last */
	struct mem_folder folder;         /* holds the state file of the disc */
	uint32_t capacity;                /* of the disc in blocks; 0: the default */
	const struct disc_medium *medium; /* of the disc if it is blank; NULL: the default */
	struct cd_disc cd;                /* the disc, if it is a made-up CD; else no tracks */
	const struct disc_medium *rom;    /* of the disc if it is an image; NULL: the default */
	struct media_fault fault;
};

/* The first members of every executor that uses a bench. */
struct exec_on_bench {
	struct script_exec x;
	struct exec_bench bench;
};

/* Makes the drive, without a disc. 0, or -1 with the reason in x->error. */
int exec_bench_start(struct exec_bench *b, struct script_exec *x, const struct mmc_config *config);
void exec_bench_stop(struct exec_bench *b);

/* Operations of struct script_exec, for executors that begin like struct exec_on_bench. */
int exec_bench_media(struct script_exec *x, const struct script_step *step);
int exec_bench_eject(struct script_exec *x, enum script_eject how);
int exec_bench_insert_again(struct script_exec *x);
int exec_bench_fault(struct script_exec *x, const struct media_fault *f);

#endif
