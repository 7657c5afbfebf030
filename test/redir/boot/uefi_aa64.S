/* SPDX-License-Identifier: GPL-2.0-or-later */
/* As uefi.S, on arm64. */
#include "pattern.inc"

#define PAGE 0x1000

	.globl start
start:
	.ascii "MZ"
	.org 0x3c
	.long pe - start
pe:
	.ascii "PE\0\0"
	.hword 0xaa64 /* arm64 */
	.hword 1      /* sections */
	.long 0, 0, 0
	.hword sections - optional
	.hword 0x0206 /* executable; no line numbers, no debug information */
optional:
	.hword 0x20b  /* PE32+ */
	.byte 0, 0
	.long image_end - text, 0, 0
	.long text - start /* entry point */
	.long text - start
	.quad 0            /* base */
	.long PAGE, PAGE   /* alignment in memory and in the file */
	.hword 0, 0, 0, 0, 0, 0
	.long 0
	.long image_end - start
	.long PAGE         /* headers */
	.long 0
	.hword 10          /* an EFI application */
	.hword 0
	.quad 0, 0, 0, 0
	.long 0
	.long 6            /* directories, all empty */
	.quad 0, 0, 0, 0, 0, 0
sections:
	.ascii ".text\0\0\0"
	.long image_end - text
	.long text - start
	.long image_end - text
	.long text - start
	.long 0, 0
	.hword 0, 0
	.long 0xe0000020   /* code that is read, written and executed */

	.org PAGE
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
