"""Every common Arrow reader sees the same rows in what `mlm preprocess` wrote."""

import json

import duckdb
import polars
import pyarrow
import pyarrow.ipc

from conftest import SEQUENCE_LENGTH

COLUMNS = ["input_ids", "labels", "attention_mask"]


def read_file(path) -> pyarrow.Table:
    with pyarrow.memory_map(str(path)) as source:
        return pyarrow.ipc.open_file(source).read_all()


def test_pyarrow_reads_the_file_with_its_types_and_metadata(arrow_file):
    table = read_file(arrow_file)
    assert table.column_names == COLUMNS
    assert [table.schema.field(name).type.value_type for name in COLUMNS] == [
        pyarrow.int32(),
        pyarrow.int32(),
        pyarrow.int8(),
    ]
    assert all(table.schema.field(name).nullable for name in COLUMNS)
    table.validate(full=True)
    metadata = json.loads(table.schema.metadata[b"mlm"])
    assert metadata["sequence_length"] == SEQUENCE_LENGTH
    assert sum(metadata["rows_per_unit"]) == table.num_rows > 500


def test_rows_follow_the_masking_rule(arrow_file):
    table = read_file(arrow_file)
    special = json.loads(table.schema.metadata[b"mlm"])["tokenizer"]["special_ids"]
    selected = tokens = 0
    for ids, labels, attention in zip(*(table[name].to_pylist() for name in COLUMNS), strict=True):
        assert len(ids) == len(labels) == len(attention) == SEQUENCE_LENGTH
        assert ids[0] == special["cls"]
        assert attention == [int(token != special["pad"]) for token in ids]
        assert all((label != -100) == (token == special["mask"]) for token, label in zip(ids, labels, strict=True))
        selected += sum(label != -100 for label in labels)
        tokens += sum(token not in (special["cls"], special["sep"], special["pad"]) for token in ids)
    assert 0.14 < selected / tokens < 0.16


def test_the_stream_reader_reads_the_file_after_its_magic(arrow_file):
    streamed = pyarrow.ipc.open_stream(arrow_file.read_bytes()[8:]).read_all()
    assert streamed.equals(read_file(arrow_file))


def test_polars_reads_the_same_rows(arrow_file):
    frame = polars.read_ipc(arrow_file)
    table = read_file(arrow_file)
    assert frame.columns == COLUMNS
    assert all(frame[name].to_list() == table[name].to_pylist() for name in COLUMNS)


def test_duckdb_queries_it_through_pyarrow(arrow_file):
    rows = read_file(arrow_file)
    selected = sum(label != -100 for labels in rows["labels"].to_pylist() for label in labels)
    query = "SELECT count(*) FROM (SELECT unnest(labels) AS label FROM rows) WHERE label <> -100"
    assert duckdb.sql(query).fetchall() == [(selected,)]


def test_validation_rows_are_rows_of_their_own(arrow_file, validation_file):
    train, validation = read_file(arrow_file), read_file(validation_file)
    assert 0.05 < validation.num_rows / (train.num_rows + validation.num_rows) < 0.45
    assert json.loads(validation.schema.metadata[b"mlm"])["split"] == "validation"
