#!/usr/bin/env bash
# The job script of a training over several machines, on a cluster that is made up: what it does with each end of srun.
# tests/apps/ranks_slurm_test.sh runs it under SLURM.
# usage: ranks_sbatch_test.sh FOLDER-OF-EXAMPLES
set -euo pipefail
. "$(dirname "$0")/../support/check.sh"
script=$1/ranks.sbatch
cd "$work"

# srun starts one rank, for which moe-train ends with $END after it saved $SAVES; scontrol writes down what it was asked.
mkdir cluster run run/checkpoints
cat >cluster/srun <<'STUB'
#!/usr/bin/env bash
[ "${LAUNCHES:-yes}" = yes ] || exit 0
while [ "${1#-}" != "$1" ]; do echo "option $1"; shift; done
SLURM_PROCID=0 exec "$@"
STUB
cat >cluster/moe-train <<'STUB'
#!/bin/sh
echo "trains $*"
[ -z "${SAVES:-}" ] || echo "$SAVES" >run/checkpoints/LATEST
exit "$END"
STUB
printf '#!/bin/sh\necho "$*" >>requeued\n' >cluster/scontrol
printf '#!/bin/sh\nexit 0\n' >cluster/sleep
chmod +x cluster/*
ends() { # CODE REQUEUED VARIABLE=VALUE...: whether the job ends with the code, and is put back (yes) or not (no)
  local code=0 requeued=no
  rm -f requeued
  env PATH="$PWD/cluster:$PATH" SLURM_JOB_ID=7 SLURM_JOB_NODELIST=node1 "${@:3}" bash "$script" --data 'my data' --out run \
    >log 2>&1 || code=$?
  [ ! -e requeued ] || requeued=$(cat requeued)
  [ "$2" = no ] || set -- "$1" 'requeue 7'
  [ $code -eq "$1" ] && [ "$requeued" = "$2" ] || { echo "exit $code, put back: $requeued" && cat log && return 1; }
}

check 'a training that ends well ends the job' ends 0 no END=0
check '... and got its options as they are' grep -qx 'trains --data my data --out run' log
check '... from srun with PMIx, which ends all ranks if one is lost' grep -qx 'option -K1' log
check '... whose options can be others' ends 0 no END=0 'MOELM_SRUN=-K1 --mpi=pmi2'
check '... as they were named' grep -qx 'option --mpi=pmi2' log
for code in 75 137 143; do
  check "a training that saved and ended with $code goes back into the queue" ends $code yes END=$code "SAVES=a$code"
  check '... not if it saved nothing' ends $code no END=$code
done
check 'what fails otherwise is not repeated' ends 76 no END=76 SAVES=b
check 'a start without ranks is no success' ends 1 no END=0 LAUNCHES=no
check '... and the script says so' grep -q 'started no rank' log
check 'without a cluster it says how it is used' eval '
  ! env -u SLURM_JOB_ID bash "$script" --data d --out run 2>error && grep -q sbatch error'
verdict
