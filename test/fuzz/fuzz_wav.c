// SPDX-License-Identifier: GPL-2.0-or-later
/* The beginning of a file that should be WAV. The first byte says how long the whole file is. */
#include <string.h>

#include "cdimage/cdimage.h"
#include "fuzz/input.h"
#include "util/array.h"

struct wav_file {
	const uint8_t *data;
	uint64_t have, size;
	unsigned reads;
};

static int read_it(void *ctx, unsigned file, uint64_t offset, void *buf, size_t len)
{
	struct wav_file *f = ctx;
	size_t n = 0;

	MUST(file == 7 && len <= CDIMAGE_READ_MAX && ++f->reads < 100);
	while (n < len && offset + n < f->size) {
		((uint8_t *)buf)[n] = offset + n < f->have ? f->data[offset + n] : 0;
		n++;
	}
	return (int)n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wav_file f = {.data = data + 1};
	struct cdimage_source source = {.read = read_it, .ctx = &f};
	struct cdimage_wav out = {0};

	if (size < 1)
		return 0;
	f.have = size - 1;
	f.size = data[0] & 1 ? f.have : f.have + (UINT64_C(1) << (data[0] >> 2));
	if (!cdimage_wav(&source, 7, f.size, &out)) {
		if (out.flac)
			MUST(out.offset == 0 && out.length > 0 && out.length < UINT64_C(1) << 38);
		else
			MUST(out.offset <= f.size && out.length <= f.size - out.offset);
		MUST(f.reads > 1);
	}
	return 0;
}
