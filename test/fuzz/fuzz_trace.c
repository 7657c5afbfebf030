// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A trace from an unknown source: it is shown and converted to a conversation, or refused.
 * What is shown must be printable ASCII, and script_parse() must accept every conversation.
 */
#include <stdio.h>
#include <stdlib.h>

#include "fuzz/input.h"
#include "fuzz/shadow.h"
#include "lib/script.h"
#include "trace/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct trace_script result;
	char *shown = NULL, *text = NULL, error[512];
	size_t shown_size, text_size;
	FILE *f = open_memstream(&shown, &shown_size);
	const char *why;

	MUST(f);
	(void)trace_show(data, size, f);
	fclose(f);
	for (size_t i = 0; i < shown_size; i++)
		MUST(shown[i] == '\n' || (shown[i] >= ' ' && shown[i] <= '~'));
	f = open_memstream(&text, &text_size);
	MUST(f);
	why = trace_write_script(data, size, f, &result);
	fclose(f);
	if (!why) {
		struct script *s = script_parse("trace", text, error, sizeof(error));

		MUST(s);
		script_free(s);
	}
	free(shown);
	free(text);
	return 0;
}
