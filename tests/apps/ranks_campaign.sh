#!/usr/bin/env bash
# Many failures of training over several ranks, at random moments: every one ends all ranks soon, leaves nothing behind, and
# what goes on after it on another number of ranks ends with the bits of a run that nothing disturbed.
# usage: [MPIRUN=mpiexec.mpich] [MOELM_SEED=N] [MOELM_FAULTS="KILLS STOPS LAUNCHERS"] ranks_campaign.sh BIN
# Without MOELM_FAULTS it runs only if MOELM_LONG is set: it takes about 20 minutes on two cores that are busy otherwise.
set -u
bin=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
if [ -n "${MOELM_FAULTS:-}" ]; then
  read -r kills stops launchers <<<"$MOELM_FAULTS"
elif [ -n "${MOELM_LONG:-}" ]; then
  kills=100 stops=20 launchers=20
else
  echo "skipped: MOELM_LONG is not set" && exit 77
fi
# shellcheck source=/dev/null
. "$here/../support/check.sh"
cd "$work" || exit 1
# shellcheck source=/dev/null
. "$here/../support/ranks.sh"

seed=${MOELM_SEED:-$(($(date +%s) % 32768))}
RANDOM=$seed
silence=5          # train.step_timeout, seconds
start_silence=120  # the same while the ranks start
soon=10            # a job ends within this time, after the silence if there is one
limit=200
steps=80
together=5 # faults between two comparisons
train+=(--set "train.step_timeout=$silence")
echo "seed $seed: $kills ranks are killed, $stops stopped, $launchers launchers killed; $("$bin/moe-train" --version)"

"${train[@]}" --out reference --steps $steps >/dev/null 2>&1
expected=$(sums reference $steps)
[ -d reference/checkpoints ] || { echo "FAILED: the reference" && exit 1; }

# Faults come from the start on, within two thirds of the time that a run takes undisturbed: what is left of it is shorter.
begin=$(date +%s%N)
ranks 3 "${train[@]}" --out measured --steps $steps >measured.log 2>&1
check "three ranks train to the bits of one" test "$(sums measured $steps)" = "$expected"
window=$((($(date +%s%N) - begin) / 1500000))
echo "faults come within $window ms; load $(cut -d ' ' -f 1-3 /proc/loadavg)"

declare -A count longest saving
early=0 longest_early=0 run=0 disturbed=0 compared=0 late=0
next_run() {
  [ $run -eq 0 ] || rm -rf "run$run" "run$run.log"
  run=$((run + 1)) disturbed=0
}
is_done() { [ "$(sums "run$run" $steps 2>/dev/null)" = "$expected" ]; }
# The run goes on to its end, undisturbed.
compare() {
  local n=$((RANDOM % 4 + 1))
  start_ranks $n "run$run" --steps $steps
  wait "$job"
  local code=$?
  [ $disturbed -eq 0 ] || compared=$((compared + 1))
  [ $code -eq 0 ] && is_done && return
  check "run $run, after $disturbed faults, goes on with $n ranks to the bits of the reference (code $code)" false
  cat "run$run.log"
}
# One failure of the kind, counted only if there was something to fail.
fault() { # KIND
  local kind=$1 n=$((RANDOM % 3 + 2)) allowed=$soon moment=$(((RANDOM * 32768 + RANDOM) % window))
  touch begun
  start_ranks $n "run$run" --steps $steps
  if [ "$kind" = launcher ]; then wait_until 30 launcher_of "run$run"; else wait_until 30 ranks_of "run$run"; fi
  # Two stops before the first step are enough: each takes two minutes.
  [ "$kind" != stop ] || [ $early -lt 2 ] || wait_until 30 test "run$run/metrics.jsonl" -nt begun
  sleep "$((moment / 1000)).$(printf %03d $((moment % 1000)))"
  patience=$start_silence strike "$kind" "run$run"
  # A rank that is stopped when the others have left MPI has nobody who could notice: the launcher waits for it.
  [ "$kind" != stop ] || [ $code -ne 124 ] || ! grep -q "^trained $steps steps" "run$run.log" || ! is_done || code=0
  if [ $struck = no ] || { [ $code -eq 0 ] && is_done; }; then
    late=$((late + 1))
    [ $code -eq 0 ] || check "a run that nothing disturbed ends well (code $code)" false
    compare
    next_run
    return 1
  fi
  disturbed=$((disturbed + 1))
  count[$kind]=$((${count[$kind]:-0} + 1))
  [ -z "$(find "run$run/checkpoints" -maxdepth 1 -name '.?*' 2>/dev/null)" ] || saving[$kind]=$((${saving[$kind]:-0} + 1))
  [ "$kind" != stop ] || allowed=$((silence + soon))
  if [ "$kind" = stop ] && grep -qE 'step 0, phase' "run$run.log"; then
    allowed=$((start_silence + soon))
    early=$((early + 1))
    [ "$took" -le $longest_early ] || longest_early=$took
  elif [ "$took" -gt "${longest[$kind]:-0}" ]; then
    longest[$kind]=$took
  fi
  if [ "$took" -gt $((allowed * 1000)) ] || [ "$code" -eq 0 ] || [ -n "$left" ]; then
    check "$kind number ${count[$kind]}: $n ranks end in $took ms with code $code, left: $left" false
    cat "run$run.log"
    # shellcheck disable=SC2086
    [ -z "$left" ] || kill -KILL $left
  fi
  [ $disturbed -lt $together ] && return
  compare
  next_run
}

next_run
declare -A due=([kill]=$kills [stop]=$stops [launcher]=$launchers)
while all=$((due[kill] + due[stop] + due[launcher])) && [ $all -gt 0 ]; do
  choice=$((RANDOM % all)) kind=launcher
  if [ $choice -lt ${due[kill]} ]; then kind=kill; elif [ $choice -lt $((due[kill] + due[stop])) ]; then kind=stop; fi
  fault $kind && due[$kind]=$((due[$kind] - 1))
  [ $((all % 20)) -ne 0 ] || echo "$all faults left, $SECONDS s"
done
[ $disturbed -eq 0 ] || compare

for kind in kill stop launcher; do
  echo "$kind: ${count[$kind]:-0} faults, ${saving[$kind]:-0} of them within a save; the longest time to the end ${longest[$kind]:-0} ms"
done
echo "stop before the first step: $early of them; the longest time to the end $longest_early ms"
echo "$compared disturbed runs compared with the reference, $late faults came too late; load $(cut -d ' ' -f 1-3 /proc/loadavg); $SECONDS s"
check "every fault was tried" test "${count[kill]:-0} ${count[stop]:-0} ${count[launcher]:-0}" = "$kills $stops $launchers"
verdict
