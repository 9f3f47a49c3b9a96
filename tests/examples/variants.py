"""Small runs with every kind of layer and gate, and a text to compare them on."""
from support import WORK, call, tokenize, train

held = WORK / "held.txt"
held.write_text("The little foxes spoil the unheard vines .\n\n7 foxes of the 3 vines , 11 of them\nlittle foxes\n" * 20
                + "that spoil number 4")
_text = WORK / "text.txt"
_text.write_text("".join(f"The {i % 7} little foxes , that spoil number {i * i % 11} of the vines .\n" for i in range(200)))
_data = {"word": tokenize("word", _text, "--tokenizer", "word", "--min-count", 2),
         "bpe": tokenize("bpe", _text, "--tokenizer", "bpe", "--vocab-size", 300),
         "lower": tokenize("lower", _text, "--lowercase")}
_EXPERTS = ["moe.experts=4", "moe.k=2", "moe.hidden=[12]"]
_TWO_LEVELS = ["moe.experts=6", "moe.groups=3", "moe.k_groups=2", "moe.k=1", "moe.hidden=[12,8]"]

VARIANTS = {gate: ("word", [*_EXPERTS, f"moe.gate={gate}"])
            for gate in ("noisy-top-k", "top-k", "sigmoid", "softmax", "balanced")} | {
    "two-levels": ("word", _TWO_LEVELS),
    "two-levels-softmax": ("word", [*_TWO_LEVELS, "moe.gate=softmax"]),
    "groups-of-one": ("word", ["moe.experts=3", "moe.groups=3", "moe.k_groups=2", "moe.k=1", "moe.hidden=[12]"]),
    "one-expert": ("word", ["moe.experts=1", "moe.k=1"]),
    "biased-shared": ("word", [*_EXPERTS, "moe.gate=top-k", "moe.bias_rate=0.1", "moe.shared=2", "moe.output=none"]),
    "bfloat16": ("word", [*_EXPERTS, "moe.weights=bf16"]),
    "tied-reset": ("word", [*_EXPERTS, "model.tied=true", "train.state=reset"]),
    "tied-adaptive": ("word", [*_EXPERTS, "model.tied=true", "model.layers.4.cutoffs=[6,15]",
                               "model.layers.4.divisor=1"]),
    "adaptive": ("word", [*_EXPERTS, "model.layers.4.cutoffs=[6,15]", "model.layers.4.divisor=2"]),
    "projected": ("word", [*_EXPERTS, "model.layers.1.cells=20", "model.layers.1.projection=16"]),
    "lower-case": ("lower", _EXPERTS),
    "bpe": ("bpe", _EXPERTS),
    "bpe-reset": ("bpe", [*_EXPERTS, "train.state=reset"]),
}


def exported(name, *options):
    """The run of a variant, after some steps with a high rate, so that no weight has its initial value; and its export."""
    data, sets = VARIANTS[name]
    run = train(f"run-{name}", _data[data], "--set", "train.lr=0.02", "--set", "train.warmup=1",
                *[argument for option in sets for argument in ("--set", option)], steps=40)
    out = WORK / f"exported-{name}"
    call("moe-export", run, out, "--quiet", *options)
    return run, out
