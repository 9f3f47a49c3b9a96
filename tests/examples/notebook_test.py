"""examples/notebook.ipynb runs on a real run, without Jupyter."""
import json
import os

import matplotlib

from support import PROJECT, WORK, call, check, tokenize, train, verdict

text = WORK / "text.txt"
text.write_text("".join(f"The {i % 7} little foxes , that spoil number {i * i % 11} of the vines .\n" for i in range(300)))
run = train("run", tokenize("data", text), "--set", "train.validate_every=5", "--set", "train.log_every=1", steps=20)
stats = WORK / "stats.json"
stats.write_bytes(call("moe-stats", run, "--quiet", "--json", "--threads", "1").stdout)
os.environ.update(MOELM_RUN=str(run), MOELM_STATS=str(stats), MPLCONFIGDIR=str(WORK))

matplotlib.use("Agg")
notebook = json.loads((PROJECT / "examples/notebook.ipynb").read_text())
check("the notebook is one of version 4, without outputs",
      notebook["nbformat"] == 4 and not any(cell.get("outputs") for cell in notebook["cells"]))
names = {"__name__": "__main__"}
for cell in notebook["cells"]:
    if cell["cell_type"] == "code":
        exec(compile("".join(cell["source"]), "notebook.ipynb", "exec"), names)  # pylint: disable=exec-used

with open(run / "metrics.jsonl", encoding="utf-8") as lines:
    metrics = [json.loads(line) for line in lines]
check("every step is in the table", len(names["steps"]) == sum("split" not in m and "event" not in m for m in metrics))
check("every validation is in the table", len(names["validations"]) == sum("split" in m for m in metrics) > 0)
statistics = json.loads(stats.read_text())
check("every expert is in the table", len(names["experts"]) == sum(len(l["experts_detail"]) for l in statistics["layers"]))
check("every weight is in the table", len(names["weights"]) > 10 and names["weights"]["std"].max() > 0)
check("the pictures are there", len(names["plt"].get_fignums()) >= 4)
verdict()
