"""What the tests in Python share: programs of moelm run in a folder that goes away, and shards read independently."""
import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import zlib

PROGRAMS, PROJECT = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
TINY = ["--preset", "tiny", "--threads", "1", "--dtype", "f32", "--quiet", "--set", "model.width=16", "--set",
        "train.batch=4", "--set", "train.unroll=5"]

_folder = tempfile.TemporaryDirectory()
WORK = pathlib.Path(_folder.name)
_failures = []


def check(description, condition):
    print(("ok: " if condition else "FAILED: ") + description)
    if not condition:
        _failures.append(description)


def verdict():
    sys.exit(f"{len(_failures)} failed" if _failures else 0)


def call(program, *arguments, code=0):
    """Runs a program; its result, of which the test ends unless the exit code is `code`."""
    done = subprocess.run([PROGRAMS / program, *map(str, arguments)], capture_output=True, check=False)
    if done.returncode != code:
        sys.exit(f"FAILED: {program} {' '.join(map(str, arguments))}: exit code {done.returncode}, not {code}\n"
                 + done.stderr.decode("utf-8", "replace"))
    return done


def tokenize(name, train, *options, valid=None, test=None):
    """A data folder of these files."""
    call("moe-tokenize", "--quiet", "--threads", "1", "--out", WORK / name, "--train", train, "--valid", valid or train,
         "--test", test or train, *options)
    return WORK / name


def train(name, data, *options, steps=1):
    """A run of a tiny model."""
    call("moe-train", *TINY, "--data", data, "--out", WORK / name, "--steps", steps, *options)
    return WORK / name


def read_ids(data, split):
    """The ids of a split, read as docs/formats.md says. The size of the vocabulary stands for a word that it lacks."""
    ids = []
    for path in sorted(data.glob(f"{split}-*.shard")):
        shard = path.read_bytes()
        magic, version, id_bytes, vocabulary, tokens, _, blocks = struct.unpack_from("<8sIIQQII", shard)
        assert magic == b"moeshard" and version == 2
        begin = struct.calcsize("<8sIIQQII")
        sizes = [struct.unpack_from("<II", shard, begin + 8 * i)[0] for i in range(blocks)]
        begin += 8 * blocks + 4
        for size in sizes:
            block = zlib.decompress(shard[begin:begin + size], -15)
            ids += struct.unpack(f"<{len(block) // id_bytes}{'H' if id_bytes == 2 else 'I'}", block)
            begin += size
    return ids, vocabulary


def evaluate(run, *arguments):
    return json.loads(call("moe-eval", run, "--threads", "1", "--quiet", "--json", *arguments).stdout)
