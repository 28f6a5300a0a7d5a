"""examples/spark.py on Spark: a partition is a stream, which equals a run of mlm with its stream number."""

import subprocess
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import spark as example
from pyspark.sql import SparkSession
from streams import EXAMPLES, masked_places, paragraphs, rows, run, write_documents

DOCUMENTS = paragraphs(120)


@pytest.fixture(scope="module")
def session():
    builder = SparkSession.builder.master("local[2]").appName("lane").config("spark.ui.enabled", "false")
    session = builder.getOrCreate()
    yield session
    session.stop()


def test_partitions_equal_runs_with_their_numbers(session):
    documents = session.createDataFrame([(text,) for text in DOCUMENTS], "text string").repartition(4)
    partitions = [[row.text for row in part] for part in documents.rdd.glom().collect()]
    assert [len(part) > 10 for part in partitions] == [True] * 4
    masked = example.masked(documents)
    got = [[tuple(map(tuple, row)) for row in part] for part in masked.rdd.glom().collect()]
    assert got == [run(part, number) for number, part in enumerate(partitions)]


def test_an_empty_partition_gives_no_rows(session):
    documents = session.createDataFrame([(DOCUMENTS[0],)], "text string").repartition(3)
    sizes = sorted(len(part) for part in documents.rdd.glom().collect())
    assert sizes == [0, 0, 1]
    assert example.masked(documents).count() == len(run(DOCUMENTS[:1], 0))


def test_equal_partitions_are_masked_differently(session):
    twice = session.sparkContext.parallelize([(text,) for text in 2 * DOCUMENTS[:20]], 2)
    parts = example.masked(session.createDataFrame(twice, "text string")).rdd.glom().collect()
    first, second = ([tuple(map(tuple, row)) for row in part] for part in parts)
    places = [(masked_places(one), masked_places(two)) for one, two in zip(first, second)]
    shared, masked = sum(len(one & two) for one, two in places), sum(len(one) for one, _ in places)
    assert masked > 200 and shared / masked < 0.3  # 0.15 by chance, 1 with the same draws


def test_a_document_that_cannot_be_read_fails_the_job(session):
    def broken(batches):
        from mlm_stream import preprocess

        yield from preprocess(batches, "no-such-column", "")

    documents = session.createDataFrame([("some text",)], "text string")
    with pytest.raises(Exception, match="ended with exit code 1"):
        documents.mapInArrow(broken, "input_ids array<int>, labels array<int>, attention_mask array<tinyint>").collect()


def test_a_partition_whose_source_breaks_off_fails_the_job(session):
    def broken(batches):
        from mlm_stream import preprocess

        def source():
            yield from batches
            raise ValueError("the source broke off")

        yield from preprocess(source(), "text", "")

    documents = session.createDataFrame([(text,) for text in DOCUMENTS], "text string")
    with pytest.raises(Exception, match="the source broke off"):
        documents.mapInArrow(broken, "input_ids array<int>, labels array<int>, attention_mask array<tinyint>").collect()


def test_the_script_as_it_is_called(tmp_path: Path):
    source = write_documents(tmp_path / "documents.parquet", [DOCUMENTS])
    target = tmp_path / "rows.parquet"
    options = ["--master", "local[2]", "--py-files", EXAMPLES / "mlm_stream.py"]
    done = subprocess.run(
        ["spark-submit", *options, EXAMPLES / "spark.py", source, target], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert rows(pq.read_table(target)) == run(DOCUMENTS, 0)
