"""Text in a Ray dataset becomes rows of masked tokens, a stream per block.

    PYTHONPATH=examples python examples/ray_data.py documents.parquet rows/
"""

import sys
import zlib

import pyarrow as pa
import ray
from mlm_stream import SCHEMA, preprocess


def stream_number(table: pa.Table) -> int:
    """A number for a block: Ray gives it none that stays the same when the block is computed again, so its text does."""
    number = 0
    for text in table["text"]:
        number = zlib.crc32((text.as_py() or "").encode(), number)
    return number


def mask(table: pa.Table) -> pa.Table:
    # The streams of one seed draw the same masks, but for their numbers.
    options = f"--sequence-length 128 --stream-number {stream_number(table)}"
    return pa.Table.from_batches(preprocess(table.select(["text"]).to_batches(), "text", options), SCHEMA)


def masked(documents: ray.data.Dataset) -> ray.data.Dataset:
    """Rows of masked tokens from a column `text`. A stream is a whole block: some 128 MB of text by Ray's default."""
    return documents.map_batches(mask, batch_format="pyarrow", batch_size=None)


if __name__ == "__main__":
    masked(ray.data.read_parquet(sys.argv[1])).write_parquet(sys.argv[2])
