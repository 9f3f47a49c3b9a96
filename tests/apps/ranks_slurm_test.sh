#!/usr/bin/env bash
# A training over ranks as a job of SLURM: a signal stops all ranks, the job goes back into the queue, and what it ends with
# are the bits of a run that nothing stopped. A long test (MOELM_LONG=1), for root and where SLURM runs, else exit 77.
# usage: [MOELM_SRUN="-K1 --mpi=pmi2"] ranks_slurm_test.sh BIN EXAMPLES
set -u
bin=$(cd "$1" && pwd)
examples=$(cd "$2" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
[ -n "${MOELM_LONG:-}" ] || { echo 'skipped: a long test; MOELM_LONG=1 runs it' && exit 77; }
# shellcheck source=/dev/null
. "$here/../support/check.sh"
cd "$work" || exit 1
# shellcheck source=/dev/null
. "$here/../support/ranks.sh"
# shellcheck source=/dev/null
. "$here/../support/slurm.sh"
trap 'stop_slurm "$work/slurm"; rm -rf "$work"' EXIT
start_slurm "$work/slurm" 4 >log.slurm || { echo "skipped: no SLURM: $(tail -n 3 log.slurm)" && exit 77; }
export PATH=$bin:$PATH OMPI_MCA_mpi_yield_when_idle=1

steps=600
"${train[@]}" --out one --steps $steps >/dev/null 2>&1
expected=$(sums one $steps)
has_checkpoint() { [ "$(find "$1/checkpoints" -maxdepth 1 -name 'step-*' 2>/dev/null | wc -l)" -gt 0 ]; }
state_is() { [ "$(squeue -h -j "$1" -o %T 2>/dev/null)" = "$2" ]; } # JOB STATE
restarts() { scontrol show job "$1" | sed -n 's/.* Restarts=\([0-9]*\).*/\1/p'; }
job_is() { scontrol show job "$1" | grep -q "JobState=$2 .*\|JobState=$2\$"; }
submit() { # ARGUMENT...: sets $job
  job=$(sbatch --parsable "$@") || { echo "FAILED: sbatch $*" && exit 1; }
}
# A job waits for two minutes after a requeue. It may start sooner, once all that served its last start is gone; SLURM
# may set the time again while it clears up.
no_step_of() { ! pgrep -f "^slurmstepd: \\[$1\\."; }
starts_now() {
  scontrol update "jobid=$1" starttime=now
  sleep 0.5
  ! state_is "$1" PENDING
}
start_now() { # JOB
  wait_until 60 no_step_of "$1"
  wait_until 60 starts_now "$1"
}
newest() { cut -d ' ' -f 1 "$1/checkpoints/LATEST" 2>/dev/null; }
newer() { [ "$(newest "$1")" != "$2" ]; }

submit --ntasks-per-node=3 "$examples/ranks.sbatch" "${train[@]:1}" --out run --steps $steps
for stop in 1 2 3; do
  check "start $stop: the job runs" wait_until 60 state_is "$job" RUNNING
  wait_until 60 newer run "$(newest run)"
  check "start $stop: it trains" test $? -eq 0
  scancel -s USR1 "$job"
  check "signal $stop: the job goes back into the queue" wait_until 60 state_is "$job" PENDING
  check "signal $stop: SLURM counts it" test "$(restarts "$job")" = $stop
  check "signal $stop: no rank is left" wait_until 20 no_rank_of run
  check "signal $stop: what was done is saved" "$bin/moe-check" --quiet run
  start_now "$job"
done
check "the job ends" wait_until 120 job_is "$job" COMPLETED
check "to the bits of a run that nothing stopped" test "$(sums run $steps)" = "$expected"
check "each stop was agreed" test "$(grep -c 'moe-train ended with 75, back into the queue' "slurm-$job.log")" = 3
cat "slurm-$job.log"

# A rank that is killed: the others are ended, and the job goes on after its last checkpoint.
submit --ntasks-per-node=2 "$examples/ranks.sbatch" "${train[@]:1}" --out killed --steps $steps
wait_until 60 has_checkpoint killed
check "a second job trains" test $? -eq 0
kill -KILL "$(ranks_of killed | tail -n 1)"
check "a job that lost a rank goes back into the queue" wait_until 60 state_is "$job" PENDING
start_now "$job"
check "and ends" wait_until 120 job_is "$job" COMPLETED
check "with the same bits" test "$(sums killed $steps)" = "$expected"
cat "slurm-$job.log"

# What fails is not repeated.
submit --ntasks-per-node=2 "$examples/ranks.sbatch" --data nothing --out failed
check "a job that fails ends" wait_until 60 job_is "$job" FAILED
check "with the exit code of moe-train" grep -q 'ExitCode=66:0' <(scontrol show job "$job")
check "and is not started again" test "$(restarts "$job")" = 0
# srun ends with 0 where it could not start a rank: here because the folder of its PMIx is a file.
if [ -z "${MOELM_SRUN:-}" ]; then
  touch "$work/slurm/spool/pmix.$((job + 1)).0"
  submit --ntasks-per-node=2 "$examples/ranks.sbatch" "${train[@]:1}" --out never --steps $steps
  check "a job without ranks fails" wait_until 90 job_is "$job" FAILED
  check "and says why" grep -q 'started no rank' "slurm-$job.log"
fi
# Ranks that do not know of each other are refused with the option that srun needs.
srun -n 2 --mpi=none moe-train --data data --out alone >log.alone 2>&1
check "ranks without a common start are refused" test $? -ne 0
cat log.alone
verdict
