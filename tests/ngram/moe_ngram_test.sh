#!/usr/bin/env bash
# moe-ngram as a user runs it, on the smallest data folder there is.
# usage: moe_ngram_test.sh FOLDER-OF-PROGRAMS
set -euo pipefail
export LC_ALL=C

bin=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed() { echo "FAILED: $1" && exit 1; }
exit_of() { local status=0; "$@" </dev/null >"$work/out" 2>"$work/err" || status=$?; echo $status; }

for i in 1 2 3 4 5 6 7 8; do printf 'the cat sat on the mat\n\nthe dog sat on the log %s\n' $i; done >"$work/train.txt"
printf 'the cat sat on the log\n\n' >"$work/test.txt"
"$bin/moe-tokenize" --out "$work/data" --tokenizer word --train "$work/train.txt" --valid "$work/test.txt" \
  --test "$work/test.txt" >/dev/null

[ "$(exit_of "$bin/moe-ngram" "$work/data")" = 0 ] || failed 'a data folder is scored'
grep -q '^test: 8 tokens, perplexity ' "$work/out" || failed 'all tokens count, the ends of blank lines too'
[ "$(exit_of "$bin/moe-ngram" "$work/data" --skip-blank-lines --json)" = 0 ] || failed 'as KenLM counts'
grep -q '"tokens":7,' "$work/out" || failed 'blank lines are left out'
[ "$(exit_of "$bin/moe-ngram" "$work/data" --order 9)" = 2 ] || failed 'an order that cannot be is a usage error'
[ "$(exit_of "$bin/moe-ngram" "$work/data" - --per-token)" = 65 ] || failed 'an empty text is exit 65'
[ "$("$bin/moe-ngram" -q "$work/data" "$work/test.txt" --per-token | cut -f 1-3 | tail -n 2 | tr '\t\n' ' |')" = '1 7 </s>|2 1 </s>|' ] ||
  failed 'a text has a row for each token'
rows() { "$bin/moe-ngram" -q "$work/data" "$work/test.txt" --per-token "$@" | cut -f 4; }
paste <(rows) <(rows --log-base e) | perl -ane 'exit 1 if abs($F[0] * log(10) - $F[1]) > 1e-6' ||
  failed 'rows have logarithms to the base that is asked for'
[ "$(exit_of "$bin/moe-ngram" "$work/data" --log-base e)" = 2 ] || failed 'a base without rows is a usage error'
[ "$(exit_of "$bin/moe-ngram" "$work/none")" = 66 ] || failed 'a missing folder is exit 66'
[ "$(exit_of "$bin/moe-ngram")" = 2 ] || failed 'no arguments are a usage error'
unigram=$("$bin/moe-ngram" "$work/data" --order 1 --json | sed 's/.*"perplexity"://; s/,.*//')
trigram=$("$bin/moe-ngram" "$work/data" --order 3 --json | sed 's/.*"perplexity"://; s/,.*//')
perl -e 'exit !($ARGV[1] < $ARGV[0])' "$unigram" "$trigram" || failed 'longer n-grams help on text that repeats itself'
echo passed
