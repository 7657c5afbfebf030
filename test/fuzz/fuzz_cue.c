// SPDX-License-Identifier: GPL-2.0-or-later
/* Cue sheets from strangers: whatever the text is, a disc that is made of it holds together. */
#include "fuzz/cdimage.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_text(CDIMAGE_CUE, data, size);
}
