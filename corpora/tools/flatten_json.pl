#!/usr/bin/perl
# Reads a JSON file and prints one line a value: the path to it (keys and indexes joined by dots), a tab, the value.
# Needs nothing beyond perl-base. Tabs and line ends inside strings become spaces; null is printed as "null".
use strict;
use warnings;

my $file = shift // die "usage: flatten_json.pl FILE\n";
open my $in, '<', $file or die "error: $file: $!\n";
my $text = do { local $/; <$in> };

my %escape = (n => ' ', t => ' ', r => ' ', b => ' ', f => ' ', '"' => '"', '\\' => '\\', '/' => '/');

sub expected {
    my ($what) = @_;
    my $line = 1 + (substr($text, 0, pos($text) // 0) =~ tr/\n//);
    die "error: $file: line $line: expected $what\n";
}

sub string {
    $text =~ /\G\s*"((?:[^"\\]|\\.)*)"/gc or expected('a string');
    my $s = $1;
    $s =~ s/\\u([0-9a-fA-F]{4})/utf8(hex $1)/ge;
    $s =~ s/\\(.)/exists $escape{$1} ? $escape{$1} : expected('a known escape')/ge;
    $s =~ s/[\t\r\n]/ /g;
    return $s;
}

sub utf8 {
    my ($code) = @_;
    my $character = $code == 0x5c ? '\\\\' : chr $code;
    utf8::encode($character);
    return $character;
}

sub value {
    my ($path, $depth) = @_;
    expected('less nesting') if $depth > 20;
    my $prefix = $path eq '' ? '' : "$path.";
    if ($text =~ /\G\s*\{/gc) {
        return if $text =~ /\G\s*\}/gc;
        do {
            my $key = string();
            $text =~ /\G\s*:/gc or expected('":"');
            value($prefix . $key, $depth + 1);
        } while ($text =~ /\G\s*,/gc);
        $text =~ /\G\s*\}/gc or expected('"," or "}"');
    } elsif ($text =~ /\G\s*\[/gc) {
        return if $text =~ /\G\s*\]/gc;
        my $index = 0;
        do { value($prefix . $index++, $depth + 1) } while ($text =~ /\G\s*,/gc);
        $text =~ /\G\s*\]/gc or expected('"," or "]"');
    } elsif ($text =~ /\G\s*(-?\d[0-9.eE+-]*|true|false|null)/gc) {
        print "$path\t$1\n";
    } else {
        print "$path\t", string(), "\n";
    }
}

value('', 0);
$text =~ /\G\s*\z/gc or expected('the end of the file');
