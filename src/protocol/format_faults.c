// SPDX-License-Identifier: GPL-2.0-or-later
#include "protocol/format_faults.h"

#include <inttypes.h>

#include "protocol/field.h"

void format_faults(const json_t *object, FILE *out)
{
	const json_t *each;
	size_t i;

	json_array_foreach(json_object_get(object, "faults"), i, each)
	{
		uint64_t struck = field_number(each, "struck");

		fprintf(out, "  %-10s %s; %s", "fault", field_text(each, "fault"),
			field_flag(each, "live") ? "" : "over, ");
		if (struck == 0)
			fputs("has not struck\n", out);
		else
			fprintf(out, "has struck %" PRIu64 " time%s\n", struck,
				struck == 1 ? "" : "s");
	}
}
