#!/usr/bin/env bash
# The forms of moe-eval --format beside the tools that they come from: KenLM's `query`, and compute-best-mix and ppl-from-log of
# SRILM (with gawk). Debian has neither, so MOELM_KENLM and MOELM_SRILM name the folders that hold these programs; without both exit 77.
# usage: MOELM_KENLM=DIR MOELM_SRILM=DIR foreign_tools_test.sh FOLDER-OF-PROGRAMS
set -euo pipefail
. "$(dirname "$0")/../support/check.sh"

bin=$1
query=${MOELM_KENLM:-}/query
scripts=${MOELM_SRILM:-}
if [ ! -x "$query" ] && [ ! -r "$scripts/compute-best-mix.gawk" ]; then
  echo 'skipped: MOELM_KENLM and MOELM_SRILM name no folder with query or compute-best-mix.gawk' && exit 77
fi

cd "$work"
for i in $(seq 1 40); do printf 'the cat %d sat on the mat\na dog | saw ) the cat\n' $((i % 3)); done >train
printf 'the cat sat\nzebra the | mat )\n\ncat\n' >text
"$bin/moe-tokenize" --quiet --out data --tokenizer word --train train --valid train --test text >/dev/null
train() { "$bin/moe-train" --quiet --data data --out "$1" --preset tiny --threads 1 --steps "$2" >/dev/null; }
train one 20
train two 40
eval_as() { # FORM LEVEL RUN
  "$bin/moe-eval" --quiet --threads 1 "$3" text --format "$1" $2 2>/dev/null
}

# The form without its numbers: word=N N N, "Total: N OOV: 0".
without_numbers() {
  sed -E 's/=[0-9]+ [0-9]+ [-+.0-9e]+/=N/g; s/^((.*\t)?Total:) [-+.0-9e]+/\1 N/; s/^(Perplexity.*:)\t.*/\1\tN/'
}
if [ -x "$query" ]; then
  cat >tiny.arpa <<'ARPA'
\data\
ngram 1=10
ngram 2=1

\1-grams:
-1.0	<unk>
-99	<s>	-0.3
-0.9	</s>
-0.8	the
-0.7	cat
-0.7	sat
-1.2	mat
-1.3	on
-1.4	|
-1.5	)

\2-grams:
-0.4	<s> the

\end\
ARPA
  level=0
  for rows in '' --per-sentence --per-token; do
    "$query" -v $level tiny.arpa <text >theirs 2>log
    eval_as kenlm "$rows" one >ours
    check "query -v $level: the same lines" diff <(without_numbers <theirs) <(without_numbers <ours)
    level=$((level + 1))
  done
  # KenLM's own definitions, from the numbers of our words.
  sums() { # PATTERN: log10 and number of the tokens whose rows match
    grep -oE '[^	]+=[0-9]+ [0-9]+ [-+.0-9e]+' ours | grep -E "$1" | awk '{ s += $NF; n++ } END { printf "%.9g %d\n", s, n }'
  }
  perplexity() { awk '{ printf "%.5f", 10 ^ (-$1 / $2) }'; }
  said() { sed -n "s/^$1:\t//p" ours | awk '{ printf "%.5f", $1 }'; }
  check 'the perplexity is that of the words' [ "$(sums . | perplexity)" = "$(said 'Perplexity including OOVs')" ]
  check '... and of the known ones' [ "$(sums '=[1-9][0-9]* ' | perplexity)" = "$(said 'Perplexity excluding OOVs')" ]
fi

if [ -r "$scripts/compute-best-mix.gawk" ]; then
  for run in one two; do eval_as srilm --per-token "$run" >"$run.ppl"; done
  gawk -f "$scripts/compute-best-mix.gawk" one.ppl two.ppl >mix 2>log
  # 4 + 6 + 1 + 2 tokens, sentence ends counted.
  check 'compute-best-mix reads every token' grep -q '^13 non-oov words' mix
  weights=$(sed -n 's/.*best lambda (\(.*\))/\1/p' mix)
  for run in one two; do "$bin/moe-eval" --quiet --threads 1 "$run" text --per-token --state reset >"$run.rows" 2>/dev/null; done
  # The best mixture of the same probabilities, by trying all weights in steps of 0.001.
  best=$(paste one.rows two.rows | awk '{ a[NR] = 10 ^ $4; b[NR] = 10 ^ $8 }
    END { for (w = 0; w <= 1.0005; w += 0.001) { s = 0; for (i = 1; i <= NR; i++) s += log(w * a[i] + (1 - w) * b[i] + 1e-300)
            if (w == 0 || s > most) { most = s; at = w } } print at }')
  check "... and finds the best mixture ($weights, ours $best)" awk -v theirs="${weights%% *}" -v ours="$best" \
    'BEGIN { d = theirs - ours; exit !(d < 0.01 && d > -0.01) }'
  if [ -r "$scripts/ppl-from-log.gawk" ]; then
    gawk -f "$scripts/ppl-from-log.gawk" one.ppl >again 2>log
    number() { grep -oE "ppl= [.0-9]+" "$1" | tail -n 1 | awk '{ printf "%.3f", $2 }'; }
    check 'ppl-from-log finds our perplexity' [ "$(number again)" = "$(number one.ppl)" ]
  fi
fi
verdict
