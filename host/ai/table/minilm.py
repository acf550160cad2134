"""all-MiniLM-L6-v2 in numpy: six layers of BERT, with 32-bit floats."""

import json
import math

import numpy

WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
VOCABULARY_SHA256 = "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"

CLS, SEP = 101, 102
LAYERS, HEADS, HEAD = 6, 12, 32


def load(path):
    """The tensors of a safetensors file."""
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    tensors = {}
    for name, tensor in json.loads(data[8 : 8 + size]).items():
        if name == "__metadata__" or tensor["dtype"] != "F32":
            continue
        first, end = (8 + size + offset for offset in tensor["data_offsets"])
        tensors[name] = numpy.frombuffer(data[first:end], "<f4").reshape(tensor["shape"])
    return tensors


def normal(x, scale, shift):
    x = x - x.mean(axis=-1, keepdims=True)
    return x / numpy.sqrt((x * x).mean(axis=-1, keepdims=True) + 1e-12) * scale + shift


def gelu(x):
    # The error function by Abramowitz and Stegun, 7.1.26, which is exact to 1.5e-7.
    z = numpy.abs(x) / math.sqrt(2)
    t = 1 / (1 + 0.3275911 * z)
    series = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t
    return 0.5 * x * (1 + numpy.sign(x) * (1 - series * numpy.exp(-z * z)))


class Model:
    def __init__(self, weights):
        self.tensors = load(weights)

    def linear(self, x, name):
        # One product of two matrices, which is many times faster than one for each text.
        flat = x.reshape(-1, x.shape[-1]) @ self.tensors[f"{name}.weight"].T
        return flat.reshape(*x.shape[:-1], -1) + self.tensors[f"{name}.bias"]

    def norm(self, x, name):
        return normal(x, self.tensors[f"{name}.weight"], self.tensors[f"{name}.bias"])

    def mean(self, rows):
        """The mean over the tokens of each text, for texts of one length: `rows` is texts by tokens."""
        texts, length = rows.shape
        embeddings = "embeddings.{}_embeddings.weight"
        x = self.tensors[embeddings.format("word")][rows]
        x = x + self.tensors[embeddings.format("position")][:length]
        x = x + self.tensors[embeddings.format("token_type")][0]
        x = self.norm(x, "embeddings.LayerNorm")
        for layer in range(LAYERS):
            name = f"encoder.layer.{layer}"
            heads = [
                self.linear(x, f"{name}.attention.self.{part}")
                .reshape(texts, length, HEADS, HEAD)
                .transpose(0, 2, 1, 3)
                for part in ("query", "key", "value")
            ]
            scores = heads[0] @ heads[1].transpose(0, 1, 3, 2) / math.sqrt(HEAD)
            scores = numpy.exp(scores - scores.max(axis=-1, keepdims=True))
            scores = scores / scores.sum(axis=-1, keepdims=True)
            mixed = (scores @ heads[2]).transpose(0, 2, 1, 3).reshape(texts, length, HEADS * HEAD)
            mixed = self.linear(mixed, f"{name}.attention.output.dense")
            x = self.norm(x + mixed, f"{name}.attention.output.LayerNorm")
            inner = gelu(self.linear(x, f"{name}.intermediate.dense"))
            inner = self.linear(inner, f"{name}.output.dense")
            x = self.norm(x + inner, f"{name}.output.LayerNorm")
        return x.mean(axis=1)
