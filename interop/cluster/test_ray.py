"""examples/ray_data.py on Ray: a block is a stream, which equals a run of mlm with its stream number."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import ray
import ray_data as example
from streams import EXAMPLES, paragraphs, rows, run, write_documents

DOCUMENTS = paragraphs(120)
PARTS = [DOCUMENTS[:40], DOCUMENTS[40:90], DOCUMENTS[90:]]


@pytest.fixture(scope="module")
def cluster():
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()


def test_blocks_equal_runs_with_their_numbers(cluster):
    blocks = [pa.table({"text": part}) for part in PARTS]
    got = Counter(row for table in ray.get(example.masked(ray.data.from_arrow(blocks)).to_arrow_refs()) for row in rows(table))
    numbers = [example.stream_number(block) for block in blocks]
    assert len(set(numbers)) == 3
    assert got == Counter(row for part, number in zip(PARTS, numbers) for row in run(part, number))


def test_an_empty_block_gives_no_rows(cluster):
    blocks = [pa.table({"text": pa.array([], pa.string())}), pa.table({"text": PARTS[0]})]
    masked = example.masked(ray.data.from_arrow(blocks))
    assert masked.count() == len(run(PARTS[0], example.stream_number(blocks[1])))


def test_the_script_as_it_is_called(tmp_path: Path):
    source, target = write_documents(tmp_path / "documents.parquet", [DOCUMENTS]), tmp_path / "rows"
    environment = {**os.environ, "RAY_USAGE_STATS_ENABLED": "0"}
    command = [sys.executable, EXAMPLES / "ray_data.py", source, target]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr[-4000:]
    expected = run(DOCUMENTS, example.stream_number(pa.table({"text": DOCUMENTS})))
    assert Counter(rows(pq.read_table(target))) == Counter(expected)
