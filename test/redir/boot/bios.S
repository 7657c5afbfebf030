/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Boots from El Torito without emulation, on a BIOS: reads all of its own file from the disc by INT 13h,
 * function 42h, in 32 KiB, adds its numbers up, and tells the first serial port. The BIOS has loaded the
 * first 2048 bytes to 7C00h; DL is the drive.
 */
#include "pattern.inc"

#define BLOCK      2048
#define PIECE      16     /* blocks */
#define BUFFER     0x1000 /* segment */
#define COM1       0x3f8
#define CODE_BYTES 2048
#define PIECES     ((CODE_BYTES + PATTERN_WORDS * 4 - 1) / (BLOCK * PIECE))

	.code16
	.globl start
start:
	ljmp $0, $(0x7c00 + begin - start)
	.org 8
	/* xorriso -boot-info-table: LBA of the volume descriptor and of this file. */
	.long 0
file_lba:
	.long 0
	.org 64
begin:
	xorw %ax, %ax
	movw %ax, %ds
	movw %ax, %ss
	movw $0x7c00, %sp
	movl 0x7c00 + file_lba - start, %eax
	incl %eax /* the first block is this code */
	movl %eax, 0x7c00 + lba - start
	xorl %ebx, %ebx
	movw $PIECES, %cx
next:
	pushw %cx
	movw $0x7c00 + packet - start, %si
	movb $0x42, %ah
	int $0x13
	jc failed
	movw $BUFFER, %ax
	movw %ax, %es
	xorw %di, %di
	movw $(BLOCK * PIECE / 4), %cx
add:
	addl %es:(%di), %ebx
	addw $4, %di
	loop add
	addl $PIECE, 0x7c00 + lba - start
	popw %cx
	loop next
	movw $0x7c00 + wrong - start, %si
	cmpl $pattern_sum, %ebx
	jne say
	movw $0x7c00 + right - start, %si
	jmp say
failed:
	movw $0x7c00 + error - start, %si
say:
	lodsb
	testb %al, %al
	jz end
	movb %al, %cl
	movw $COM1 + 5, %dx
wait:
	inb %dx, %al
	testb $0x20, %al
	jz wait
	movw $COM1, %dx
	movb %cl, %al
	outb %al, %dx
	jmp say
end:
	hlt
	jmp end

	.balign 4
packet:
	.byte 16, 0
	.word PIECE
	.word 0, BUFFER
lba:
	.long 0, 0
right:
	.asciz "booted: the sum is right\r\n"
wrong:
	.asciz "booted: the sum is WRONG\r\n"
error:
	.asciz "booted: INT 13h FAILED\r\n"
	.org CODE_BYTES
	pattern
