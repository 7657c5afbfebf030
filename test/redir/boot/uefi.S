/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Boots from El Torito on UEFI, x86-64: a PE32+ program made by hand. The firmware has loaded all of it from
 * the disc; it adds up its numbers and tells the console. Position-independent, without relocations.
 */
#include "pattern.inc"

#define PAGE 0x1000

	.code64
	.globl start
start:
	.ascii "MZ"
	.org 0x3c
	.long pe - start
pe:
	.ascii "PE\0\0"
	.word 0x8664 /* x86-64 */
	.word 1      /* sections */
	.long 0, 0, 0
	.word sections - optional
	.word 0x0206 /* executable; no line numbers, no debug information */
optional:
	.word 0x20b  /* PE32+ */
	.byte 0, 0
	.long image_end - text, 0, 0
	.long text - start /* entry point */
	.long text - start
	.quad 0            /* base */
	.long PAGE, PAGE   /* alignment in memory and in the file */
	.word 0, 0, 0, 0, 0, 0
	.long 0
	.long image_end - start
	.long PAGE         /* headers */
	.long 0
	.word 10           /* an EFI application */
	.word 0
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
	.word 0, 0
	.long 0xe0000020   /* code that is read, written and executed */

	.org PAGE
text: /* RDX: the system table; calls as on Windows */
	subq $40, %rsp
	leaq numbers(%rip), %rsi
	movl $PATTERN_WORDS, %ecx
	xorl %eax, %eax
add:
	addl (%rsi), %eax
	addq $4, %rsi
	decl %ecx
	jnz add
	movq 64(%rdx), %rcx /* ConOut */
	leaq wrong(%rip), %rdx
	cmpl $pattern_sum, %eax
	jne say
	leaq right(%rip), %rdx
say:
	call *8(%rcx) /* OutputString */
end:
	hlt
	jmp end

right:
	.string16 "booted: the sum is right\r\n"
wrong:
	.string16 "booted: the sum is WRONG\r\n"
	.balign 4
numbers:
	pattern
	.balign PAGE
image_end:
