#!/usr/bin/env bash
# Training over several processes under MPI: the same bits for every number of ranks, and an end to every failure.
# usage: [MPIRUN=mpiexec.mpich] ranks_test.sh BIN
set -u
bin=$1
# shellcheck source=/dev/null
. "$(dirname "$0")/../support/check.sh"

mpirun=$(command -v "${MPIRUN:-mpirun}") || { echo "skipped: no mpirun" && exit 77; }
"$bin/moe-train" --version | grep -q ', ' || { echo "skipped: built without MPI" && exit 77; }
if "$mpirun" --version 2>/dev/null | grep -q 'Open MPI'; then
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
  options=(--oversubscribe --bind-to none --mca mpi_yield_when_idle 1)
else
  options=()
fi
cd "$work" || exit 1
# Whatever happens, nothing waits for ever.
ranks() { # N PROGRAM ARGUMENT...
  local n=$1
  shift
  timeout -k 5 120 "$mpirun" "${options[@]}" -n "$n" "$@"
}

"$bin/moe-grammar" --out text --source mixture --words 100 --lines 3000 --held-out-lines 100 --quiet >/dev/null 2>&1 ||
  { echo "FAILED: a text" && exit 1; }
"$bin/moe-tokenize" --out data --train text/train.txt --valid text/valid.txt --test text/test.txt --quiet >/dev/null ||
  { echo "FAILED: data" && exit 1; }
train=("$bin/moe-train" --data data --preset tiny --dtype f32 --threads 1 --quiet --set train.lanes=4 --set train.batch=13
  --set train.validate_every=15 --set train.checkpoint_every=10)
sums() { cat "$1"/checkpoints/step-0000000000"$2"/{model,optimizer,state}.safetensors | sha256sum; }

"${train[@]}" --out one --steps 40 >/dev/null 2>&1
expected=$(sums one 40)
for n in 2 3 4; do
  ranks $n "${train[@]}" --out "run$n" --steps 40 >"log$n" 2>&1
  check "$n ranks end with 0" test $? -eq 0
  check "$n ranks train to the bits of one" test "$(sums "run$n" 40)" = "$expected"
done
check "the log is that of one process" test "$(grep -c '"loss"' run3/metrics.jsonl)" = "$(grep -c '"loss"' one/metrics.jsonl)"

# Killed and continued by other numbers of ranks.
killed() { # RANKS: starts the run, kills a rank in the middle of it, waits for the end
  local before pids begin code
  before=$(ls resumed/checkpoints 2>/dev/null | wc -l)
  ranks "$1" "${train[@]}" --out resumed --steps 40 >log.killed 2>&1 &
  local launcher=$!
  for _ in $(seq 400); do
    [ "$(ls resumed/checkpoints 2>/dev/null | grep -vc '^\.')" -gt "$before" ] && break
    kill -0 $launcher 2>/dev/null || break
    sleep 0.05
  done
  pids=$(pgrep -f "^$bin/moe-train --data data .*--out resumed" | shuf)
  begin=$SECONDS
  # shellcheck disable=SC2086
  [ -z "$pids" ] || kill -9 ${pids%%$'\n'*} 2>/dev/null
  wait $launcher
  code=$?
  check "$1 ranks end soon after one was killed" test $((SECONDS - begin)) -le 10
  sleep 0.3
  check "no rank is left" test -z "$(pgrep -f "^$bin/moe-train --data data .*--out resumed")"
  [ -z "$pids" ] || check "a killed rank is no success" test $code -ne 0
}
killed 4
killed 3
ranks 2 "${train[@]}" --out resumed --steps 40 >log.resumed 2>&1
check "what was killed goes on with another number of ranks" test $? -eq 0
check "to the same bits" test "$(sums resumed 40)" = "$expected"

# Scoring by models whose experts are on several ranks.
for n in 2 4; do
  for command in "moe-eval one --data data --json" "moe-eval one text/test.txt --per-token" "moe-stats one --data data --json"; do
    # shellcheck disable=SC2086
    ranks $n "$bin"/$command --threads 1 --quiet >"many" 2>log.many
    check "$command ends with 0 on $n ranks" test $? -eq 0
    # shellcheck disable=SC2086
    "$bin"/$command --threads 1 --quiet >"alone" 2>/dev/null
    for file in many alone; do grep -v 'seconds\|tokens_per_s' $file >$file.untimed; done
    check "$command prints on $n ranks what one prints" cmp -s many.untimed alone.untimed
  done
done

# A signal at one rank that is not the leader.
ranks 3 "${train[@]}" --out stopped --steps 4000 >log.stopped 2>&1 &
launcher=$!
for _ in $(seq 400); do [ -d stopped/checkpoints/step-000000000010 ] && break || sleep 0.05; done
kill -USR1 "$(pgrep -f "^$bin/moe-train --data data .*--out stopped" | tail -n 1)"
wait $launcher
check "a signal at any rank ends all with 75" test $? -eq 75
check "and what was done is saved" "$bin/moe-check" --quiet stopped

# A rank that does not answer.
ranks 3 "${train[@]}" --out silent --steps 4000 --set train.step_timeout=2 >log.silent 2>&1 &
launcher=$!
for _ in $(seq 400); do [ -d silent/checkpoints/step-000000000010 ] && break || sleep 0.05; done
begin=$SECONDS
kill -STOP "$(pgrep -f "^$bin/moe-train --data data .*--out silent" | tail -n 1)"
wait $launcher
code=$?
check "a silent rank ends all" test $code -ne 0
check "within the patience and ten seconds" test $((SECONDS - begin)) -le 14
check "a line names step, phase and rank" grep -q 'error: rank .*: expected an answer .*: step .*, phase ".*", no message of rank' log.silent

# Bad input: one line, one code.
refused() { # CODE TEXT ARGUMENT...
  local code=$1 text=$2
  shift 2
  ranks 2 "$@" >log.refused 2>&1
  check "code $code: $text" test $? -eq "$code"
  check "one error line: $text" test "$(grep -c '^error: ' log.refused)" -eq 1
  check "which says: $text" grep -q "$text" log.refused
}
refused 78 'train.lanes: expected at least the 2 ranks' "$bin/moe-train" --data data --preset tiny --out refused --set train.lanes=1
refused 78 'model.layers.2.shared' "${train[@]}" --out refused --set moe.shared=1
refused 78 'gate balanced' "${train[@]}" --out refused --set moe.gate=balanced
refused 66 'nothing: expected a data folder' "$bin/moe-train" --data nothing --out refused
refused 2 'unknown option' "$bin/moe-train" --nonsense
check "nothing of it is left" test ! -e refused
PMI_SIZE=3 timeout 20 "$bin/moe-train" --data data --out alone >log.alone 2>&1
check "processes that do not know of each other are refused" test $? -eq 78
MOELM_MAX_ISA=baseline
export MOELM_MAX_ISA
ranks 2 env bash -c 'if [ "${OMPI_COMM_WORLD_RANK:-$PMI_RANK}" = 0 ]; then unset MOELM_MAX_ISA; fi; exec "$@"' x "${train[@]}" --out mixed \
  >log.mixed 2>&1
check "ranks that compute differently are refused" test $? -eq 78
check "by name" grep -q 'rank 1 (.*): expected the build of rank 0' log.mixed
verdict
