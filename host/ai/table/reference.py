"""What the reference tokenizer makes of texts, for the tests of the host's own.

    python reference.py 400 > tokens.jsonl

Each line has a text, its tokens, and how many of its words are unknown. The last line has the SHA-256 of the same for
each character of the first three planes of Unicode, inside a word and alone.
"""

import hashlib
import json
import pathlib
import random
import sys

import tokenizers

from distil import model_folder

LAST = 0x30000

SCRIPTS = [
    (0x20, 0x7F), (0x20, 0x7F), (0x61, 0x7B), (0x61, 0x7B), (0xA0, 0x250), (0x300, 0x370), (0x370, 0x530),
    (0x590, 0x700), (0x900, 0xE00), (0xE00, 0x1000), (0x1100, 0x1200), (0x1E00, 0x2000), (0x2000, 0x2300),
    (0x3000, 0x3130), (0x4E00, 0x5000), (0xAC00, 0xAD00), (0xF900, 0x10000), (0x1F300, 0x1F700), (0, LAST),
]


def character(chance):
    first, end = chance.choice(SCRIPTS)
    while True:
        code = chance.randrange(first, end)
        if not 0xD800 <= code < 0xE000:
            return chr(code)


def texts(count, words):
    chance = random.Random(13)
    for number in range(count):
        parts = []
        for _ in range(chance.randrange(1, 12)):
            kind = chance.randrange(6)
            if kind == 0:
                parts.append("".join(character(chance) for _ in range(chance.randrange(1, 9))))
            elif kind == 1:
                # Words that are put together of several tokens, and some that are too long.
                parts.append("".join(chance.choice(words) for _ in range(chance.randrange(2, 6))))
            elif kind == 2:
                parts.append("x" * chance.choice([1, 2, 99, 100, 101, 300]))
            else:
                word = chance.choice(words)
                parts.append(chance.choice([word, word.upper(), word.title(), word + chance.choice(".,;:!?'")]))
        yield chance.choice([" ", " ", "\t", "\n", "-", ""]).join(parts)


def main():
    folder = model_folder()
    tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    words = [word.lstrip("#") for word in (folder / "vocab.txt").read_text().split("\n")[999:] if word.strip("#")]

    def split(text):
        tokens = tokenizer.encode(text, add_special_tokens=False).tokens
        known = [token for token in tokens if token != "[UNK]"]
        return known, len(tokens) - len(known)

    for text in texts(int(sys.argv[1]), words):
        known, unknown = split(text)
        print(json.dumps([text, known, unknown], ensure_ascii=False))
    hasher = hashlib.sha256()
    for code in range(LAST):
        if not 0xD800 <= code < 0xE000:
            known, unknown = split(f"a{chr(code)}b {chr(code)}")
            hasher.update(f"{' '.join(known)} {unknown}\n".encode())
    print(json.dumps([LAST, hasher.hexdigest()]))


main()
