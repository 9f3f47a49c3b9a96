#!/usr/bin/env bash
# corpora/get as a user runs it, on tiny corpora of its own: sources in order, archives, checksums, refusals.
# usage: get_test.sh CORPORA-FOLDER; MOELM_BIN names the folder of moe-grammar
set -euo pipefail
. "$(dirname "$0")/../support/check.sh"

source_home=$1
cp -r "$source_home" "$work/corpora"
get=$work/corpora/get

run() { # EXPECTED-EXIT ARGUMENTS...: runs get; output in $work/out and $work/err
  local expected=$1 status=0
  shift
  "$get" "$@" >"$work/out" 2>"$work/err" || status=$?
  [ $status -eq "$expected" ] && return
  echo "expected exit $expected, found $status from: get $*" && cat "$work/out" "$work/err" && return 1
}

says() { grep -qF -- "$1" "$work/out" "$work/err"; }
sha256() { sha256sum "$1" | cut -d ' ' -f 1; }
nothing_kept() { [ ! -e "$1" ] && [ -z "$(find "$(dirname "$1")" -maxdepth 1 -name "$(basename "$1").partial*")" ]; }

# The text of the tiny corpus, as a folder of splits and as archives.
mkdir -p "$work/splits" "$work/gz" "$work/made/tiny" "$work/to"
printf 'a b c\n\nd e f\n' >"$work/splits/train.txt"
printf 'a b\n' >"$work/splits/valid.txt"
printf 'c d\n' >"$work/splits/test.txt"
for split in train valid test; do
  gzip -c "$work/splits/$split.txt" >"$work/gz/$split.txt.gz"
  cp "$work/splits/$split.txt" "$work/made/tiny/tiny.$split.tokens"
done
tar -C "$work/made" -czf "$work/tiny.tar.gz" tiny
perl -e '
  my ($archive, @files) = @ARGV;
  open my $out, ">:raw", $archive or die;
  my ($list, $offset) = ("", 0);
  for my $path (@files) {
    my $gz = do { open my $in, "-|", "gzip", "-nc", $path or die; binmode $in; local $/; <$in> };
    my ($crc, $size) = unpack "V2", substr $gz, -8;
    my $data = substr $gz, 10, length($gz) - 18;
    my $name = $path =~ s{.*/made/}{}r;
    my $common = pack("v5", 20, 0, 8, 0, 0) . pack("V3v2", $crc, length $data, $size, length $name, 0);
    my $local = "PK\3\4$common$name$data";
    $list .= "PK\1\2" . pack("v", 20) . $common . pack("v3V2", 0, 0, 0, 0, $offset) . $name;
    print $out $local;
    $offset += length $local;
  }
  print $out $list, "PK\5\6", pack "v4V2v", 0, 0, scalar @files, scalar @files, length $list, $offset, 0;
' "$work/tiny.zip" "$work"/made/tiny/*

split_json() { # SPLIT SHA256
  printf '"%s": {"members": ["tiny.%s.tokens"], "sha256": %s, "reason": "made by a test"}' "$1" "$1" "$2"
}
manifest() { # NAME SOURCES-JSON TRAIN-SHA256-JSON
  local valid test
  valid=\"$(sha256 "$work/splits/valid.txt")\" test=\"$(sha256 "$work/splits/test.txt")\"
  printf '{"name": "%s", "title": "A tiny corpus", "licence": "CC0 1.0", "split": "as it comes", "sources": [%s],
    "splits": {%s, %s, %s}, "published": []}\n' "$1" "$2" \
    "$(split_json train "$3")" "$(split_json valid "$valid")" "$(split_json test "$test")" >"$work/corpora/$1.json"
}
train_sha256=\"$(sha256 "$work/splits/train.txt")\"
url() { printf '{"kind": "url", "what": "%s", "status": "untried", "urls": ["%s"]}' "$1" "$2"; }
manifest tiny "$(url 'a dead link' "file://$work/none.tar.gz"), $(url 'a tar archive' "file://$work/tiny.tar.gz")" "$train_sha256"
manifest tiny-zip "$(url 'a zip archive' "file://$work/tiny.zip")" "$train_sha256"
manifest tiny-wrong "$(url 'other text' "file://$work/tiny.tar.gz")" "\"$(printf '0%.0s' {1..64})\""
manifest tiny-unknown "$(url 'a tar archive' "file://$work/tiny.tar.gz")" null

same() { for split in train valid test; do cmp -s "$work/splits/$split.txt" "$1/$split.txt" || return 1; done; }

check 'a folder of plain splits is taken' run 0 tiny "$work/to/plain" --from "$work/splits"
check '... unchanged' same "$work/to/plain"
check '... verified' says 'verified'
check 'the licence is printed' says 'licence: CC0 1.0'
check '... before any source' perl -e '$_ = join "", <>; exit !/licence.*source/s' "$work/out"
check 'the same again does no work' run 0 tiny "$work/to/plain"
check '... and says so' says 'already there'
check 'a folder of gz splits is taken' run 0 tiny "$work/to/gz" --from "$work/gz"
check '... decompressed' same "$work/to/gz"
check 'a local tar archive is taken' run 0 tiny "$work/to/tar" --from "$work/tiny.tar.gz"
check '... and laid out by the names of its members' same "$work/to/tar"
check 'a local zip archive is taken' run 0 tiny "$work/to/zip" --from "$work/tiny.zip"
check '... and laid out' same "$work/to/zip"

head -c 100 "$work/tiny.zip" >"$work/cut.zip"
check 'a damaged archive is refused' run 65 tiny "$work/to/cut" --from "$work/cut.zip"
check '... and nothing is kept' nothing_kept "$work/to/cut"
check 'a wrong checksum is refused' run 65 tiny-wrong "$work/to/wrong" --from "$work/splits"
check '... by name' says 'train.txt: sha256: expected 0000'
check '... and nothing is kept' nothing_kept "$work/to/wrong"
check 'an unknown checksum is printed' run 0 tiny-unknown "$work/to/unknown" --from "$work/splits"
check '... in full' says "${train_sha256//\"/}"
check '... with the reason' says 'made by a test'

if command -v curl >/dev/null; then
  check 'sources are tried in order' run 0 tiny "$work/to/fetched"
  check '... the first' says 'source 1: a dead link (untried)'
  check '... then the second' says 'source 2: a tar archive (untried)'
  check '... which gives the text' same "$work/to/fetched"
  check 'a zip archive is fetched' run 0 tiny-zip "$work/to/fetched-zip"
  check '... which gives the text' same "$work/to/fetched-zip"
  check 'a source with other text is refused' run 65 tiny-wrong "$work/to/fetched-wrong"
  check '... by name' says 'train.txt: sha256: expected 0000'
else
  echo "skipped: curl is not installed"
fi

check 'a corpus nobody knows is a usage error' run 2 no-such-corpus "$work/to/none"
check '... that names those there are' says 'wikitext-2'
check 'no arguments are a usage error' run 2
check 'an unknown option is a usage error' run 2 tiny "$work/to/none" --form x
check 'a missing path is exit 66' run 66 tiny "$work/to/none" --from "$work/none"
check 'a folder without the splits is refused' run 65 tiny "$work/to/none" --from "$work/to"
mkdir "$work/to/mine" && echo precious >"$work/to/mine/notes"
check 'a folder with something else is left alone' run 73 tiny "$work/to/mine" --from "$work/splits"
check '... untouched' grep -q precious "$work/to/mine/notes"
check 'a folder with another corpus is left alone' run 73 tiny-wrong "$work/to/plain" --from "$work/splits"
check 'an empty folder is filled' eval 'mkdir "$work/to/empty" && run 0 tiny "$work/to/empty" --from "$work/splits"'
check 'a path with spaces is as good' run 0 tiny "$work/to/with spaces/here" --from "$work/splits"

# One file cut by bytes, as text8 is.
printf '0123456789' >"$work/digits"
cat >"$work/corpora/digits.json" <<TEXT
{"name": "digits", "title": "Digits", "licence": "CC0 1.0", "split": "by bytes", "sources": [], "splits": {
  "train": {"members": ["digits"], "bytes_from": 0, "bytes": 6, "sha256": null, "reason": "-"},
  "valid": {"members": ["digits"], "bytes_from": 6, "bytes": 3, "sha256": null, "reason": "-"},
  "test": {"members": ["digits"], "bytes_from": 9, "bytes": 1, "sha256": null, "reason": "-"}},
  "whole": {"sha1": "$(sha1sum "$work/digits" | cut -d ' ' -f 1)", "source": "this test"}, "published": []}
TEXT
check 'a file is cut by bytes' run 0 digits "$work/to/digits" --from "$work/digits"
check '... where the manifest says' eval '[ "$(cd "$work/to/digits" && cat train.txt; echo; cat "$work/to/digits/valid.txt"; echo; cat "$work/to/digits/test.txt")" = "$(printf "012345\n678\n9")" ]'
check '... and its whole is checked' says 'sha1 as published (this test)'
mkdir "$work/short" && printf '012345678' >"$work/short/digits"
check 'a file that is too short is refused' run 65 digits "$work/to/short" --from "$work/short/digits"

# The Bible's layout, with a stand-in for the program that prints it.
mkdir "$work/bin"
cat >"$work/bin/bible" <<'TEXT'
#!/bin/sh
printf 'Ge1:1 In the beginning\nJosh1:1 Now after\nEccl1:1 The words\nZec1:1 In the eighth\nRom1:1 Paul\n'
printf 'Jdgs1:1 Now after the death\nLam1:1 How doth\nDan1:1 In the third\nHeb1:1 God\n1Jn1:1 That which\n'
TEXT
printf '#!/bin/sh\nexit 100\n' >"$work/bin/apt-get"
chmod +x "$work/bin/bible" "$work/bin/apt-get"
check 'a Bible of another edition is refused' eval 'PATH=$work/bin:$PATH run 65 kjv "$work/to/kjv"'
check '... by name' says 'train.txt: sha256: expected'
check '... and nothing is kept' nothing_kept "$work/to/kjv"
mv "$work/bin/bible" "$work/bible"
printf '#!/bin/sh\nexit 1\n' >"$work/bin/bible"
printf '#!/bin/sh\n: >bible.deb\n' >"$work/bin/apt-get"
printf '#!/bin/sh\nmkdir -p "$3/usr/bin" "$3/usr/lib" && cp "%s" "$3/usr/bin/bible"\n' "$work/bible" >"$work/bin/dpkg-deb"
chmod +x "$work"/bin/*
check 'packages are unpacked and run, also below a relative path' \
  eval '(cd "$work/to" && PATH=$work/bin:$PATH run 65 kjv relative)'
check '... for their text' eval 'says "train.txt: sha256: expected" && nothing_kept "$work/to/relative"'
mkdir "$work/verses"
"$work/bible" | perl "$source_home/tools/kjv.pl" "$work/verses" 'Josh Rom' 'Heb'
check 'books go to their splits without references' eval '[ "$(cat "$work/verses/valid.txt")" = "$(printf "Now after\nPaul")" ]'
check '... train has the rest' grep -qx 'That which' "$work/verses/train.txt"

check 'the grammar is generated' run 0 grammar "$work/to/grammar"
check '... the text of the manifest' eval 'says verified && ! says WRONG'
check '... with a class for every line' eval '[ "$(wc -l <"$work/to/grammar/test.classes")" -eq 1000 ]'
check '... and the Markov source beside it' eval 'grep -q entropy_rate_nats "$work/to/grammar/markov/exact.json"'

odd=$(printf 'odd\033]0;owned\007')
check 'a name that would act on the terminal is shown escaped' run 66 kjv "$work/to/odd" --from "$work/$odd"
check '... on every line' eval '! says "$(printf "\\033")"'

# Every manifest of the project is complete.
for file in "$source_home"/*.json; do
  name=$(basename "$file" .json)
  complete() {
    perl "$source_home/tools/flatten_json.pl" "$file" >"$work/flat" || return 1
    for key in name title licence split sources.0.kind sources.0.what splits.train.sha256 splits.valid.sha256 splits.test.sha256; do
      grep -q "^$key	." "$work/flat" || { echo "$file: no $key" && return 1; }
    done
    for split in train valid test; do
      ! grep -q "^splits.$split.sha256	null" "$work/flat" || grep -q "^splits.$split.reason	." "$work/flat" || return 1
    done
    ! grep -E '^sources\.[0-9]+\.status	' "$work/flat" | grep -qvE '	(verified|untried)$'
  }
  check "the manifest of $name is complete" complete
done
check 'the list names every corpus' eval 'run 0 --list && says kjv && says lm1b && says enwik8'

verdict
