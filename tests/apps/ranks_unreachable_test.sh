#!/usr/bin/env bash
# A machine that goes away in the middle of a training, and one that was never there: all that is left ends. For root with ip and
# Open MPI, else exit 77 (skipped).
# usage: ranks_unreachable_test.sh BIN
set -u
bin=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=/dev/null
. "$here/../support/check.sh"
cd "$work" || exit 1
# shellcheck source=/dev/null
. "$here/../support/ranks.sh"
# shellcheck source=/dev/null
. "$here/../support/two_machines.sh"

reason=
[ "$(id -u)" -eq 0 ] || reason='not root'
command -v ip >/dev/null || reason='no ip'
"$mpirun" --version 2>/dev/null | grep -q 'Open MPI' || reason='not Open MPI'
[ -n "$reason" ] || ip netns add moelm-try 2>/dev/null || reason='no network namespace may be made here'
[ -z "$reason" ] || { echo "skipped: $reason" && exit 77; }
ip netns delete moelm-try
trap 'remove_machines; pkill -KILL -f "$work"; rm -rf "$work"' EXIT

# As docs/scale.md has them: a connection without a sign of life ends after 4 s here.
keepalive=(--mca oob_tcp_keepalive_time 2 --mca oob_tcp_keepalive_intvl 1 --mca oob_tcp_keepalive_probes 2)
make_machines 0
on_two_machines 120 "${keepalive[@]}" -- "${train[@]}" --out lost --steps 400000 --set train.step_timeout=3 >lost.log 2>&1 &
job=$!
wait_until 60 test -d lost/checkpoints/step-000000000010
check 'ranks of two machines train' test $? -eq 0
begin=$(date +%s%N)
ip -n $machine_a link set link0 down
wait $job
code=$?
took=$((($(date +%s%N) - begin) / 1000000))
check "a machine that goes away ends the launcher ($took ms, code $code)" test $took -le 20000
check 'that is no success, and no time limit' test $code -ne 0 -a $code -ne 124 -a $code -ne 137
check 'a line names what is missing' grep -q 'no message of rank\|sign of life' lost.log
wait_until 15 no_rank_of lost
check 'no rank is left' test $? -eq 0
check 'what was done is intact' "$bin/moe-check" --quiet lost

# Nobody has this address, and the link drops what is sent there.
make_machines 0
ip -n $machine_a neigh add 10.77.0.9 lladdr 02:00:00:00:00:09 dev link0
begin=$(date +%s%N)
ip netns exec $machine_a timeout -k 5 60 mpirun --bind-to none -n 2 --host "$address_a:1,10.77.0.9:1" --mca plm_rsh_args \
  '-o ConnectTimeout=5 -o BatchMode=yes' "${train[@]}" --out absent --steps 20 >absent.log 2>&1
code=$?
took=$((($(date +%s%N) - begin) / 1000000))
if command -v ssh >/dev/null; then
  check "a machine that is not there ends the launcher ($took ms, code $code)" test $took -le 20000 -a $code -ne 124
  check 'its address is named' grep -q '10\.77\.0\.9' absent.log
fi
check 'nothing of it is left' test ! -e absent
verdict
