"""Reads an Arrow stream: a schema, then batches of rows, each message with a head in FlatBuffers.

It reads what SQLite's columns become: numbers, text, bytes and truth values. The host made the stream, so it is
believed where a slice would fail anyway.
"""

from collections.abc import Iterator
from struct import iter_unpack, unpack_from

SCHEMA, BATCH = 1, 3
INTEGER, REAL, BYTES, TEXT, TRUTH = 2, 3, 4, 5, 6

SIGNED = {8: "b", 16: "h", 32: "i", 64: "q"}
REALS = {1: "f", 2: "d"}


class Table:
    """A table of FlatBuffers."""

    def __init__(self, data: memoryview, at: int):
        self.data, self.at = data, at
        self.fields = at - unpack_from("<i", data, at)[0]
        self.size = unpack_from("<H", data, self.fields)[0]

    def place(self, field: int) -> int | None:
        entry = 4 + 2 * field
        if entry >= self.size:
            return None
        offset = unpack_from("<H", self.data, self.fields + entry)[0]
        return self.at + offset if offset else None

    def number(self, field: int, form: str) -> int:
        at = self.place(field)
        return 0 if at is None else unpack_from("<" + form, self.data, at)[0]

    def target(self, field: int) -> int:
        at = self.place(field)
        if at is None:
            raise ValueError(f"a table has no field {field}")
        return at + unpack_from("<I", self.data, at)[0]

    def table(self, field: int) -> "Table":
        return Table(self.data, self.target(field))

    def tables(self, field: int) -> list["Table"]:
        start = self.target(field)
        places = range(start + 4, start + 4 + 4 * unpack_from("<I", self.data, start)[0], 4)
        return [Table(self.data, at + unpack_from("<I", self.data, at)[0]) for at in places]

    def pairs(self, field: int) -> list[tuple[int, int]]:
        start = self.target(field)
        count = unpack_from("<I", self.data, start)[0]
        return list(iter_unpack("<qq", self.data[start + 4 : start + 4 + 16 * count]))


def messages(stream: bytes) -> Iterator[tuple[int, Table, memoryview]]:
    """The kind, the head and the body of each message."""
    data, at = memoryview(stream), 0
    while at < len(data):
        size = unpack_from("<I", data, at + 4)[0]
        if size == 0:
            return
        head = data[at + 8 : at + 8 + size]
        message = Table(head, unpack_from("<I", head, 0)[0])
        body, at = at + 8 + size, at + 8 + size + message.number(3, "q")
        yield message.number(1, "B"), message.table(2), data[body:at]


def rows(stream: bytes) -> Iterator[tuple]:
    """The rows of a stream, each with a value for each column. NULL is `None`."""
    columns: list[Table] = []
    for kind, head, body in messages(stream):
        if kind == SCHEMA:
            columns = head.tables(1)
        elif kind == BATCH:
            buffers = (body[start : start + size] for start, size in head.pairs(2))
            nodes = head.pairs(1)
            yield from zip(*(values(column, node, buffers) for column, node in zip(columns, nodes)))


def values(column: Table, node: tuple[int, int], buffers: Iterator[memoryview]) -> list:
    count, nulls = node
    valid = next(buffers)
    kind, details = column.number(2, "B"), column.table(3)
    if kind in (TEXT, BYTES):
        ends = [end for (end,) in iter_unpack("<i", next(buffers)[: 4 * (count + 1)])]
        data = bytes(next(buffers))
        found = [data[start:end] for start, end in zip(ends, ends[1:])]
        if kind == TEXT:
            found = [value.decode() for value in found]
    elif kind == TRUTH:
        found = bits(next(buffers), count)
    elif kind in (INTEGER, REAL):
        form = SIGNED[details.number(0, "i")] if kind == INTEGER else REALS[details.number(0, "h")]
        size = {"b": 1, "h": 2, "i": 4, "q": 8, "f": 4, "d": 8}[form]
        found = [value for (value,) in iter_unpack("<" + form, next(buffers)[: size * count])]
    else:
        raise ValueError(f"a column has the type {kind}, which is not read here")
    if nulls:
        found = [value if one else None for value, one in zip(found, bits(valid, count))]
    return found


def bits(data: memoryview, count: int) -> list[bool]:
    return [bool(data[index // 8] >> index % 8 & 1) for index in range(count)]
