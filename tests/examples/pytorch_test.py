"""examples/pytorch_model.py computes the perplexity of moe-eval, for every kind of layer and gate."""
import json
import subprocess
import sys

from support import PROJECT, WORK, check, evaluate, verdict
from variants import VARIANTS, exported, held


def python(folder, code=0):
    done = subprocess.run([sys.executable, PROJECT / "examples/pytorch_model.py", folder, held], capture_output=True,
                          check=False)
    if done.returncode != code:
        sys.exit(f"FAILED: {folder}: {done.stderr.decode()}")
    return done


for name in VARIANTS:
    run, folder = exported(name)
    ours, theirs = evaluate(run, held), json.loads(python(folder).stdout)
    relative = abs(theirs["perplexity"] / ours["perplexity"] - 1)
    check(f"{name}: {ours['tokens']} tokens, perplexity {ours['perplexity']:.6g}, relative difference {relative:.1e}",
          theirs["tokens"] == ours["tokens"] and relative < 1e-5)

broken = WORK / "exported-top-k/config.json"
broken.write_text(broken.read_text().replace('"top-k"', '"other"'))
refused = python(broken.parent, code=1)
check("a gate that it does not know is refused in one line",
      b"does not know" in refused.stderr and refused.stderr.count(b"\n") == 1)
verdict()
