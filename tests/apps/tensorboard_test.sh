#!/usr/bin/env bash
# The event files of a run in the real TensorBoard, where Python has it (else exit 77: skipped). MOELM_PYTHON names another
# interpreter.
# usage: tensorboard_test.sh FOLDER-OF-PROGRAMS
set -euo pipefail
. "$(dirname "$0")/../support/check.sh"

bin=$1
python=${MOELM_PYTHON:-python3}
if ! "$python" -c 'import tensorboard' 2>/dev/null; then
  echo "skipped: $python has no package tensorboard" && exit 77
fi

for i in $(seq 1 60); do printf 'the gate of expert %d is open and the others read %d words\n' $((i % 7)) $((i % 5)); done >"$work/text.txt"
"$bin/moe-tokenize" --quiet --out "$work/data" --train "$work/text.txt" >/dev/null
train() { "$bin/moe-train" --quiet --data "$work/data" --out "$work/run" --threads 1 "$@" >/dev/null; }
train --preset tiny --steps 12 --set train.tensorboard=true --set train.checkpoint_every=5 --set train.validate_every=4
# As if the machine had died after step 12 without a checkpoint there: steps 11 and 12 come twice.
rm -rf "$work"/run/checkpoints/step-*12 "$work"/run/checkpoints/{LATEST,BEST} "$work/run/result.json"
train --steps 20
check 'two processes wrote two files' eval '[ "$(ls "$work/run" | grep -c tfevents)" -eq 2 ]'

cat >"$work/read.py" <<'PYTHON'
import json, math, sys
from tensorboard.backend.event_processing import event_accumulator, plugin_event_accumulator

run = sys.argv[1]
lines = [json.loads(line) for line in open(run + '/metrics.jsonl')]
assert [l['step'] for l in lines if l.get('event') == 'resume'] == [10]
steps = [l for l in lines if 'event' not in l and 'split' not in l]
valid = [l for l in lines if l.get('split') == 'valid']
everything = {event_accumulator.SCALARS: 0, event_accumulator.HISTOGRAMS: 0}
events = event_accumulator.EventAccumulator(run, size_guidance=everything)
events.Reload()

def near(a, b):
    return math.isclose(a, b, rel_tol=1e-6)

def same(tag, wanted):
    found = [(e.step, e.value) for e in events.Scalars(tag)]
    assert [s for s, _ in found] == [s for s, _ in wanted], (tag, found, wanted)
    assert all(near(a, b) for (_, a), (_, b) in zip(found, wanted)), (tag, found, wanted)

same('train/loss', [(l['step'], l['loss']) for l in steps])
same('train/ppl', [(l['step'], l['ppl']) for l in steps])
same('lr', [(l['step'], l['lr']) for l in steps])
same('valid/ppl', [(l['step'], l['ppl']) for l in valid])
layer = steps[0]['moe'][0]['layer']
same(f'moe/layer{layer}/cv_load', [(l['step'], l['moe'][0]['cv_load']) for l in steps])
for name in ('tokens', 'importance', 'load'):
    found = events.Histograms(f'moe/layer{layer}/{name}')
    assert [h.step for h in found] == [l['step'] for l in valid], (name, found)
    for h, l in zip(found, valid):
        values = l['moe'][0]['expert_' + name]
        v = h.histogram_value
        assert v.num == len(values) and near(v.sum, sum(values)) and v.max == max(values), (name, v, values)
        assert sum(v.bucket) == len(values) and list(v.bucket_limit) == sorted(v.bucket_limit)
# What the web page is served from.
served = plugin_event_accumulator.EventAccumulator(run)
served.Reload()
assert 'train/loss' in served.PluginTagToContent('scalars')
assert f'moe/layer{layer}/load' in served.PluginTagToContent('histograms')
assert served.Tensors(f'moe/layer{layer}/load')[0].tensor_proto.tensor_shape.dim[1].size == 3
PYTHON
check 'TensorBoard shows what metrics.jsonl says, and every step once' "$python" "$work/read.py" "$work/run"
verdict
