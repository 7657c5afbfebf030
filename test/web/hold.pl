#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# Holds connections to mmcgadget-web whose headers never end.
#   hold.pl HOST:PORT NUMBER MOST ADDRESS...   that many from each of these addresses
# Prints three lines: how many are open when the page has closed all but MOST of them, or "late" if a slow machine took
# so long that the page may have closed others; "closing" when the next one is closed; after how many seconds the last is.
use strict;
use warnings;
use IO::Socket::INET;
use IO::Select;
$| = 1;
$SIG{PIPE} = 'IGNORE';
my ($to, $number, $most, @from) = @ARGV;
my ($begun, $all) = (time, IO::Select->new);
for my $from (@from) {
	for (1 .. $number) {
		my $s = IO::Socket::INET->new(LocalAddr => $from, PeerAddr => $to, Timeout => 30) or next;
		print $s "GET / HTTP/1.1\r\nX-Slow: ";
		$s->flush;
		$all->add($s);
	}
}

# Forgets the connections that are closed, waiting up to that many seconds for one.
sub look {
	for my $s ($all->can_read($_[0])) {
		$all->remove($s) unless sysread($s, my $text, 4096);
	}
}
look(0.1) while $all->count > $most && time < $begun + 7;
look(0.2);
my $open = $all->count;
print time < $begun + 9 ? $open : 'late', "\n"; # the page gives them 10 s
look(0.1) while $all->count == $open && time < $begun + 120;
print "closing\n";
look(0.1) while $all->count && time < $begun + 120;
printf "%.0f\n", time - $begun;
