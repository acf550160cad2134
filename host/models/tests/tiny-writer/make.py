"""Two networks of one layer, for which each next token is known. `python make.py`, with gguf 0.19.0 and numpy 2.4.6.

A token is a byte or a mark, and two exclamation marks are one. The layer adds nothing, so the next token depends on the last one alone:

- `alphabet.gguf` writes `a` to `z`, a full stop, and ends;
- `endless.gguf` writes `0` to `9`, and again, without end.
"""

import pathlib

import gguf
import numpy

WIDTH, MARKS = 64, ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
FORM = (
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\n"
    "Be brief<|im_end|>\n' }}{% endif %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' "
    "+ '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def characters():
    """The visible character of each byte."""
    visible = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [byte for byte in range(256) if byte not in visible]
    return [chr(byte) if byte in visible else chr(0x100 + hidden.index(byte)) for byte in range(256)]


def byte(text):
    return len(MARKS) + ord(text)


def alphabet():
    chain = "\nabcdefghijklmnopqrstuvwxyz."
    return {byte(a): byte(b) for a, b in zip(chain, chain[1:])} | {byte("."): MARKS.index("<|im_end|>")}


def endless():
    digits = "0123456789"
    return {byte("\n"): byte("0")} | {byte(a): byte(b) for a, b in zip(digits, digits[1:] + "0")}


def make(name, follows):
    rng = numpy.random.default_rng(7)
    # A list of merges without an element has no type.
    tokens = [*MARKS, *characters(), "!!"]
    inputs = rng.choice([-1.0, 1.0], (len(tokens), WIDTH)).astype(numpy.float32)
    outputs = numpy.zeros_like(inputs)
    for last, following in follows.items():
        outputs[following] += inputs[last] / 4
    writer = gguf.GGUFWriter(pathlib.Path(__file__).parent / f"{name}.gguf", "llama")
    writer.add_context_length(2048)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(32)
    writer.add_head_count(2)
    writer.add_head_count_kv(1)
    writer.add_rope_dimension_count(WIDTH // 2)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(tokens)
    writer.add_token_types([3] * len(MARKS) + [1] * 257)
    writer.add_token_merges(["! !"])
    writer.add_chat_template(FORM)
    tokens_kind = gguf.GGMLQuantizationType.Q8_0
    for tensor, rows in [("token_embd", inputs), ("output", outputs)]:
        writer.add_tensor(f"{tensor}.weight", gguf.quants.quantize(rows, tokens_kind), raw_dtype=tokens_kind)
    for tensor, shape in {
        "attn_q": (64, 64),
        "attn_k": (32, 64),
        "attn_v": (32, 64),
        "attn_output": (64, 64),
        "ffn_gate": (32, 64),
        "ffn_up": (32, 64),
        "ffn_down": (64, 32),
    }.items():
        writer.add_tensor(f"blk.0.{tensor}.weight", numpy.zeros(shape, numpy.float32))
    for tensor in ["output_norm", "blk.0.attn_norm", "blk.0.ffn_norm"]:
        writer.add_tensor(f"{tensor}.weight", numpy.ones(WIDTH, numpy.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


make("alphabet", alphabet())
make("endless", endless())
