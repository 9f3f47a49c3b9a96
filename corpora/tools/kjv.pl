#!/usr/bin/perl
# Lays out the King James Bible as `bible -f gen1:1-rev22:21` prints it ("Ge1:1 In the beginning ..."): one verse a line
# without its reference, whole books to each split.
use strict;
use warnings;

@ARGV == 3 or die "usage: kjv.pl DIR 'VALID-BOOKS' 'TEST-BOOKS' <text\n";
my ($folder, $valid, $test) = @ARGV;
my %split_of = ((map { $_ => 'valid' } split ' ', $valid), (map { $_ => 'test' } split ' ', $test));
my %verses = map { $_ => 0 } keys %split_of;
my %out;
for my $split (qw(train valid test)) {
    open $out{$split}, '>', "$folder/$split.txt" or die "error: $folder/$split.txt: $!\n";
}
while (my $line = <STDIN>) {
    my ($book, $verse) = $line =~ /^([1-3]?[A-Za-z]+)\d+:\d+ (.*)$/
        or die "error: standard input: line $.: expected a verse after its reference\n";
    print { $out{ $split_of{$book} // 'train' } } "$verse\n";
    $verses{$book}++;
}
$verses{$_} or die "error: standard input: no verse of $_, which belongs to $split_of{$_}\n" for sort keys %split_of;
for my $split (keys %out) {
    close $out{$split} or die "error: $folder/$split.txt: $!\n";
}
