"""A network of 14 tokens: the vector of a token is a row of a table. `python make.py`, with onnx 1.23.2."""

import pathlib

import onnx
from onnx import TensorProto, helper

ROWS = {0: [0, 0, 0, 2], 1: [0, 0, 0, -1], 3: [2, 2, 0, 0], 4: [0, 0, 2, 0], 5: [0, 0, -2, 0]}

table = helper.make_tensor(
    "table", TensorProto.FLOAT, [14, 4], [float(x) for row in range(14) for x in ROWS.get(row, [0, 0, 0, 0])]
)
integers = [
    helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "sequence"])
    for name in ("input_ids", "attention_mask", "token_type_ids")
]
states = helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["batch", "sequence", 4])
gather = helper.make_node("Gather", ["table", "input_ids"], ["last_hidden_state"])
graph = helper.make_graph([gather], "tiny", integers, [states], [table])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
onnx.checker.check_model(model)
(pathlib.Path(__file__).parent / "model.onnx").write_bytes(model.SerializeToString())
