#!/usr/bin/env bash
# No program prints a control character, whatever the names and contents of its inputs: as text or as JSON, on
# standard output or standard error.
# usage: harmless_output_test.sh FOLDER-OF-PROGRAMS
set -uo pipefail
bin=$1
source "$(dirname "$0")/../support/check.sh"
cd "$work" || exit 1

# An escape sequence that sets the title of the window, the control sequence introducer U+009B, a right-to-left override.
odd=$(printf 'odd\033]0;owned\007\302\23331m\342\200\256')
for i in $(seq 1 300); do echo "the cat $((i % 7)) sat on mat $((i * i % 11)) $odd"; done >"$odd.txt"
number=0
run() { # PROGRAM ARGUMENTS...: its outputs are kept, its exit code is not judged
  number=$((number + 1))
  "$bin/$1" "${@:2}" >"$number-$1.out" 2>"$number-$1.err" </dev/null
}
tiny=(--preset tiny --threads 1 --dtype f32 --set model.width=16 --set moe.experts=4 --set moe.k=2
  --set 'moe.hidden=[16]' --set train.batch=4 --set train.unroll=5)

run moe-tokenize --out "$odd.data" --train "$odd.txt" --tokenizer word
run moe-tokenize --out "$odd.data" --train "$odd.txt"                     # refused: it is there
run moe-tokenize --json --out "$odd.data2" --train "$odd.txt" --tokenizer word
run moe-train --data "$odd.data" --out "$odd.run" "${tiny[@]}" --steps 3
run moe-train --json --out "$odd.run" --threads 1 --steps 3
run moe-train --json --dry-run --data "$odd.data" --out "$odd.new" "${tiny[@]}"
run moe-train --print-config --data "$odd.data" "${tiny[@]}"
run moe-train --data "$odd.data" --out "$odd.new" --set "$odd=1"
check 'there is a run' [ -e "$odd.run/result.json" ]
for json in '' --json; do
  run moe-eval $json "$odd.run" "$odd.txt"
  run moe-eval $json "$odd.run" "$odd.txt" --per-token
  run moe-eval $json "$odd.run" "$odd.none"
  run moe-export $json "$odd.run" "$odd.exported"
  run moe-export $json "$odd.none" "$odd.exported"
  run moe-generate $json "$odd.run" --per-token --tokens 30
  run moe-generate $json "$odd.none" --prompt "$odd"
  run moe-rescore $json "$odd.run" "$odd.txt"
  run moe-rescore $json "$odd.run" "$odd.none" --format "$odd"
  run moe-stats $json "$odd.run" "$odd.txt" --html "$odd.html" --routes "$odd.routes"
  run moe-check $json "$odd.run" "$odd.data"
  run moe-plot $json "$odd.run" "$odd.run/."
  run moe-plot $json "$odd.none" --svg "$odd.svg"
  cp -r "$odd.run" "$odd.bad" && rm "$odd.bad"/checkpoints/step-*/MANIFEST.json
  run moe-check $json "$odd.bad"
  rm -r "$odd.bad"
  run moe-ngram $json "$odd.data"
  run moe-ngram $json "$odd.none"
  run moe-ngram $json "$odd.data" "$odd.txt" --per-token
  "$bin/moe-eval" -q "$odd.run" --split valid --per-token >"$odd.rows" 2>"$odd.err"
  run moe-compare $json "$odd.run" "$odd.data" "$odd.txt" "$odd.txt"
  run moe-compare $json "$odd.run" "$odd.rows"
  run moe-compare $json "$odd.run" "$odd.txt"
  run moe-mix $json "$odd.run" "$odd.data"
  run moe-mix $json "$odd.run" "$odd.data" --per-token
  run moe-mix $json "$odd.run" "$odd.rows" --tune "$odd.rows"
done
run moe-generate --json "$odd.run" --prompt "$odd" --tokens 30
run moe-rescore --json "$odd.run" "$odd.txt" --format kaldi
run moe-plot "$odd.run" --svg -
run moe-plot "$odd.run" --csv -
run moe-plot "$odd.run" --csv "$odd.txt"
run moe-stats "$odd.run" --html "$odd.txt"
run moe-grammar --out "$odd.grammar" --lines 50 --held-out-lines 5
run moe-grammar --out "$odd.grammar" --lines 50 --held-out-lines 5
for program in moe-tokenize moe-train moe-eval moe-export moe-generate moe-rescore moe-stats moe-check moe-bench moe-ngram moe-grammar \
  moe-compare moe-mix moe-plot; do
  run $program "--$odd"
  run $program "$odd"
done

cat "$odd.run/result.json" "$odd.run/config.json" "$odd.data/index.json" "$odd.data/tokenizer.json" >files.out
cat "$odd.html" "$odd.routes" >pages.out
check 'all outputs are there' [ "$(ls ./*.out | wc -l)" -gt 30 ]
acting='[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xa8-\xae]'
for file in *.out *.err; do
  # Only what a program paints over its own line on a terminal may act, and this is none.
  check "$file: nothing acts" eval '! grep -qaP "$acting" "$file"'
done
check '... but the name is there, escaped' eval 'grep -qF "odd\\u{1b}" ./*moe-train.err && grep -qF "\\u202e" 5-moe-train.out'
verdict
