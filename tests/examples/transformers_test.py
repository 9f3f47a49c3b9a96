"""Hugging Face's package `transformers` loads what moe-export writes for it and gives the same ids as `tokenizers`."""
import warnings

from tokenizers import Tokenizer

from support import WORK, call, check, tokenize, train, verdict

warnings.filterwarnings("ignore")
from transformers import AutoTokenizer, PreTrainedTokenizerFast  # noqa: E402

TEXT = "The little </s> foxes , don't spoil <unk> 7 caf\u00e9s .\n\n  They </s>\n<|endoftext|> end \u4e2d\u6587 x\n"
learned = WORK / "learned.txt"
learned.write_text((TEXT.replace("\u4e2d", "") + "Foxes of the vines ; [UNK] <s> </s> .\n") * 30, encoding="utf-8")

for kind, options in [("text", []), ("text", ["--lowercase"]), ("word", []), ("byte", []), ("bpe", ["--vocab-size", 300])]:
    name = " ".join([kind, *map(str, options)])
    folder = WORK / f"{kind}{len(options)}.out"
    run = train(f"run-{kind}{len(options)}", tokenize(f"{kind}{len(options)}", learned, "--tokenizer", kind, *options))
    call("moe-export", run, folder, "--quiet")
    plain = Tokenizer.from_file(str(folder / "tokenizer.json"))
    ids, end = plain.encode(TEXT).ids, plain.token_to_id("</s>")
    for how, tokenizer in [("AutoTokenizer", AutoTokenizer.from_pretrained(folder)),
                           ("PreTrainedTokenizerFast", PreTrainedTokenizerFast.from_pretrained(folder)),
                           ("the file alone", PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json")))]:
        check(f"{name}: {how}: the same ids", tokenizer(TEXT).input_ids == ids)
        check(f"{name}: {how}: no token is added", len(tokenizer) == plain.get_vocab_size())
        if how == "the file alone":
            continue
        check(f"{name}: {how}: </s> begins and ends a text", tokenizer.bos_token_id == tokenizer.eos_token_id == end)
        check(f"{name}: {how}: <unk>", tokenizer.unk_token_id == plain.token_to_id("<unk>"))
        text = tokenizer.decode(ids, skip_special_tokens=kind in ("byte", "bpe"))
        expected = TEXT if kind in ("byte", "bpe") else " ".join(map(plain.id_to_token, ids))
        check(f"{name}: {how}: decoding gives {text!r}", text == expected)
        tokenizer.pad_token = tokenizer.eos_token
        batch = tokenizer([TEXT, "foxes\n"], padding=True)
        check(f"{name}: {how}: a batch is padded", len(batch.input_ids[1]) == len(ids) == len(batch.attention_mask[1]))
        check(f"{name}: {how}: ... and nothing else changes", batch.input_ids[0] == ids)
verdict()
