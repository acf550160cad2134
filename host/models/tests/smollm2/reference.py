"""What SmolLM2 writes, computed in numpy: `python reference.py MODEL.gguf > expected.json`.

With gguf 0.19.0, numpy 2.4.6 and tokenizers 0.23.3. The numbers of the file are used as they are. `candle` rounds what it
multiplies them with to 8 bits, so its probabilities differ a little.
"""

import json
import sys

import gguf
import numpy
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers

PROMPTS = [
    (None, "What is the capital of France?", 12),
    ("Answer with one word.", "Is fire hot?", 6),
    (
        "Say in one plain sentence what the provision requires. Keep every number.",
        "The controller shall, not later than 72 hours after having become aware of it, notify the personal data breach.",
        24,
    ),
    (None, "  Zahlen: 1234,5 — naïve café\n\n\tif x:\n        return  'don't'", 8),
]
SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"

reader = gguf.GGUFReader(sys.argv[1])
tensors = {t.name: gguf.quants.dequantize(t.data, t.tensor_type) for t in reader.tensors}
field = lambda name: reader.fields[name].contents()
words = field("tokenizer.ggml.tokens")
merges = [tuple(merge.split(" ")) for merge in field("tokenizer.ggml.merges")]
tokenizer = Tokenizer(models.BPE({word: at for at, word in enumerate(words)}, merges))
tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
    [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
)
tokenizer.decoder = decoders.ByteLevel()

heads, kv_heads, width, layers = 9, 3, 64, 30
BEGIN, END = 1, 2


def norm(x, weight):
    return x / numpy.sqrt((x * x).mean(-1, keepdims=True) + 1e-5) * weight


def rotate(x, places):
    """Pairs stand next to each other."""
    angles = places[:, None] / 100000.0 ** (numpy.arange(0, width, 2) / width)
    cos, sin = numpy.cos(angles)[:, None], numpy.sin(angles)[:, None]
    a, b = x[..., 0::2], x[..., 1::2]
    return numpy.stack([a * cos - b * sin, a * sin + b * cos], -1).reshape(x.shape)


def softmax(x):
    x = numpy.exp(x - x.max(-1, keepdims=True))
    return x / x.sum(-1, keepdims=True)


def output(tokens):
    """The logarithms of the probabilities of the next token."""
    count = len(tokens)
    places = numpy.arange(count)
    x = tensors["token_embd.weight"][tokens].astype(numpy.float64)
    hidden = numpy.triu(numpy.full((count, count), -numpy.inf), 1)
    for layer in range(layers):
        weight = lambda name: tensors[f"blk.{layer}.{name}.weight"]
        y = norm(x, weight("attn_norm"))
        part = lambda name, heads: (y @ weight(name).T).reshape(count, heads, width)
        q, k, v = part("attn_q", heads), part("attn_k", kv_heads), part("attn_v", kv_heads)
        q, k = rotate(q, places), rotate(k, places)
        k, v = (numpy.repeat(part, heads // kv_heads, 1) for part in (k, v))
        scores = softmax(numpy.einsum("ihd,jhd->hij", q, k) / numpy.sqrt(width) + hidden)
        y = numpy.einsum("hij,jhd->ihd", scores, v).reshape(count, -1)
        x = x + y @ weight("attn_output").T
        y = norm(x, weight("ffn_norm"))
        gate = y @ weight("ffn_gate").T
        x = x + (gate / (1 + numpy.exp(-gate)) * (y @ weight("ffn_up").T)) @ weight("ffn_down").T
    logits = norm(x[-1], tensors["output_norm.weight"]) @ tensors["token_embd.weight"].T
    return numpy.log(softmax(logits))


def prompt(system, user):
    tokens = []
    for role, text in [("system", system or SYSTEM), ("user", user)]:
        tokens += [BEGIN, *tokenizer.encode(f"{role}\n{text}").ids, END, *tokenizer.encode("\n").ids]
    return tokens + [BEGIN, *tokenizer.encode("assistant\n").ids]


found = []
for system, user, most in PROMPTS:
    tokens = prompt(system, user)
    read, written, logprobs, gaps = len(tokens), [], [], []
    while len(written) < most:
        probabilities = output(tokens)
        token = int(probabilities.argmax())
        if token == END:
            break
        second = numpy.sort(probabilities)[-2]
        written.append(token)
        logprobs.append(round(float(probabilities[token]), 4))
        gaps.append(round(float(probabilities[token] - second), 4))
        tokens.append(token)
    found.append(
        {
            "system": system,
            "user": user,
            "prompt_tokens": read,
            "text": tokenizer.decode(written, skip_special_tokens=False),
            "logprobs": logprobs,
            "gaps": gaps,
        }
    )
    print(found[-1], file=sys.stderr)
json.dump(found, sys.stdout, indent=1, ensure_ascii=False)
print()
