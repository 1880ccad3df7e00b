#!/usr/bin/perl
# Prints the body of src/text/unicode-ages.ts: where the code points that a version of Unicode lacks begin and end.
# Needs a perl whose Unicode is at least version 14 (5.36).
use strict;
use warnings;

sub boundaries {
    my ($present) = @_;
    my ($last, $absent, $line, @lines) = (0, 0, '  ');
    for my $code (0 .. 0x10FFFF) {
        my $surrogate = $code >= 0xD800 && $code <= 0xDFFF;
        my $lacks = ($surrogate || chr($code) =~ $present) ? 0 : 1;
        next if $lacks == $absent;
        my $step = sprintf '%x ', $code - $last;
        if (length($line . $step) > 120) { push @lines, $line; $line = '  ' }
        $line .= $step;
        ($last, $absent) = ($code, $lacks);
    }
    return join "\n", map { s/ +$//r } @lines, $line;
}

print "/**\n * For each version, where the code points that it lacks begin and end by turns: hexadecimal distances.\n";
print " * Printed by test/fidelity/unicode-ages.pl from Unicode's DerivedAge.txt.\n */\n";
print "export const unicodeAges = {\n";
print "  9: `\n", boundaries(qr/\p{Present_In: 9.0}/), "`,\n";
print "  14: `\n", boundaries(qr/\p{Present_In: 14.0}/), "`,\n";
print "} as const;\n";
