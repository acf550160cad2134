"""How near the table is to the model that it was made from.

    python measure.py static.table held-out.txt

Compares the cosines of all pairs of the sentences: rank correlation (Spearman) and correlation (Pearson). Each five
sentences that follow each other in the file have one topic. So it also counts how often the nearest sentence has the
same topic.
"""

import pathlib
import struct
import sys

import numpy
import tokenizers

import minilm
from distil import model_folder


def table_rows(path):
    """The vectors of the table by token."""
    data = pathlib.Path(path).read_bytes()
    _, dimensions, tokens, begin, text_bytes, ranges, _ = struct.unpack_from("<8s6I", data)
    at = struct.calcsize("<8s6I")
    ends = numpy.frombuffer(data, "<u4", tokens, at)
    at += 4 * tokens
    factors = numpy.frombuffer(data, "<u2", tokens, at).astype(numpy.int64)
    at += 2 * tokens
    values = numpy.frombuffer(data, "i1", tokens * dimensions, at).reshape(tokens, dimensions)
    at += tokens * dimensions + 12 * ranges
    texts = data[at : at + text_bytes]
    starts = [0, *ends[:-1]]
    names = [("" if row < begin else "##") + texts[first:end].decode() for row, (first, end) in enumerate(zip(starts, ends))]
    return dict(zip(names, values * factors[:, None]))


def cosines(vectors):
    vectors = vectors / numpy.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors @ vectors.T)[numpy.triu_indices(len(vectors), 1)]


def nearest(vectors):
    """How many sentences have a nearest one of their own topic."""
    vectors = vectors / numpy.linalg.norm(vectors, axis=1, keepdims=True)
    products = vectors @ vectors.T
    numpy.fill_diagonal(products, -1)
    return sum(row.argmax() // 5 == place // 5 for place, row in enumerate(products))


def ranks(values):
    return numpy.argsort(numpy.argsort(values))


def main():
    folder = model_folder()
    tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    sentences = pathlib.Path(sys.argv[2]).read_text().splitlines()
    model = minilm.Model(folder / "model.safetensors")
    wanted = numpy.concatenate([model.mean(numpy.array([tokenizer.encode(text).ids])) for text in sentences])
    rows = table_rows(sys.argv[1])
    split = [tokenizer.encode(text, add_special_tokens=False).tokens for text in sentences]
    found = numpy.array([sum(rows[token] for token in tokens if token in rows) for tokens in split], dtype=float)
    a, b = cosines(wanted), cosines(found)
    print(f"{len(sentences)} sentences, {len(a)} pairs")
    print(f"rank correlation {numpy.corrcoef(ranks(a), ranks(b))[0, 1]:.3f}, correlation {numpy.corrcoef(a, b)[0, 1]:.3f}")
    print(f"nearest sentence of the same topic: {nearest(wanted)} with the model, {nearest(found)} with the table")


if __name__ == "__main__":
    main()
