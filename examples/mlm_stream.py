"""Runs `mlm preprocess - -` on Arrow record batches: what examples/spark.py and examples/ray_data.py share."""

import shlex
import subprocess
import threading
from typing import Iterable, Iterator

import pyarrow as pa

SCHEMA = pa.schema(
    [
        ("input_ids", pa.list_(pa.int32())),
        ("labels", pa.list_(pa.int32())),
        ("attention_mask", pa.list_(pa.int8())),
    ]
)


def preprocess(batches: Iterable[pa.RecordBatch], column: str, options: str, mlm: str = "npx mlm") -> Iterator[pa.RecordBatch]:
    """Rows of masked tokens from a stream of record batches with a column of text, a document a record.

    An Arrow stream goes in on standard input, so that documents keep their line ends, and one comes out on standard
    output. No record batch in gives none out.
    """
    command = f"{mlm} preprocess - - --text-field {shlex.quote(column)} --no-tokenizer-files --workers 1 --quiet {options}"
    process = subprocess.Popen(shlex.split(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def feed() -> None:
        with process.stdin as stdin:
            writer = None
            for batch in batches:
                writer = writer or pa.ipc.new_stream(stdin, batch.schema)
                writer.write_batch(batch)
            if writer:
                writer.close()

    feeder = threading.Thread(target=feed, daemon=True)
    feeder.start()
    with pa.ipc.open_stream(process.stdout) as reader:
        for batch in reader:
            yield batch.select(SCHEMA.names)
    feeder.join()
    if process.wait() != 0:
        raise RuntimeError(f"{command} ended with {process.returncode}")
