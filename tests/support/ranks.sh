# What the tests of several ranks share. Sourced, not run, after check.sh and in a folder for the files: needs $bin, finds
# the launcher, makes data, and gives functions that start ranks and make them fail.
mpirun=$(command -v "${MPIRUN:-mpirun}") || { echo "skipped: no mpirun" && exit 77; }
"$bin/moe-train" --version | grep -q ', ' || { echo "skipped: built without MPI" && exit 77; }
if "$mpirun" --version 2>/dev/null | grep -q 'Open MPI'; then
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
  options=(--oversubscribe --bind-to none --mca mpi_yield_when_idle 1)
  # A launcher that is killed leaves its files behind: here they go away with the test.
  export OMPI_MCA_btl_vader_backing_directory=$work OMPI_MCA_orte_tmpdir_base=$work
else
  options=()
fi

"$bin/moe-grammar" --out text --source mixture --words 100 --lines 3000 --held-out-lines 100 --quiet >/dev/null 2>&1 ||
  { echo "FAILED: a text" && exit 1; }
"$bin/moe-tokenize" --out data --train text/train.txt --valid text/valid.txt --test text/test.txt --quiet >/dev/null ||
  { echo "FAILED: data" && exit 1; }
train=("$bin/moe-train" --data data --preset tiny --dtype f32 --threads 1 --quiet --set train.lanes=4 --set train.batch=13
  --set train.validate_every=15 --set train.checkpoint_every=10)

# The code of a job that ended because a rank was silent. mpiexec of MPICH may report instead that it killed that rank.
is_code_of_silence() { [ "$1" -eq 75 ] || { [ ${#options[@]} -eq 0 ] && [ "$1" -eq 9 ]; }; }

# Whatever happens, nothing waits for ever.
ranks() { # N PROGRAM ARGUMENT...
  local n=$1
  shift
  timeout -k 5 "${limit:-120}" "$mpirun" "${options[@]}" -n "$n" "$@"
}

sums() { # RUN STEP: of what a checkpoint consists of
  local checkpoint
  checkpoint=$1/checkpoints/step-$(printf %012d "$2")
  [ -d "$checkpoint" ] || { echo "$1 has no checkpoint" && return; }
  cat "$checkpoint"/{model,optimizer,state}.safetensors | sha256sum
}

# The processes that train RUN, those whose other threads still run included.
ranks_of() { pgrep -f "^($bin/)?moe-train --data data .*--out $1( |\$)"; }
no_rank_of() { ! ranks_of "$1"; }
leader_of() { # RUN
  local process
  for process in $(ranks_of "$1"); do
    tr '\0' '\n' <"/proc/$process/environ" 2>/dev/null | grep -qE '^(OMPI_COMM_WORLD_RANK|PMI_RANK)=0$' && echo "$process"
  done
}
launcher_of() { pgrep -f "^$mpirun .*--out $1( |\$)"; }

# wait_until SECONDS COMMAND...: whether it succeeds in that time
wait_until() {
  local end=$(($(date +%s%N) + $1 * 1000000000))
  shift
  until "$@" >/dev/null; do
    [ "$(date +%s%N)" -lt "$end" ] || return 1
    sleep 0.02
  done
}

# Starts RUN with RANKS ranks in the background: $job waits for it, the log is RUN.log.
start_ranks() { # RANKS RUN ARGUMENT...
  local n=$1 run=$2
  shift 2
  ranks "$n" "${train[@]}" --out "$run" "$@" >"$run.log" 2>&1 &
  job=$!
}

# Lets RUN fail at once: FAULT is kill (a rank), stop (a rank) or launcher (kill it); RANK is random or the leader. Waits for
# the end. Sets $struck (something was there to fail), $code, $took (milliseconds) and $left (processes that outlive it).
strike() { # FAULT RUN [leader]
  local begin victims victim
  struck=no
  if [ "$1" = launcher ]; then
    mapfile -t victims < <(launcher_of "$2")
  elif [ "${3:-}" = leader ]; then
    mapfile -t victims < <(leader_of "$2")
  else
    mapfile -t victims < <(ranks_of "$2")
  fi
  victim=
  [ ${#victims[@]} -eq 0 ] || victim=${victims[RANDOM % ${#victims[@]}]}
  begin=$(date +%s%N)
  if [ -n "$victim" ]; then
    if [ "$1" = stop ]; then kill -STOP "$victim"; else kill -KILL "$victim"; fi 2>/dev/null && struck=yes
  fi
  wait "$job"
  code=$?
  # Ranks see the end of their launcher a moment later than its own parent.
  wait_until "${patience:-10}" no_rank_of "$2"
  took=$((($(date +%s%N) - begin) / 1000000))
  left=$(ranks_of "$2")
}
