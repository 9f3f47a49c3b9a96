#!/usr/bin/env python3
"""A model that moe-export wrote, in PyTorch.

    moe-export run/ exported/
    python3 pytorch_model.py exported/ text.txt     # the perplexity that moe-eval run/ text.txt computes

Needs the packages torch, safetensors and tokenizers. It evaluates: there is no dropout, no noise in the gates and no
balancing loss. All layers and gates of moelm are here; whatever this file does not know is refused.

    model = Model("exported/")
    log_probabilities, state = model(tokens, model.zero_state(streams))      # tokens [steps, streams]
"""
import argparse
import itertools
import json
import math
import pathlib

import torch
import torch.nn.functional as F
from safetensors.torch import load_file

LAYERS = {"embedding", "lstm", "moe", "softmax"}
GATES = {"noisy-top-k", "top-k", "sigmoid", "softmax", "balanced"}


def read_config(folder):
    config = json.loads((pathlib.Path(folder) / "config.json").read_text(encoding="utf-8"))
    if config.get("format") != "moelm-export" or config.get("version") != 1:
        raise SystemExit(f"{folder}: expected an export of moelm, version 1")
    for layer in config["model"]["layers"]:
        if layer["type"] not in LAYERS or layer.get("gate", "top-k") not in GATES:
            raise SystemExit(f"{folder}: this file does not know the layer {layer}")
        if layer.get("output", "none") not in ("none", "sigmoid"):
            raise SystemExit(f"{folder}: this file does not know the output {layer['output']}")
    return config


class Model(torch.nn.Module):
    """x_0 = embedding, x_l = x_{l-1} + layer_l(x_{l-1}), without the sum where widths differ; then the softmax."""

    def __init__(self, folder):
        super().__init__()
        self.config = read_config(folder)
        self.layers = self.config["model"]["layers"]
        tensors = load_file(str(pathlib.Path(folder) / "model.safetensors"))
        # A parameter's name has no dots in PyTorch.
        self.weights = torch.nn.ParameterDict({name.replace(".", "/"): w.float() for name, w in tensors.items()})

    def weight(self, layer, name):
        return self.weights[f"layers/{layer}/{name.replace('.', '/')}"]

    def has(self, layer, name):
        return f"layers/{layer}/{name.replace('.', '/')}" in self.weights

    def zero_state(self, streams):
        """h and c of every LSTM layer."""
        return {i: (torch.zeros(streams, self.weight(i, "weight_hh").shape[1]),
                    torch.zeros(streams, layer["cells"]))
                for i, layer in enumerate(self.layers) if layer["type"] == "lstm"}

    def forward(self, tokens, state):
        """tokens [T, B] -> ln p of the tokens that come next [T, B, V], and the state after them."""
        steps, streams = tokens.shape
        state = dict(state)
        x = self.weight(0, "weight")[tokens.reshape(-1)]  # [T B, D]
        for i, layer in enumerate(self.layers[1:-1], 1):
            if layer["type"] == "lstm":
                y, state[i] = self.lstm(i, x.reshape(steps, streams, -1), state[i])
            else:
                y = self.moe(i, layer, x)
            x = x + y if x.shape == y.shape else y
        return self.output(len(self.layers) - 1, x).reshape(steps, streams, -1), state

    def lstm(self, i, x, state):
        w_ih, w_hh, bias = (self.weight(i, name) for name in ("weight_ih", "weight_hh", "bias"))
        parts, (h, c) = F.linear(x, w_ih, bias), state
        outputs = []
        for part in parts:
            gate_i, gate_f, gate_g, gate_o = (part + F.linear(h, w_hh)).chunk(4, 1)
            c = gate_f.sigmoid() * c + gate_i.sigmoid() * gate_g.tanh()
            h = gate_o.sigmoid() * c.tanh()
            if self.has(i, "weight_hr"):
                h = F.linear(h, self.weight(i, "weight_hr"))
            outputs.append(h)
        return torch.cat(outputs), (h, c)

    def gates(self, i, prefix, kind, k, experts, x):
        """The gate of each expert for each row [N, E], 0 where it is not chosen."""
        if experts == 1:
            return torch.ones(len(x), 1)
        logits = F.linear(x, self.weight(i, prefix + "gate.weight"))
        if kind == "softmax":
            return logits.softmax(1)
        if kind == "balanced":
            scores = logits.softmax(1)
            scores = scores * (scores > self.weight(i, prefix + "gate.thresholds"))
            return scores / scores.sum(1, keepdim=True).clamp_min(1e-37)
        biased = logits + self.weight(i, prefix + "gate.bias") if self.has(i, prefix + "gate.bias") else logits
        chosen = biased.sort(dim=1, descending=True, stable=True).indices[:, :k]  # of equals the first
        chosen_logits = logits.gather(1, chosen)
        gates = chosen_logits.sigmoid() if kind == "sigmoid" else chosen_logits.softmax(1)
        return torch.zeros_like(logits).scatter(1, chosen, gates)

    def expert(self, i, name, x):
        j = 0
        while self.has(i, f"{name}.weight_{j}"):
            x = F.linear(x.relu() if j > 0 else x, self.weight(i, f"{name}.weight_{j}"))
            j += 1
        return x

    def moe(self, i, layer, x):
        kind, groups = layer["gate"], layer["groups"]
        if groups == 0:
            gates = self.gates(i, "", kind, layer["k"], layer["experts"], x)
        else:
            size = layer["experts"] // groups
            primary = self.gates(i, "primary.", kind, layer["k_groups"], groups, x)
            gates = torch.cat([primary[:, g:g + 1] * self.gates(i, f"groups.{g}.", kind, layer["k"], size, x)
                               for g in range(groups)], 1)
        y = torch.zeros_like(x)
        for e in range(layer["experts"]):
            rows = gates[:, e].nonzero().squeeze(1)
            if len(rows) > 0:
                y = y.index_add(0, rows, gates[rows, e:e + 1] * self.expert(i, f"experts.{e}", x[rows]))
        for s in range(layer["shared"]):
            y = y + self.expert(i, f"shared.{s}", x)
        return y.sigmoid() if layer["output"] == "sigmoid" else y

    def output(self, n, x):
        if not self.has(n, "head.weight"):
            table = self.weight(0 if self.config["model"]["tied"] else n, "weight")
            return F.linear(x, table, self.weight(n, "bias")).log_softmax(1)
        head = F.linear(x, self.weight(n, "head.weight"), self.weight(n, "head.bias")).log_softmax(1)
        first = self.layers[n]["cutoffs"][0]
        parts = [head[:, :first]]
        for j in range(head.shape[1] - first):
            tail = F.linear(F.linear(x, self.weight(n, f"tail.{j}.projection")), self.weight(n, f"tail.{j}.weight"))
            parts.append(head[:, first + j:first + j + 1] + tail.log_softmax(1))
        return torch.cat(parts, 1)


def documents(folder, config, path):
    """The token ids of a text: one list in state carry, a list for each line in state reset."""
    from tokenizers import Tokenizer
    tokenizer = Tokenizer.from_file(str(pathlib.Path(folder) / "tokenizer.json"))
    keeps_bytes = config["tokenizer"]["kind"] in ("byte", "bpe")
    try:
        text = pathlib.Path(path).read_bytes().decode("utf-8", "strict" if keeps_bytes else "replace")
    except UnicodeDecodeError as error:
        raise SystemExit(f"{path}: the tokenizers package takes UTF-8 only: {error}") from error
    if not keeps_bytes:
        text = text.removeprefix("\ufeff")
    lines = [line + "\n" for line in text.split("\n")]
    if lines[-1] == "\n":
        lines.pop()
    elif keeps_bytes:
        lines[-1] = lines[-1][:-1]
    if config["state"] == "carry" and keeps_bytes:
        lines = ["".join(lines)]  # a document, at whose end the tokenizer puts </s>
    ids = [encoding.ids for encoding in tokenizer.encode_batch(lines)]
    return ids if config["state"] == "reset" else [list(itertools.chain.from_iterable(ids))]


@torch.no_grad()
def score(model, ids, window=256):
    """-ln p of a list of tokens, with </s> before the first one and the zero state."""
    inputs, state, nats = [model.config["bos_token_id"]] + ids[:-1], model.zero_state(1), 0.0
    for begin in range(0, len(ids), window):
        log_probabilities, state = model(torch.tensor(inputs[begin:begin + window])[:, None], state)
        targets = torch.tensor(ids[begin:begin + window])[:, None, None]
        nats -= log_probabilities.gather(2, targets).double().sum().item()
    return nats


def main():
    parser = argparse.ArgumentParser(description="The perplexity of a text under a model that moe-export wrote.")
    parser.add_argument("export")
    parser.add_argument("text")
    arguments = parser.parse_args()
    model = Model(arguments.export)
    texts = documents(arguments.export, model.config, arguments.text)
    nats, tokens = sum(score(model, ids) for ids in texts), sum(len(ids) for ids in texts)
    print(json.dumps({"tokens": tokens, "nll_nats": nats, "perplexity": math.exp(nats / tokens)}))


if __name__ == "__main__":
    main()
