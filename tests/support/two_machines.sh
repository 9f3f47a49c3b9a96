# Two machines on one: a network namespace each, with a link between them, and what mpirun of Open MPI calls to start a
# program on the second. Sourced, not run, as root; needs ip, and tc for a rate. The caller sets $work.
readonly machine_a=moelm-a machine_b=moelm-b address_a=10.77.0.1 address_b=10.77.0.2

remove_machines() {
  ip netns delete $machine_a 2>/dev/null || true
  ip netns delete $machine_b 2>/dev/null || true
}

make_machines() { # MB_S: 0 for no limit
  remove_machines
  ip netns add $machine_a
  ip netns add $machine_b
  ip -n $machine_a link add link0 type veth peer name link0 netns $machine_b
  ip -n $machine_a address add $address_a/24 dev link0
  ip -n $machine_b address add $address_b/24 dev link0
  local space
  for space in $machine_a $machine_b; do
    ip -n $space link set lo up
    ip -n $space link set link0 up
    [ "$1" -eq 0 ] || tc -n $space qdisc add dev link0 root tbf rate "$1mbit" burst 256kb latency 50ms
  done
  # In place of ssh: AGENT ADDRESS COMMAND... Without a host name of its own Open MPI takes both for one machine.
  cat >"$work/agent" <<AGENT
#!/usr/bin/env bash
while [ "\${1#-}" != "\$1" ]; do shift; done
case \$1 in $address_a) space=$machine_a ;; *) space=$machine_b ;; esac
shift
exec ip netns exec \$space unshare --uts bash -c "hostname \$space; \$*"
AGENT
  chmod +x "$work/agent"
}

# A rank on each machine, over the link alone.
on_two_machines() { # SECONDS OPTION... -- COMMAND...
  local limit=$1 options=()
  shift
  while [ "$1" != -- ]; do options+=("$1") && shift; done
  shift
  ip netns exec $machine_a unshare --uts bash -c "hostname $machine_a; exec \"\$@\"" bash timeout -k 10 "$limit" mpirun \
    --bind-to none --mca mpi_yield_when_idle 1 -n 2 --host "$address_a:1,$address_b:1" --mca plm_rsh_agent "$work/agent" \
    --mca btl tcp,self --mca pml ob1 --mca btl_tcp_if_include link0 --mca oob_tcp_if_include link0 "${options[@]}" "$@"
}
