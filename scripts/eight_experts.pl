#!/usr/bin/perl
# Reads flattened JSON of moe-stats (corpora/tools/flatten_json.pl) and prints eight busy experts of the first MoE layer
# with the words they prefer.
use strict;
use warnings;

my (%expert, $layer);
while (<STDIN>) {
    chomp;
    s/[\x00-\x08\x0b-\x1f\x7f]/?/g;
    my ($path, $value) = split /\t/, $_, 2;
    $layer = $value if $path eq 'layers.0.layer';
    $path =~ /^layers\.0\.experts_detail\.(\d+)\.(share|preferred\.(\d+)\.token)$/ or next;
    if (defined $3) { $expert{$1}{words}[$3] = $value } else { $expert{$1}{share} = $value }
}
my @busy = sort { $expert{$b}{share} <=> $expert{$a}{share} || $a <=> $b } keys %expert;
splice @busy, 8 if @busy > 8;
@busy or die "error: standard input: expected experts of a MoE layer\n";
print "Eight of the experts in layer $layer, and the words that each prefers:\n";
for my $e (@busy) {
    my @words = grep { defined } @{ $expert{$e}{words} // [] };
    splice @words, 9 if @words > 9;
    printf "  expert %3d  %5.1f %%  %s\n", $e, 100 * $expert{$e}{share}, join '  ', @words;
}
