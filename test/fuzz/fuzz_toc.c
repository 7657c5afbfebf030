// SPDX-License-Identifier: GPL-2.0-or-later
/* Files of cdrdao from strangers: whatever the text is, a disc that is made of it holds together.
 */
#include "fuzz/cdimage.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_text(CDIMAGE_TOC, data, size);
}
