/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A folder in memory. It keeps the state file of a disc that is removed and inserted again. */
#ifndef TEST_LIB_MEM_FOLDER_H
#define TEST_LIB_MEM_FOLDER_H

#include "media/store.h"

#define MEM_FOLDER_FILES 4

struct mem_file {
	char name[32];
	size_t len;
	char text[STORE_TEXT_MAX];
};

/* Owned by the test; stores only borrow it. All zeros: empty. */
struct mem_folder {
	struct folder f;
	struct mem_file file[MEM_FOLDER_FILES]; /* an entry without a name is free */
};

struct folder *mem_folder_borrow(struct mem_folder *m);
void mem_folder_clear(struct mem_folder *m);
struct mem_file *mem_folder_find(struct mem_folder *m, const char *name);

#endif
