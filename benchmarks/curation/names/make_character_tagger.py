"""Pack LAC's small tagger of Chinese characters for the package: its weights as bytes, one file.

python benchmarks/curation/names/make_character_tagger.py LAC.tar.gz [--out FILE]

Weights and tags are those that jieba 0.42 carries (`jieba/lac_small`, PaddlePaddle authors, Apache-2.0); the
table of characters that are written otherwise (traditional, full-width) is `q2b.dic` of the source package
LAC 2.1.2 (Baidu, Apache-2.0): pip download --no-deps --no-build-isolation LAC==2.1.2. Nothing is trained.
"""

from __future__ import annotations

import argparse
import math
import struct
import tarfile
from pathlib import Path

import jieba
import numpy as np

from rightsizer.curation.names.characters import KINDS, Characters, Layer
from rightsizer.curation.names.packing import save_characters
from rightsizer.curation.names.pooling import CHARACTERS

FOLDER = Path(jieba.__file__).parent / "lac_small"
SAME = {"PER": "PERSON", "nr": "PERSON", "ORG": "ORGANIZATION", "nt": "ORGANIZATION"}
SAME |= {"LOC": "LOCATION", "ns": "LOCATION"}
SIZE = 128


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("lac", type=Path, help="the source package of LAC")
    parser.add_argument("--out", type=Path, default=CHARACTERS)
    options = parser.parse_args()
    save_characters(options.out, packed(written_otherwise(options.lac)))
    print(f"{options.out.name}: {options.out.stat().st_size / 1e6:.2f} MB")


def packed(otherwise: dict[str, str]) -> Characters:
    numbers = {word: int(number) for number, word in pairs(FOLDER / "word.dic")}
    unknown = numbers["OOV"]
    of = {c: n for c, n in numbers.items() if len(c) == 1}
    of |= {c: numbers[plain] for c, plain in otherwise.items() if len(c) == 1 and plain in numbers}
    kept = sorted(set(of.values()) - {unknown})
    row = {n: i for i, n in enumerate([*kept, unknown])}
    points = sorted(of, key=ord)
    vectors = tensor("word_emb")[[*kept, unknown]]
    sizes = np.maximum(np.abs(vectors).max(axis=1), 1e-9) / 127
    tags = [tag for _, tag in pairs(FOLDER / "tag.dic")]
    field = np.exp(tensor("crfw"))
    return Characters(
        points=np.array([ord(c) for c in points], np.uint32),
        rows=np.array([row[of[c]] for c in points], np.uint16),
        vectors=np.rint(vectors / sizes[:, None]).astype(np.int8),
        sizes=sizes.astype(np.float32),
        layers=(layer(0, 1), layer(2, 3)),
        out=tensor("fc_4.w_0"),
        bias=tensor("fc_4.b_0").ravel(),
        steps=field[2:],
        first=field[0],
        last=field[1],
        kinds=np.array([kind_of(tag) for tag in tags], np.uint8),
    )


def kind_of(tag: str) -> int:
    """0 for no name, else the place of B- or I- of its kind."""
    name, _, mark = tag.partition("-")
    return 1 + 2 * KINDS.index(SAME[name]) + (mark == "I") if name in SAME else 0


def layer(forward: int, backward: int) -> Layer:
    """Both directions as one layer. Paddle keeps the state's weights as gates first, candidate behind."""
    into, bias, gates, candidate = [], [], [], []
    half = np.concatenate([np.full(2 * SIZE, 0.5), np.ones(SIZE)]).astype(np.float32)
    for i in (forward, backward):
        into.append(tensor(f"fc_{i}.w_0") * half)
        bias.append((tensor(f"fc_{i}.b_0").ravel() + tensor(f"gru_{i}.b_0").ravel()) * half)
        flat = tensor(f"gru_{i}.w_0").ravel()
        gates.append(flat[: 2 * SIZE * SIZE].reshape(SIZE, 2 * SIZE) * 0.5)
        candidate.append(flat[2 * SIZE * SIZE :].reshape(SIZE, SIZE))
    return Layer(np.concatenate(into, axis=1), np.concatenate(bias), np.stack(gates), np.stack(candidate))


def tensor(name: str) -> np.ndarray:  # type: ignore[type-arg]
    """A parameter as Paddle writes it: versions, levels of detail, a description with the shape, numbers."""
    data = (FOLDER / "model_baseline" / name).read_bytes()
    (levels,) = struct.unpack_from("<Q", data, 4)
    at = 12
    for _ in range(levels):
        at += 8 + struct.unpack_from("<Q", data, at)[0]
    (length,) = struct.unpack_from("<i", data, at + 4)
    shape = dimensions(data[at + 8 : at + 8 + length])
    numbers = np.frombuffer(data, np.float32, math.prod(shape), at + 8 + length)
    return numbers.reshape(shape).copy()


def dimensions(description: bytes) -> list[int]:
    """The varints of field 2 of the protobuf message."""
    out, numbers, value, shift = [], [], 0, 0
    for byte in description:
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            numbers.append(value)
            value = shift = 0
    for key, number in zip(numbers[::2], numbers[1::2], strict=True):
        if key == 2 << 3:
            out.append(number)
    return out


def pairs(path: Path) -> list[tuple[str, str]]:
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").split("\n")]
    return [(row[0], row[1]) for row in rows if len(row) == 2]


def written_otherwise(archive: Path) -> dict[str, str]:
    with tarfile.open(archive) as files:
        name = next(n for n in files.getnames() if n.endswith("/lac_model/conf/q2b.dic"))
        file = files.extractfile(name)
        assert file is not None
        rows = [line.split("\t") for line in file.read().decode("utf-8").split("\n")]
    return {row[0]: row[1] for row in rows if len(row) == 2}


if __name__ == "__main__":
    main()
