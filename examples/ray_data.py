"""Text in a Ray dataset becomes rows of masked tokens, a stream per block.

    python examples/ray_data.py documents.parquet rows/
"""

import sys
import zlib

import pyarrow as pa
import ray
from mlm_stream import SCHEMA, preprocess


def mask(table: pa.Table) -> pa.Table:
    # A block has no name that stays the same when it is computed again; its first document decides instead.
    seed = zlib.crc32(table["text"][0].as_py().encode()) if len(table) else 0
    options = f"--sequence-length 128 --seed {seed}"
    return pa.Table.from_batches(preprocess(table.select(["text"]).to_batches(), "text", options), SCHEMA)


ray.data.read_parquet(sys.argv[1]).map_batches(mask, batch_format="pyarrow", batch_size=4096).write_parquet(sys.argv[2])
