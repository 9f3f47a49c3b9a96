# SLURM on this machine alone, as root: munged, slurmctld and slurmd with their files in a folder. Sourced, not run.

# start_slurm FOLDER CPUS: sets SLURM_CONF and waits for a node that takes jobs; prints why there is none.
start_slurm() {
  local folder=$1 cpus=$2 program host
  [ "$(id -u)" -eq 0 ] || { echo "not root" && return 1; }
  for program in munged slurmctld slurmd sbatch srun; do
    command -v $program >/dev/null || { echo "no $program: apt-get install munge slurmctld slurmd" && return 1; }
  done
  host=$(hostname -s)
  mkdir -p "$folder"/{munge,state,spool} && chmod 700 "$folder/munge" || return 1
  head -c 1024 /dev/urandom >"$folder/munge/key" && chmod 400 "$folder/munge/key"
  cat >"$folder/slurm.conf" <<CONF
ClusterName=moelm
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$((20000 + $$ % 10000))
SlurmdPort=$((30000 + $$ % 10000))
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge/socket
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
SlurmdParameters=config_overrides
NodeName=$host NodeAddr=127.0.0.1 CPUs=$cpus State=UNKNOWN
PartitionName=all Nodes=$host Default=YES State=UP
CONF
  # Containers have the first version's tree, or none at all.
  echo 'CgroupPlugin=cgroup/v1' >"$folder/cgroup.conf"
  export SLURM_CONF=$folder/slurm.conf
  munged --force --socket="$folder/munge/socket" --key-file="$folder/munge/key" --pid-file="$folder/munge/pid" \
    --seed-file="$folder/munge/seed" --log-file="$folder/munge/log" 2>&1 || return 1
  slurmctld -c && slurmd || return 1
  for _ in $(seq 100); do
    [ "$(sinfo -h -o %t 2>/dev/null)" != idle ] || return 0
    sleep 0.1
  done
  sinfo 2>&1
  tail -n 5 "$folder"/slurm*.log
  return 1
}

# Ends all that start_slurm started, its jobs first.
stop_slurm() { # FOLDER
  local file process
  [ ! -e "$1/slurmctld.pid" ] || scancel --user=root 2>/dev/null
  for file in slurmd.pid slurmctld.pid munge/pid; do
    process=$(cat "$1/$file" 2>/dev/null) || continue
    for _ in $(seq 50); do
      { [ $file = slurmd.pid ] && pgrep -f '^slurmstepd: ' >/dev/null; } || break
      sleep 0.1
    done
    kill "$process" 2>/dev/null
    for _ in $(seq 50); do
      grep -q '^State:\s*[^Z]' "/proc/$process/status" 2>/dev/null || break
      sleep 0.1
    done
  done
}
