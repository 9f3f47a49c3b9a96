#!/usr/bin/env python3
"""A model that moe-export wrote, in PyTorch.

    moe-export run/ exported/
    python3 pytorch_model.py exported/ text.txt     # the perplexity that moe-eval run/ text.txt computes

Needs the packages torch, safetensors and tokenizers. It evaluates: there is no dropout, no noise in the gates and no
balancing loss. All layers and gates of moelm are here; whatever this file does not know is refused.

    model = Model("exported/")
    log_probabilities, state = model(tokens)      # tokens [steps, streams]; model(more_tokens, state) goes on
"""
import json
import math
import re
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from tokenizers import Tokenizer

KNOWN = {"type": {"embedding", "lstm", "moe", "softmax"}, "output": {"none", "sigmoid"},
         "gate": {"noisy-top-k", "top-k", "sigmoid", "softmax", "balanced"}}


class Model(torch.nn.Module):
    """x_0 = embedding, x_l = x_{l-1} + layer_l(x_{l-1}), without the sum where widths differ; then the softmax."""

    def __init__(self, folder):
        super().__init__()
        self.config = json.loads((Path(folder) / "config.json").read_text(encoding="utf-8"))
        if self.config.get("format") != "moelm-export" or self.config.get("version") != 1:
            raise SystemExit(f"{folder}: expected an export of moelm, version 1")
        self.layers = self.config["model"]["layers"]
        for layer in self.layers:
            if any(layer[key] not in KNOWN[key] for key in layer.keys() & KNOWN.keys()):
                raise SystemExit(f"{folder}: this file does not know the layer {layer}")
        self.tokenizer = Tokenizer.from_file(str(Path(folder) / "tokenizer.json"))
        self.weights = torch.nn.ModuleList(torch.nn.ParameterDict() for _ in self.layers)
        for name, tensor in load_file(Path(folder) / "model.safetensors").items():
            _, layer, rest = name.split(".", 2)  # layers.2.experts.0.weight_1
            self.weights[int(layer)][rest.replace(".", "/")] = tensor.float()  # PyTorch allows no dots

    def forward(self, tokens, state=None):
        """tokens [T, B] -> ln p of the next tokens [T, B, V], and the state after them: h and c of each LSTM layer."""
        state = dict(state or {})
        x = self.weights[0]["weight"][tokens]  # [T, B, D]
        for i, layer in enumerate(self.layers[1:-1], 1):
            if layer["type"] == "lstm":
                y, state[i] = lstm(self.weights[i], x, state.get(i))
            else:
                y = moe(self.weights[i], layer, x.flatten(0, 1)).view_as(x)
            x = x + y if x.shape == y.shape else y
        table = self.weights[0 if self.config["model"]["tied"] else -1].get("weight")
        return log_softmax(self.weights[-1], self.layers[-1], table, x), state


def lstm(w, x, state):
    cells, width = w["weight_hh"].shape[0] // 4, w["weight_hh"].shape[1]
    h, c = state or (x.new_zeros(x.shape[1], width), x.new_zeros(x.shape[1], cells))
    outputs = []
    for step in F.linear(x, w["weight_ih"], w["bias"]):
        i, f, g, o = (step + F.linear(h, w["weight_hh"])).chunk(4, 1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        h = F.linear(h, w["weight_hr"]) if "weight_hr" in w else h
        outputs.append(h)
    return torch.stack(outputs), (h, c)


def gates(w, prefix, kind, k, experts, x):
    """The gate of each expert for each row [N, E], 0 where it is not chosen."""
    if experts == 1:
        return x.new_ones(len(x), 1)
    logits = F.linear(x, w[prefix + "gate/weight"])
    if kind == "softmax":
        return logits.softmax(1)
    if kind == "balanced":
        scores = logits.softmax(1)
        scores = scores * (scores > w[prefix + "gate/thresholds"])
        return scores / scores.sum(1, keepdim=True).clamp_min(1e-37)
    biased = logits + w[prefix + "gate/bias"] if prefix + "gate/bias" in w else logits
    chosen = biased.sort(dim=1, descending=True, stable=True).indices[:, :k]  # of equals the first
    logits_of_chosen = logits.gather(1, chosen)
    values = logits_of_chosen.sigmoid() if kind == "sigmoid" else logits_of_chosen.softmax(1)
    return torch.zeros_like(logits).scatter(1, chosen, values)


def expert(w, name, layer, x):
    for j in range(len(layer["hidden"]) + 1):
        x = F.linear(x.relu() if j > 0 else x, w[f"{name}/weight_{j}"])
    return x


def moe(w, layer, x):
    kind, experts, groups = layer["gate"], layer["experts"], max(1, layer["groups"])  # one level is one group
    primary = gates(w, "primary/", kind, layer["k_groups"], groups, x)
    g = torch.cat([primary[:, j, None] * gates(w, f"groups/{j}/" if layer["groups"] else "", kind, layer["k"],
                                               experts // groups, x) for j in range(groups)], 1)
    y = torch.zeros_like(x)
    for e in range(experts):
        rows = g[:, e].nonzero().squeeze(1)
        y[rows] += g[rows, e, None] * expert(w, f"experts/{e}", layer, x[rows])
    for s in range(layer["shared"]):
        y = y + expert(w, f"shared/{s}", layer, x)
    return y.sigmoid() if layer["output"] == "sigmoid" else y


def log_softmax(w, layer, table, x):
    """logits = table x + bias; or adaptive: a head of frequent tokens and clusters, and a tail for each cluster."""
    if "head/weight" not in w:
        return F.linear(x, table, w["bias"]).log_softmax(-1)
    tied = table.tensor_split(layer["cutoffs"]) if table is not None else ()
    head = F.linear(x, torch.cat([*tied[:1], w["head/weight"]]), w["head/bias"]).log_softmax(-1)
    frequent, clusters = head.tensor_split(layer["cutoffs"][:1], -1)
    tails = [F.linear(x, tail) for tail in tied[1:]] or [
        F.linear(F.linear(x, w[f"tail/{j}/projection"]), w[f"tail/{j}/weight"]) for j in range(clusters.shape[-1])]
    return torch.cat([frequent] + [clusters[..., j, None] + tail.log_softmax(-1) for j, tail in enumerate(tails)], -1)


def documents(model, path):
    """The token ids of a text: one list in state carry, a list for each line in state reset."""
    keeps_bytes = model.config["tokenizer"]["kind"] in ("byte", "bpe")
    try:
        text = Path(path).read_bytes().decode(*(("utf-8", "strict") if keeps_bytes else ("utf-8-sig", "replace")))
    except UnicodeDecodeError as error:
        raise SystemExit(f"{path}: the tokenizers package takes UTF-8 only: {error}") from error
    text += "" if keeps_bytes or text.endswith("\n") else "\n"  # each line is a sentence
    texts = re.findall(r".*\n|.+", text) if model.config["state"] == "reset" else [text]
    return [encoding.ids for encoding in model.tokenizer.encode_batch(texts)]


@torch.no_grad()
def score(model, ids):
    """-ln p of a list of tokens, with </s> before the first one and the zero state."""
    tokens, state, nats = torch.tensor([model.config["bos_token_id"]] + ids), None, 0.0
    for inputs, targets in zip(tokens[:-1].split(256), tokens[1:].split(256)):
        log_probabilities, state = model(inputs[:, None], state)
        nats -= log_probabilities.gather(2, targets[:, None, None]).double().sum().item()
    return nats


if __name__ == "__main__":
    len(sys.argv) == 3 or sys.exit(__doc__)
    loaded = Model(sys.argv[1])
    texts = documents(loaded, sys.argv[2])
    nats, count = sum(score(loaded, ids) for ids in texts), sum(len(ids) for ids in texts)
    print(json.dumps({"tokens": count, "nll_nats": nats, "perplexity": math.exp(nats / count)}))
