#!/usr/bin/env bash
# moe-train on disks that are too small or become full, in a namespace of its own where a disk can be mounted (else
# exit 77: skipped).
# usage: small_disk_test.sh FOLDER-OF-PROGRAMS
set -euo pipefail
if [ "${2:-}" != inside ]; then
  unshare -rm true 2>/dev/null || { echo 'skipped: no namespace with a disk of its own' && exit 77; }
  exec unshare -rm bash "$0" "$1" inside
fi
. "$(dirname "$0")/../support/check.sh"

bin=$1
for i in $(seq 1 200); do echo "the cat sat on mat $((i % 5)) and ran"; done >"$work/text"
"$bin/moe-tokenize" --quiet --out "$work/data" --train "$work/text" --valid "$work/text" --test "$work/text" \
  --min-count 1 >/dev/null
mkdir "$work/disk"

trap 'kill $(jobs -p) 2>/dev/null || true; wait; umount "$work/disk" 2>/dev/null || true; rm -rf "$work"' EXIT

disk() { # KIB: a new empty disk of that size
  umount "$work/disk" 2>/dev/null || true
  mount -t tmpfs -o size="$1k" tmpfs "$work/disk"
}
# A checkpoint takes about 50 KiB.
command=("$bin/moe-train" --data "$work/data" --out "$work/disk/run" --preset tiny --set model.width=16
  --set train.batch=2 --set train.unroll=5 --threads 1)
train() { "${command[@]}" "$@" >"$work/out" 2>"$work/err"; } # ARGUMENTS...
code_of() { # CODE COMMAND...
  local expected=$1 found=0
  shift
  "$@" || found=$?
  [ "$found" -eq "$expected" ] || { echo "exit $found instead of $expected" && tail -n 3 "$work/err" && return 1; }
}
wait_for() { # COMMAND...
  for _ in $(seq 1 600); do
    if "$@"; then return 0; fi
    sleep 0.05
  done
  return 1
}
newest() { ls "$work/disk/run/checkpoints" | grep '^step-' | tail -n 1; }
is_newer() { [ "$(newest)" \> "$1" ]; }

disk 100
check 'too small a disk is refused with 74 before the first step' code_of 74 train --steps 10
check '... with the numbers' grep -q 'disk: expected at least .* for 3 checkpoints of .*, found' "$work/err"
check '... and nothing is left there' eval '[ -z "$(ls -A "$work/disk")" ]'

disk 4000
check 'a large one is not' code_of 0 train --steps 20 --set train.checkpoint_every=5
check '... and the plan says what is kept' grep -q '^checkpoints of .* every 5 steps, the newest 3 and the best kept: ' "$work/err"

disk 60000
"${command[@]}" --steps 100000000 --set train.checkpoint_every=50 >"$work/out" 2>"$work/err" &
trainer=$!
check 'while it trains, checkpoints appear' wait_for eval '[ -n "$(newest 2>/dev/null)" ]'
dd if=/dev/zero of="$work/disk/filler" bs=64k 2>/dev/null || true
check 'on a full disk a save fails and is told' wait_for grep -q 'was not saved: .*No space left' "$work/err"
check '... and training goes on' kill -0 $trainer
intact() { "$bin/moe-check" "$work/disk/run" >"$work/checked"; }
check '... and what is there is intact' intact
last=$(newest)
rm "$work/disk/filler"
check 'with room again saving succeeds, without a restart' wait_for is_newer "$last"
kill -TERM $trainer
check 'it stops as usual' code_of 75 wait $trainer
check '... the failure is in the metrics' grep -q '"event":"save_failed"' "$work/disk/run/metrics.jsonl"
check '... and no line is missing' perl -e '
  while (<STDIN>) { next unless /"grad_norm"/ && /"step":(\d+)/; die "step $1 after $n\n" if $1 != ++$n }
' <"$work/disk/run/metrics.jsonl"

dd if=/dev/zero of="$work/disk/filler" bs=64k 2>/dev/null || true
check 'a run that cannot be saved at all is refused' code_of 74 train
check 'forced, with train.on_save_error=stop, it ends with 74' code_of 74 train --force --set train.on_save_error=stop
check '... and is intact' intact
rm "$work/disk/filler"
check 'afterwards it goes on' code_of 0 train --max-time 1s
umount "$work/disk"
verdict
