// SPDX-License-Identifier: GPL-2.0-or-later
#include "protocol/format_uploads.h"

#include "protocol/field.h"
#include "protocol/format_size.h"

bool format_uploads(const json_t *answer, FILE *out)
{
	const json_t *all = json_object_get(answer, "uploads"), *each;
	size_t i;

	json_array_foreach(all, i, each)
	{
		uint64_t size = field_number(each, "size"), offset = field_number(each, "offset");
		char has[16], of[16];

		format_size(offset, has);
		format_size(size, of);
		fprintf(out, "%s  %3u %%  %s of %s  %s\n", field_text(each, "id"),
			(unsigned)(size ? (double)offset * 100 / (double)size : 0), has, of,
			field_text(each, "image"));
	}
	return json_array_size(all) > 0;
}
