"""model.onnx has the log-probabilities of moe-eval, for every kind of layer and gate, in one pass and step by step."""
import json
import math

import numpy
import onnx
import onnxruntime

from support import call, check, verdict
from variants import VARIANTS, exported, held


def rows(run):
    """The tokens of the text and ln p of each, as moe-eval tells."""
    lines = call("moe-eval", run, held, "--threads", "1", "--quiet", "--per-token", "--json", "--state", "carry").stdout
    found = [json.loads(line) for line in lines.splitlines()]
    return [row["token"] for row in found if row["type"] == "token"], [
        row["log10"] * math.log(10) for row in found if row["type"] == "token"]


def zero_state(session):
    return {one.name: numpy.zeros((1, one.shape[1]), numpy.float32) for one in session.get_inputs() if one.name != "tokens"}


def run_model(session, tokens, state):
    """ln p [steps, V] and the new state."""
    names = [one.name for one in session.get_outputs()]
    outputs = dict(zip(names, session.run(names, {"tokens": numpy.array(tokens, numpy.int64)[:, None], **state})))
    return outputs["log_probabilities"][:, 0], {name: outputs["next_" + name] for name in state}


for name in VARIANTS:
    if name.startswith("bpe") or name == "lower-case":
        continue  # the same layers; only the tokens differ
    run, folder = exported(name, "--onnx")
    onnx.checker.check_model(str(folder / "model.onnx"), full_check=True)
    session = onnxruntime.InferenceSession(str(folder / "model.onnx"), providers=["CPUExecutionProvider"])
    config = json.loads((folder / "config.json").read_text())
    vocabulary = json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"]
    tokens, expected = rows(run)
    ids = [vocabulary.get(token, config["unk_token_id"]) for token in tokens]
    inputs = [config["bos_token_id"], *ids[:-1]]
    whole, last = run_model(session, inputs, zero_state(session))
    difference = max(abs(whole[i, t] - p) for i, (t, p) in enumerate(zip(ids, expected)))
    check(f"{name}: {len(ids)} tokens, greatest difference of ln p {difference:.1e}", difference < 1e-4)
    check("... each distribution sums to 1", abs(numpy.exp(whole.astype(float)).sum(1) - 1).max() < 1e-5)
    state, stepped = zero_state(session), []
    for token in inputs[:60]:
        step, state = run_model(session, [token], state)
        stepped.append(step[0])
    first, first_state = run_model(session, inputs[:60], zero_state(session))
    check("... step by step it is the same", abs(numpy.array(stepped) - first).max() < 1e-5 and all(
        abs(state[n] - first_state[n]).max() < 1e-5 for n in state))
    both, _ = run_model(session, inputs[:30], zero_state(session))
    streams = {n: numpy.zeros((3, s.shape[1]), numpy.float32) for n, s in zero_state(session).items()}
    side_by_side = session.run(["log_probabilities"], {"tokens": numpy.array([inputs[:30]] * 3, numpy.int64).T, **streams})[0]
    check("... and so it is with streams side by side", abs(side_by_side - both[:, None]).max() < 1e-5)
verdict()
