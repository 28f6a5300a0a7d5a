"""What the engines' results are held against: the same documents through the command line, one run per stream number."""

import itertools
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from conftest import ROOT, mlm
from mlm_stream import SCHEMA

EXAMPLES = ROOT / "examples"


def paragraphs(count: int) -> list[str]:
    """Documents of the demo's books, line ends within them."""
    books = sorted((ROOT / "packages/cli/demo/corpus").glob("*.txt"))
    texts = (text for book in books for text in book.read_text(encoding="utf-8").split("\n\n") if text.strip())
    return list(itertools.islice(texts, count))


def write_documents(folder: Path, parts: list[list[str]]) -> Path:
    """A Parquet folder, a file per part."""
    folder.mkdir(parents=True)
    for index, texts in enumerate(parts):
        pq.write_table(pa.table({"id": range(len(texts)), "text": pa.array(texts, pa.string())}), folder / f"{index}.parquet")
    return folder


def run(documents: list[str], stream_number: int) -> list[tuple]:
    """The rows of one run of mlm on a file of these documents."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "in.arrow", Path(folder) / "out.arrow"
        table = pa.table({"text": pa.array(documents, pa.string())})
        with pa.ipc.new_file(source, table.schema) as writer:
            writer.write_table(table)
        mlm("preprocess", source, target, "--sequence-length", 128, "--stream-number", stream_number)
        with pa.ipc.open_file(target) as reader:
            return rows(reader.read_all())


def rows(table: pa.Table) -> list[tuple]:
    columns = [table[name].to_pylist() for name in SCHEMA.names]
    return [tuple(map(tuple, row)) for row in zip(*columns)]


def masked_places(row: tuple) -> set[int]:
    return {place for place, label in enumerate(row[1]) if label != -100}
