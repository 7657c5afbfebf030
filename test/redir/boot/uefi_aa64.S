/* SPDX-License-Identifier: GPL-2.0-or-later */
/* As uefi.S, on arm64. */
#include "pattern.inc"

#define MACHINE 0xaa64 /* arm64 */
#include "pe.inc"

text: /* x1: the system table; calls by AAPCS64 */
	adr x2, numbers
	mov w3, #(PATTERN_WORDS & 0xffff)
	movk w3, #(PATTERN_WORDS >> 16), lsl #16
	mov w4, #0
add:
	ldr w5, [x2], #4
	add w4, w4, w5
	subs w3, w3, #1
	b.ne add
	ldr x0, [x1, #64] /* ConOut */
	adr x1, wrong
	ldr w5, sum
	cmp w4, w5
	b.ne say
	adr x1, right
say:
	ldr x2, [x0, #8] /* OutputString */
	blr x2
end:
	wfi
	b end

	.balign 4
sum:
	.long pattern_sum
right:
	.string16 "booted: the sum is right\r\n"
wrong:
	.string16 "booted: the sum is WRONG\r\n"
	.balign 8
numbers:
	pattern
	.balign PAGE
image_end:
