"""A small Flight SQL server on SQLite, for one test. It prints its port, and serves until its input closes."""

import sqlite3
import sys
import threading

import pyarrow as pa
import pyarrow.flight as flight

URL = "type.googleapis.com/arrow.flight.protocol.sql."


def fields(data):
    """The fields of a protocol buffer: numbers and byte strings by field number."""
    found, at = {}, 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(data):
        key = varint()
        if key & 7 == 0:
            found[key >> 3] = varint()
        else:
            length = varint()
            found[key >> 3] = data[at : at + length]
            at += length
    return found


def varint(value):
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def pack(name, message):
    return field(1, (URL + name).encode()) + field(2, message)


def unpack(data):
    found = fields(data)
    return found[1].decode().removeprefix(URL), fields(found.get(2, b""))


def sql_info(wanted):
    union = pa.dense_union(
        [
            pa.field("string_value", pa.string()),
            pa.field("bool_value", pa.bool_()),
            pa.field("bigint_value", pa.int64()),
            pa.field("int32_bitmask", pa.int32()),
            pa.field("string_list", pa.list_(pa.string())),
            pa.field("int32_to_int32_list_map", pa.map_(pa.int32(), pa.list_(pa.int32()))),
        ]
    )
    # 8 is `FLIGHT_SQL_SERVER_TRANSACTION`, and 1 says that there are transactions.
    children = [pa.array([], f.type) for f in union]
    children[3] = pa.array([1], pa.int32())
    values = pa.UnionArray.from_dense(
        pa.array([3], pa.int8()), pa.array([0], pa.int32()), children, [f.name for f in union]
    )
    return pa.table({"info_name": pa.array([8], pa.uint32()), "value": values})


class Server(flight.FlightServerBase):
    def __init__(self, file):
        super().__init__("grpc://127.0.0.1:0")
        self.file = file
        self.transactions = {}
        self.lock = threading.Lock()

    def run_sql(self, command):
        with self.lock:
            connection = self.transactions[command[2]]
            cursor = connection.execute(command[1].decode())
            if cursor.description is None:
                return cursor.rowcount, None
            rows, names = cursor.fetchall(), [column[0] for column in cursor.description]
            columns = [pa.array([row[at] for row in rows]) for at in range(len(names))]
            return 0, pa.Table.from_arrays(columns, names)

    def get_flight_info(self, context, descriptor):
        name, command = unpack(descriptor.command)
        if name == "CommandGetSqlInfo":
            table = sql_info(command)
        else:
            _, table = self.run_sql(command)
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as out:
            out.write_table(table)
        ticket = flight.Ticket(sink.getvalue().to_pybytes())
        return flight.FlightInfo(
            table.schema, descriptor, [flight.FlightEndpoint(ticket, [])], table.num_rows, -1
        )

    def do_get(self, context, ticket):
        return flight.RecordBatchStream(pa.ipc.open_stream(ticket.ticket).read_all())

    def do_put(self, context, descriptor, reader, writer):
        _, command = unpack(descriptor.command)
        changed, _ = self.run_sql(command)
        writer.write(pa.py_buffer(field(1, changed)))

    def do_action(self, context, action):
        name, request = unpack(action.body.to_pybytes())
        with self.lock:
            if name == "ActionBeginTransactionRequest":
                identity = str(len(self.transactions)).encode()
                connection = sqlite3.connect(self.file, isolation_level=None, check_same_thread=False)
                connection.execute("BEGIN")
                self.transactions[identity] = connection
                yield flight.Result(pack("ActionBeginTransactionResult", field(1, identity)))
            elif name == "ActionEndTransactionRequest":
                connection = self.transactions[request[1]]
                connection.execute("COMMIT" if request[2] == 1 else "ROLLBACK")
                connection.close()
            else:
                raise NotImplementedError(name)


server = Server(sys.argv[1])
print(server.port, flush=True)
threading.Thread(target=lambda: (sys.stdin.read(), server.shutdown()), daemon=True).start()
server.serve()
