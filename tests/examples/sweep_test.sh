#!/usr/bin/env bash
# The recipes for many runs: a grid, its job array without and with a cluster that stops jobs, the table of its results.
# usage: sweep_test.sh FOLDER-OF-EXAMPLES FOLDER-OF-PROGRAMS
set -euo pipefail
. "$(dirname "$0")/../support/check.sh"

examples=$1 bin=$2
mkdir "$work/a folder" && cd "$work/a folder"
export MOE_TRAIN=$bin/moe-train MOE_COMPARE=$bin/moe-compare
# Documents of ten lines, for intervals.
for i in $(seq 1 400); do
  echo "the cat $((i % 7)) sat on mat $((i * i % 11))"
  [ $((i % 10)) -ne 0 ] || echo
done >text
"$bin/moe-tokenize" --quiet --out 'my data' --train text --valid text --test text >/dev/null
fails() { # EXIT COMMAND...
  local code=0
  "${@:2}" >out 2>error || code=$?
  [ $code -eq "$1" ] || { echo "exit $code" && cat error && return 1; }
}

check 'a grid without keys is refused' fails 2 "$examples/grid" runs
check '... and a word that is no key' fails 2 "$examples/grid" runs moe.experts
check '... and two runs of one name' fails 2 "$examples/grid" runs 'moe.hidden=1,2 1x2'
"$examples/grid" runs 'moe.experts=4 8' 'train.seed=1 2' -- --data 'my data' --preset tiny --epochs 2 --threads 1 --quiet >jobs
check 'a grid has a line for every combination' [ "$(wc -l <jobs)" = 4 ]
check '... in which every word is quoted' grep -qF -- '--data my\ data' jobs

# Task 1 alone, as SLURM would run it; the others as a list.
check 'a task runs its line' env SLURM_ARRAY_TASK_ID=1 bash "$examples/array.sbatch" jobs >log
check '... and no other' eval '[ -e runs/experts-4_seed-1/result.json ] && [ "$(ls runs)" = experts-4_seed-1 ]'
check 'a task without a line is refused' fails 66 env SLURM_ARRAY_TASK_ID=9 bash "$examples/array.sbatch" jobs
check 'outside an array the script says how it is used' eval \
  '! env -u SLURM_ARRAY_TASK_ID bash "$examples/array.sbatch" jobs 2>error && grep -q sbatch error'
check 'all lines run, and finished ones stay as they are' bash jobs >log

# A cluster whose scontrol writes down what it was asked.
mkdir cluster && printf '#!/bin/sh\necho "$*" >>"%s"\n' "$PWD/requeued" >cluster/scontrol
printf '#!/bin/sh\nexit 0\n' >cluster/sleep && chmod +x cluster/*
echo "$(printf %q "$bin/moe-train") --out long --data my\\ data --preset tiny --steps 1000000 --threads 1 --quiet" >long.jobs
stopped() { # SIGNAL
  local code=0 task lines
  lines=$(cat long/metrics.jsonl 2>/dev/null | wc -l)
  PATH=$PWD/cluster:$PATH SLURM_ARRAY_TASK_ID=1 SLURM_ARRAY_JOB_ID=77 bash "$examples/array.sbatch" long.jobs >log 2>&1 &
  task=$!
  # Until training goes on: a line tells that it does, others come with validations.
  until [ "$(cat long/metrics.jsonl 2>/dev/null | wc -l)" -gt $((lines + 5)) ]; do command sleep 0.1; done
  kill "-$1" $task
  wait $task || code=$?
  [ $code -eq 75 ] || { echo "exit $code" && cat log && return 1; }
}
check 'a warning of SLURM saves the run' stopped USR1
check '... and puts the task back' grep -qx 'requeue 77_1' requeued
check '... whose run goes on where it was' "$bin/moe-check" long
last_step() { ls long/checkpoints | sed -n 's/^step-0*\([0-9]*\).*/\1/p' | sort -n | tail -1; }  # of step-11, step-11-1
step=$(last_step)
check 'so does a preemption, a second time' stopped TERM
check '... with more steps than before' [ "$(last_step)" -gt "$step" ]
echo "sh -c 'exit 3'" >failing.jobs
rm requeued
check 'a command that fails is not repeated' eval '
  fails 3 env PATH="$PWD/cluster:$PATH" SLURM_ARRAY_TASK_ID=1 SLURM_ARRAY_JOB_ID=7 bash "$examples/array.sbatch" failing.jobs &&
  [ ! -e requeued ]'

if ! command -v python3 >/dev/null; then
  echo 'skipped: the table of results, for there is no python3'
  verdict
  exit
fi
"$examples/results" --tsv runs/* >table
check 'the table has a row for each configuration, its seeds together' eval '
  [ "$(wc -l <table)" = 3 ] && cut -f 2 table | sort | tr "\n" " " | grep -qx "2 2 seeds "'
check '... with the key in which they differ' eval 'head -1 table | grep -q "^model.layers.2.experts" && cut -f 1 table | grep -qx 8'
# The mean of the two seeds, computed from the files once more.
mean() { cat runs/experts-"$1"_seed-?/result.json | grep -oP '"valid_perplexity": *\K[0-9.]+' | awk '{ s += $1 } END { printf "%.2f", s / NR }'; }
has_mean() { awk -F '\t' -v e="$1" -v m="$(mean "$1")" '$1 == e && $3 == m { n++ } END { exit n != 1 }' table; }
check '... and the mean of the seeds' every has_mean 4 8
check '... the best first' eval '[ "$(sed 1d table | cut -f 3)" = "$(sed 1d table | cut -f 3 | sort -n)" ]'
check 'a comparison has an interval' eval '
  "$examples/results" --compare --tsv runs/* >table && sed -n 3p table | cut -f 6 | grep -qE "^[+-][0-9.]+ to [+-][0-9.]+$"'
first=$(sed -n 2p table | cut -f 1) second=$(sed -n 3p table | cut -f 1)
check '... which is that of moe-compare' [ "$(sed -n 3p table | cut -f 5)" = "$("$bin/moe-compare" --quiet --json \
  "runs/experts-${first}_seed-1,runs/experts-${first}_seed-2" "runs/experts-${second}_seed-1,runs/experts-${second}_seed-2" |
  python3 -c 'import json, sys; print("%+.4f" % json.load(sys.stdin)["difference"])')" ]
check 'a run that has not finished is named and left out' eval '
  "$examples/results" runs/* long >table2 2>error && grep -q "^long: not finished" error && [ "$(wc -l <table2)" = 3 ]'
check 'no finished run is exit 66' fails 66 "$examples/results" long
cp -r runs/experts-4_seed-1 bad && echo '{' >bad/result.json
check 'a damaged file is exit 65' fails 65 "$examples/results" bad

verdict
