/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Boots from El Torito on UEFI, x86-64: a PE32+ program made by hand. The firmware has loaded all of it from
 * the disc; it adds up its numbers and tells the console. Position-independent, without relocations.
 */
#include "pattern.inc"

	.code64
#define MACHINE 0x8664 /* x86-64 */
#include "pe.inc"

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
