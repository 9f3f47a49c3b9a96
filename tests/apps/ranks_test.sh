#!/usr/bin/env bash
# Training over several processes under MPI: the same bits for every number of ranks, and an end to every failure.
# usage: [MPIRUN=mpiexec.mpich] ranks_test.sh BIN
set -u
bin=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=/dev/null
. "$here/../support/check.sh"
cd "$work" || exit 1
# shellcheck source=/dev/null
. "$here/../support/ranks.sh"

"${train[@]}" --out one --steps 40 >/dev/null 2>&1
expected=$(sums one 40)
for n in 2 3 4; do
  ranks $n "${train[@]}" --out "run$n" --steps 40 >"log$n" 2>&1
  check "$n ranks end with 0" test $? -eq 0
  check "$n ranks train to the bits of one" test "$(sums "run$n" 40)" = "$expected"
done
eight=("${train[@]/train.lanes=4/train.lanes=8}")
"${eight[@]}" --out one8 --steps 20 >/dev/null 2>&1
ranks 8 "${eight[@]}" --out run8 --steps 20 >log8 2>&1
check "8 ranks end with 0" test $? -eq 0
check "8 ranks train to the bits of one" test "$(sums run8 20)" = "$(sums one8 20)"
check "the log is that of one process" test "$(grep -c '"loss"' run3/metrics.jsonl)" = "$(grep -c '"loss"' one/metrics.jsonl)"

# Killed and continued by other numbers of ranks; ranks_campaign.sh does it a hundred times.
checkpoints() { find "$1/checkpoints" -maxdepth 1 -name 'step-*' 2>/dev/null | wc -l; }
more_checkpoints() { [ "$(checkpoints "$1")" -gt "$2" ]; }
for fault in "4 kill" "3 launcher"; do
  read -r n kind <<<"$fault"
  before=$(checkpoints resumed)
  start_ranks "$n" resumed --steps 40
  wait_until 20 more_checkpoints resumed "$before"
  strike "$kind" resumed
  check "$kind: $n ranks end within ten seconds" test $took -le 10000
  check "$kind: no rank is left" test -z "$left"
  [ $struck = no ] || check "$kind: that is no success" test $code -ne 0
done
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
start_ranks 3 stopped --steps 4000
wait_until 20 test -d stopped/checkpoints/step-000000000010
kill -USR1 "$(ranks_of stopped | grep -vx "$(leader_of stopped)" | tail -n 1)"
wait $job
check "a signal at any rank ends all with 75" test $? -eq 75
check "and what was done is saved" "$bin/moe-check" --quiet stopped

# A rank that does not answer.
start_ranks 3 silent --steps 4000 --set train.step_timeout=2
wait_until 20 test -d silent/checkpoints/step-000000000010
strike stop silent
check "a silent rank ends all with 75" is_code_of_silence $code
check "within the patience and ten seconds" test $took -le 12000
check "a line names step, phase and rank" grep -q 'error: rank .*: expected .*: step .*, phase ".*", no message of rank' silent.log

# A leader that reads for long is alive, and its ranks wait for more than the patience; one that is stopped is not.
start_ranks 3 reading --steps 4000 --set train.step_timeout=2
wait_until 20 test -d reading/checkpoints/step-000000000010
mv data/valid-00000.shard away
wait_until 20 grep -q '"read_failed"' reading/metrics.jsonl
check "the leader waits for a file" test $? -eq 0
sleep 6
check "and its ranks wait for the leader" test "$(ranks_of reading | wc -l)" -eq 3
strike stop reading leader
check "a leader that is stopped between steps ends all with 75" is_code_of_silence $code
check "within the patience and ten seconds" test $took -le 12000
check "for want of a sign of life" grep -q 'error: rank .*: expected a sign of life .*, no message of rank 0' reading.log
mv away data/valid-00000.shard

# Bad input: one line, one code.
refused() { # CODE TEXT ARGUMENT...
  local code=$1 text=$2
  shift 2
  ranks 2 "$@" >log.refused 2>&1
  check "code $code: $text" test $? -eq "$code"
  check "one error line: $text" test "$(grep -c '^error: ' log.refused)" -eq 1
  check "which says: $text" grep -q "$text" log.refused
}
refused 78 'train.lanes: expected 1 with train.micro_batch_tokens, found 2; several ranks' "$bin/moe-train" --data data --preset tiny \
  --out refused --set train.micro_batch_tokens=64
refused 78 'train.batch: expected a stream for each of the 2 ranks, found 1' "$bin/moe-train" --data data --preset tiny --out refused \
  --set train.batch=1 --set train.steps=4
refused 78 'train.lanes: expected at least the 2 ranks' "$bin/moe-train" --data data --preset tiny --out refused --set train.lanes=1
refused 78 'model.layers.2.shared' "${train[@]}" --out refused --set moe.shared=1
refused 78 'gate balanced' "${train[@]}" --out refused --set moe.gate=balanced
refused 66 'nothing: expected a data folder' "$bin/moe-train" --data nothing --out refused
refused 2 'unknown option' "$bin/moe-train" --nonsense
check "nothing of it is left" test ! -e refused
PMI_SIZE=3 timeout 20 "$bin/moe-train" --data data --out alone >log.alone 2>&1
check "processes that do not know of each other are refused" test $? -eq 78
# unlike TEXT PROGRAM ARGUMENT...: what rank 1 runs while rank 0 trains
unlike() {
  local text=$1
  shift
  printf '%q ' exec "${train[@]}" --out mixed >rank0
  printf '%q ' exec "$@" >rank1
  ranks 2 bash -c '. "./rank${OMPI_COMM_WORLD_RANK:-$PMI_RANK}"' >log.mixed 2>&1
  check "other $text: code 78" test $? -eq 78
  check "other $text: by name" grep -q "rank 1 (.*): expected the $text of rank 0, found others" log.mixed
}
unlike arguments "${train[@]}" --out mixed --set train.batch=8
{ cat "$bin/moe-train" && echo; } >changed && chmod +x changed
unlike program ./changed "${train[@]:1}" --out mixed
unlike program "$bin/moe-eval" one --data data
MOELM_MAX_ISA=baseline
export MOELM_MAX_ISA
ranks 2 env bash -c 'if [ "${OMPI_COMM_WORLD_RANK:-$PMI_RANK}" = 0 ]; then unset MOELM_MAX_ISA; fi; exec "$@"' x "${train[@]}" --out mixed \
  >log.mixed 2>&1
check "ranks that compute differently are refused" test $? -eq 78
check "by name" grep -q 'rank 1 (.*): expected the build of rank 0' log.mixed
verdict
