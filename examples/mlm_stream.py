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


def preprocess(batches: Iterable[pa.RecordBatch], column: str, options: str, mlm: str = "mlm") -> Iterator[pa.RecordBatch]:
    """Rows of masked tokens from record batches with a column of text, a document per record.

    An Arrow stream goes in on standard input and one comes out on standard output. No record batch in gives none out.
    Raises RuntimeError when mlm fails, and whatever `batches` raises.
    """
    command = f"{mlm} preprocess - - --text-field {shlex.quote(column)} --no-tokenizer-files --workers 1 --quiet {options}"
    process = subprocess.Popen(shlex.split(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    problems: list[BaseException] = []

    def feed() -> None:
        writer = None
        try:
            for batch in batches:
                writer = writer or pa.ipc.new_stream(process.stdin, batch.schema)
                writer.write_batch(batch)
            if writer:
                writer.close()
            process.stdin.close()
        except BrokenPipeError:
            pass  # mlm has ended, and its exit code says why
        except BaseException as problem:
            problems.append(problem)
            process.kill()  # or it would take what it has for everything

    feeder = threading.Thread(target=feed, daemon=True)
    feeder.start()
    try:
        with pa.ipc.open_stream(process.stdout) as reader:
            for batch in reader:
                yield batch.select(SCHEMA.names)
        feeder.join()
    except pa.ArrowInvalid:
        pass  # a stream that breaks off: what follows says why
    except GeneratorExit:
        process.kill()  # whoever reads wants no more
        raise
    code = process.wait()
    if problems:
        raise problems[0]
    if code != 0:
        raise RuntimeError(f"{command} ended with exit code {code}")
