"""Writes the streams that ipc/verified.test.ts reads: every kind of column that pyarrow writes and arrow-js reads.

    python make-streams.py    (pyarrow 26; writes types.arrows, dictionary.arrows and views.arrows beside this file)
"""

import datetime
import decimal
from pathlib import Path

import pyarrow as pa

here = Path(__file__).parent


def write(name: str, *batches: pa.RecordBatch) -> None:
    with pa.ipc.new_stream(here / name, batches[0].schema) as writer:
        for batch in batches:
            writer.write_batch(batch)


day = datetime.date(2024, 2, 29)
moment = datetime.datetime(2024, 2, 29, 12)
columns = {
    "text": pa.array(["one", None, "drei", ""]),
    "large_text": pa.array(["one", None, "drei", ""], pa.large_string()),
    "binary": pa.array([b"1", None, b"", b"4"]),
    "bool": pa.array([True, None, False, True]),
    "int8": pa.array([1, 2, 3, None], pa.int8()),
    "uint64": pa.array([1, 2, 3, None], pa.uint64()),
    "half": pa.array([1.0, 2.0, None, 4.0], pa.float16()),
    "double": pa.array([1.0, 2.0, None, 4.0]),
    "decimal": pa.array([decimal.Decimal("1.5")] * 4, pa.decimal128(9, 2)),
    "date32": pa.array([day] * 4, pa.date32()),
    "date64": pa.array([day] * 4, pa.date64()),
    "time32": pa.array([1, 2, 3, 4], pa.time32("s")),
    "time64": pa.array([1, 2, 3, 4], pa.time64("us")),
    "timestamp": pa.array([moment] * 4, pa.timestamp("us", tz="UTC")),
    "duration": pa.array([1, 2, 3, None], pa.duration("s")),
    "fixed": pa.array([b"ab", b"cd", None, b"gh"], pa.binary(2)),
    "list": pa.array([[1], None, [], [2, 3]], pa.list_(pa.int32())),
    "large_list": pa.array([[1], None, [], [2, 3]], pa.large_list(pa.int16())),
    "fixed_list": pa.array([[1, 2], [3, 4], None, [5, 6]], pa.list_(pa.int32(), 2)),
    "nested": pa.array([[["a"], []], [], None, [["b", "c"]]]),
    "struct": pa.array([{"a": 1, "b": "x"}, None, {"a": 2, "b": None}, {}], pa.struct({"a": pa.int32(), "b": pa.string()})),
    "map": pa.array([[("a", 1)], [], None, [("b", 2)]], pa.map_(pa.string(), pa.int32())),
    "nulls": pa.nulls(4),
}
table = pa.record_batch(columns)
# A slice has offsets that do not begin at 0 in memory; an empty batch has buffers of no length.
write("types.arrows", table, table.slice(1, 2), table.slice(0, 0))
words = pa.array(["a", "b", None, "a"]).dictionary_encode()
write("dictionary.arrows", pa.record_batch({"text": words}), pa.record_batch({"text": words.slice(1)}))
views = pa.array(["short", "longer than twelve bytes", None, "another that is long enough"], pa.string_view())
write("views.arrows", pa.record_batch({"text": views}))
