"""Our tokenizers and those of Hugging Face's package `tokenizers` give the same tokens with the same ids, both ways.

MOELM_TEXTS names more texts to compare on, with colons between them.
"""
import gzip
import json
import os
import pathlib

from tokenizers import ByteLevelBPETokenizer, Tokenizer, models, pre_tokenizers, trainers

from support import PROJECT, WORK, call, check, read_ids, tokenize, train, verdict

ODD = ("a</s>b </s> <unk> </S> &lt; café ’tis don’t DON'T 3.14,5 1,000. x\u00a0y 中文 カタカナ e\u0301a I\u0307 İstanbul Москва กิน "
       "\U0001F600\U0001F469\u200d\U0001F469 \u200cx\r\n\n\n  tab\there  \t  \n" + "-" * 300 + "\n" + " " * 200 + "x"
       + "a" * 300 + "\n x\x1cy \u2028z \x85w\n \u3007\u0663 ٣٤ ½ Ⅷ ͅ a\u0301\u0302b'\u2019c '' '' \ufffd\n  '' it's we'll they’re \t\t x\n"
       + "ж" * 100 + "\n   end")


def read(path):
    opened = gzip.open if path.name.endswith(".gz") else open
    with opened(path, "rb") as file:
        return file.read().decode("utf-8", "replace")


texts = [path.read_text(encoding="utf-8") for path in [PROJECT / "README.md", *sorted(PROJECT.glob("docs/*.md"))]]
texts += [read(pathlib.Path(name)) for name in filter(None, os.environ.get("MOELM_TEXTS", "").split(":"))]
learned, held, little = WORK / "learned.txt", WORK / "held.txt", WORK / "little.txt"
learned.write_text("".join(texts), encoding="utf-8", newline="")
held.write_text("".join(texts[:2]) + "".join(text[-200_000:] for text in texts[2:]) + ODD, encoding="utf-8", newline="")


little.write_text("the end\n")  # what a training validates on, which nobody looks at


def lines_of(path):
    lines = path.read_bytes().decode("utf-8").split("\n")
    return [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def exported(name, data):
    """The tokenizer of a data folder, as moe-export writes it."""
    call("moe-export", train(name, data), WORK / f"{name}.out", "--quiet")
    return WORK / f"{name}.out/tokenizer.json"


def stored(data, tokenizer):
    """The ids of the test split, with the id of <unk> for words that the vocabulary lacks."""
    ids, vocabulary = read_ids(data, "test")
    return [tokenizer.token_to_id("<unk>") if i == vocabulary else i for i in ids]


def first_difference(a, b):
    at = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
    return "" if a == b else f" (from {at} of {len(a)} and {len(b)}: {a[at:at + 5]} and {b[at:at + 5]})"


def same(description, a, b):
    check(description + first_difference(a, b), a == b)


for kind, options in [("text", []), ("text", ["--lowercase"]), ("word", []), ("word", ["--lowercase", "--min-count", 3]),
                      ("byte", []), ("bpe", ["--vocab-size", 2000])]:
    name = f"{kind}{len(options)}"
    data = tokenize(name, learned, "--tokenizer", kind, *options, valid=little, test=held)
    path = exported(f"run-{name}", data)
    tokenizer = Tokenizer.from_file(str(path))
    keeps_bytes = kind in ("byte", "bpe")
    ours = stored(data, tokenizer)
    whole = held.read_bytes().decode("utf-8")
    same(f"{name}: a whole text has the same ids", tokenizer.encode(whole if keeps_bytes else whole + "\n").ids, ours)
    lines = lines_of(held)
    by_line = [i for line in tokenizer.encode_batch(lines if keeps_bytes else [*lines[:-1], lines[-1] + "\n"],
                                                    add_special_tokens=False) for i in line.ids]
    same(f"{name}: line by line, too", by_line + ([tokenizer.token_to_id("</s>")] if keeps_bytes else []), ours)
    if keeps_bytes:
        same(f"{name}: decoding gives the text back", tokenizer.decode(ours[:-1], skip_special_tokens=False), whole)
    else:
        vocabulary = [line.split("\t")[0] for line in (data / "vocab.txt").read_text(encoding="utf-8").split("\n")[:-1]]
        same(f"{name}: ids stand for the same tokens", [tokenizer.id_to_token(i) for i in range(len(vocabulary))], vocabulary)
    saved = WORK / f"{name}.json"
    tokenizer.save(str(saved))
    again = tokenize(f"{name}-again", learned, "--vocab", saved, valid=little, test=held)
    same(f"{name}: read back from a file that the package saved, the same ids", stored(again, tokenizer), ours)
    same(f"{name}: ... and the same counts", (again / "vocab.txt").read_bytes(), (data / "vocab.txt").read_bytes())
    folder = tokenize(f"{name}-folder", learned, "--vocab", path.parent, valid=little, test=held)
    same(f"{name}: read from the exported folder", read_ids(folder, "test"), read_ids(again, "test"))

# Tokenizers that were made elsewhere.
gpt2 = ByteLevelBPETokenizer()
gpt2.train([str(learned)], vocab_size=1500, special_tokens=["<|endoftext|>"], show_progress=False)
gpt2.save(str(WORK / "gpt2.json"))
gpt2 = Tokenizer.from_file(str(WORK / "gpt2.json"))
data = tokenize("gpt2", learned, "--vocab", WORK / "gpt2.json", valid=little, test=held)
path = exported("run-gpt2", data)
tokenizer = Tokenizer.from_file(str(path))
ours = stored(data, tokenizer)
same("GPT-2's words: exported, the same ids", tokenizer.encode(held.read_bytes().decode("utf-8")).ids, ours)
short = [line for line in lines_of(held) if max(map(len, line.split() or [""])) < 100 and "     " * 20 not in line]
expected = [token for line in short for token in gpt2.encode(line.rstrip("\n")).tokens + ["Ċ"] * line.endswith("\n")]
same("GPT-2's words: each line has the tokens of the file",
     [token for line in tokenizer.encode_batch(short, add_special_tokens=False) for token in line.tokens], expected)

words = Tokenizer(models.WordLevel(unk_token="[UNK]"))
words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
learned.write_text(learned.read_text(encoding="utf-8").replace("</s>", "end").replace("<unk>", "any"), encoding="utf-8", newline="")
words.train([str(learned)], trainers.WordLevelTrainer(vocab_size=900, special_tokens=["[UNK]", "[PAD]"], show_progress=False))
words.save(str(WORK / "words.json"))
data = tokenize("words", learned, "--vocab", WORK / "words.json", valid=little, test=held)
ids, vocabulary = read_ids(data, "test")
lines = [line.rstrip("\n") for line in lines_of(held)]
plain = [[i for i in line.ids if i != 900] for line in words.encode_batch(lines)]
same("WordLevel: its ids, and </s> after each line", [0 if i == vocabulary else i for i in ids],
     [i for line in plain for i in [*line, 900]])

for name, change in {
    "a model that is neither": lambda t: t.update(model={"type": "Unigram", "unk_id": 0, "vocab": [["a", 0.0]]}),
    "WordPiece": lambda t: t["model"].update(type="WordPiece"),
    "words cut otherwise": lambda t: t.update(pre_tokenizer=json.loads(pre_tokenizers.Whitespace().__getstate__())),
    "a normalizer": lambda t: t.update(normalizer={"type": "NFKC"}),
    "a hole in the ids": lambda t: t["model"]["vocab"].pop("the"),
    "an added word": lambda t: t["added_tokens"].append({"id": 900, "content": "New York", "special": False}),
}.items():
    document = json.loads((WORK / "words.json").read_text(encoding="utf-8"))
    change(document)
    (WORK / "bad.json").write_text(json.dumps(document), encoding="utf-8")
    refused = call("moe-tokenize", "--out", WORK / "refused", "--train", learned, "--vocab", WORK / "bad.json", code=65)
    check(f"refused in one line: {name}: {refused.stderr.decode().strip()}",
          refused.stderr.startswith(b"error: ") and refused.stderr.count(b"\n") == 1 and not (WORK / "refused").exists())
verdict()
