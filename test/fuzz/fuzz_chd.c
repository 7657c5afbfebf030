// SPDX-License-Identifier: GPL-2.0-or-later
/* A CHD: its header and the texts of its tracks. The input is the file. */
#include "fuzz/cdimage.h"

struct chd_file {
	const uint8_t *data;
	size_t size;
	unsigned reads;
};

static int find_it(void *ctx, const char *name, uint64_t *size)
{
	MUST(strcmp(name, "disc.chd") == 0);
	*size = ((struct chd_file *)ctx)->size;
	return 0;
}

static int read_it(void *ctx, unsigned file, uint64_t offset, void *buf, size_t len)
{
	struct chd_file *f = ctx;
	size_t n = offset < f->size ? MIN(len, f->size - (size_t)offset) : 0;

	MUST(file == 0 && len <= CDIMAGE_READ_MAX && ++f->reads < 1000);
	if (n > 0)
		memcpy(buf, f->data + offset, n);
	return (int)n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct cdimage out;
	struct chd_file f = {.data = data, .size = size};
	struct cdimage_source source = {find_it, read_it, &f};

	if (cdimage_parse(CDIMAGE_CHD, "disc.chd", "", 0, &source, &out)) {
		MUST(!out.error[0] && out.map.files == 1);
		MUST(!cd_map_check(&out.map, out.size, NULL));
		check_extents(&out);
		check_tracks(&out);
		MUST(out.mentions.count == 0);
	} else {
		MUST(out.error[0] && memchr(out.error, '\0', sizeof(out.error)));
	}
	return 0;
}
