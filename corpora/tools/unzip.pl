#!/usr/bin/perl
# Unpacks a zip archive with nothing but perl-base and gzip: a deflated member differs from a gzip file only in what is
# around it, so each is given a gzip header and trailer and handed to `gzip -d`, which checks its CRC-32 and length.
use strict;
use warnings;
use File::Basename 'dirname';
use File::Path 'make_path';

@ARGV == 2 or die "usage: unzip.pl ARCHIVE DIR\n";
my ($archive, $folder) = @ARGV;
open my $zip, '<:raw', $archive or die "error: $archive: $!\n";
my $size = -s $zip;

sub bytes {
    my ($offset, $count) = @_;
    seek $zip, $offset, 0;
    my $data;
    my $got = read($zip, $data, $count);
    $got == $count or die "error: $archive: byte $offset: expected $count bytes, found $got; the file is cut short\n";
    return $data;
}

# The end record stands in the last 65,557 bytes and tells where the list of members begins.
my $tail_size = $size < 65557 ? $size : 65557;
my $tail = bytes($size - $tail_size, $tail_size);
my $end = rindex $tail, "PK\5\6";
$end >= 0 or die "error: $archive: expected a zip archive; the end record is missing\n";
my ($members, $directory) = (unpack 'V v4 V V', substr $tail, $end, 20)[4, 6];

for (1 .. $members) {
    my @field = unpack 'V v6 V3 v5 V2', bytes($directory, 46);
    my ($signature, $flags, $method, $crc, $packed, $unpacked) = @field[0, 3, 4, 7, 8, 9];
    my ($name_size, $extra_size, $comment_size, $local) = @field[10, 11, 12, 16];
    $signature == 0x02014b50 or die "error: $archive: byte $directory: expected a member's entry\n";
    my $name = bytes($directory + 46, $name_size);
    $directory += 46 + $name_size + $extra_size + $comment_size;
    next if $name =~ m{/$};
    $name !~ m{^/|(^|/)\.\.(/|$)|\0} or die "error: $archive: member $name: expected a path inside the archive\n";
    $method == 8 || $method == 0 and !($flags & 1) or die "error: $archive: member $name: encrypted or unknown method\n";

    my ($local_name, $local_extra) = unpack 'x26 v2', bytes($local, 30);
    my $begin = $local + 30 + $local_name + $local_extra;
    my $target = "$folder/$name";
    make_path(dirname($target));
    open my $out, '>:raw', $target or die "error: $target: $!\n";
    if ($method == 8) {
        close $out;
        local $ENV{UNZIP_TARGET} = $target;
        open $out, '|-', 'gzip -dc >"$UNZIP_TARGET"' or die "error: gzip: $!\n";
        binmode $out;
        print $out "\x1f\x8b\x08\0\0\0\0\0\0\xff";
    }
    for (my $done = 0; $done < $packed; $done += 1 << 20) {
        my $left = $packed - $done;
        print $out bytes($begin + $done, $left < 1 << 20 ? $left : 1 << 20);
    }
    print $out pack 'V2', $crc, $unpacked if $method == 8;
    close $out or die "error: $archive: member $name: damaged\n";
}
