# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by the scripts that boot guests, with dir set by image.sh. Sets qemu, machine, console, accel
# and cpu for this machine, and the kernel's options that all guests have.
# shellcheck disable=SC2034,SC2154 # from and for those who source it
case $(uname -m) in
x86_64) qemu=qemu-system-x86_64 machine=pc console=ttyS0 ;;
aarch64) qemu=qemu-system-aarch64 machine=virt console=ttyAMA0 ;;
*)
	echo "${0##*/}: no guest for $(uname -m)" >&2
	exit 1
	;;
esac

# On some machines /dev/kvm exists, but no guest boots. So KVM is used only if a kernel without a root
# file system prints its banner with it.
accel="tcg,thread=multi" cpu=max
if [ -w /dev/kvm ] && [ "${MMCGADGET_KVM:-auto}" != no ] &&
	timeout -k 2 10 $qemu -M $machine -accel kvm -cpu host -m 256 -nodefaults -display none -no-reboot \
		-serial stdio -kernel "$dir/vmlinuz" -append "console=$console panic=-1" \
		</dev/null 2>/dev/null | grep -aq 'Linux version'; then
	accel=kvm cpu=host
fi

# The kernel's defences against attacks take a fifth of an emulated guest's time, and no test needs them: those against
# the processors' faults take a tenth, and the clearing of all memory that is given out takes another.
kernel_options="console=$console panic=-1 oops=panic mitigations=off init_on_alloc=0 hardened_usercopy=off"
