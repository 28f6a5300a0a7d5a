"""Hugging Face `datasets` opens the folder as it is, in today's version and in 3.6."""

import json
import subprocess
import sys
from pathlib import Path

import datasets
import pyarrow
import pyarrow.ipc
import pytest

HERE = Path(__file__).parent
PYTHONS = {"5.2.0": sys.executable, "3.6.0": HERE / ".cache/python-datasets3/bin/python"}


def rows_of(path) -> pyarrow.Table:
    with pyarrow.memory_map(str(path)) as source:
        return pyarrow.ipc.open_file(source).read_all()


def test_both_splits_have_several_shards(dataset_folder):
    for split in ("train", "validation"):
        assert len(list((dataset_folder / split).glob("data-*-of-*.arrow"))) > 1


@pytest.mark.parametrize("version", PYTHONS)
def test_load_from_disk_finds_both_splits(version, dataset_folder, arrow_file, validation_file):
    done = subprocess.run(
        [PYTHONS[version], HERE / "read_with_datasets.py", dataset_folder], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["version"] == version
    assert found["rows"] == {"train": rows_of(arrow_file).num_rows, "validation": rows_of(validation_file).num_rows}
    assert found["columns"] == ["input_ids", "labels", "attention_mask"]
    assert found["first"] == rows_of(arrow_file).slice(0, 1).to_pylist()[0]


def test_the_folder_holds_the_rows_of_the_file(dataset_folder, arrow_file):
    loaded = datasets.load_from_disk(str(dataset_folder))["train"]
    expected = rows_of(arrow_file)
    for name in expected.column_names:
        assert loaded.with_format("arrow")[:][name].to_pylist() == expected[name].to_pylist()


def test_load_dataset_arrow_reads_the_shards(dataset_folder, arrow_file, tmp_path):
    shards = sorted(str(shard) for shard in (dataset_folder / "train").glob("*.arrow"))
    loaded = datasets.load_dataset("arrow", data_files={"train": shards}, cache_dir=str(tmp_path))["train"]
    assert loaded.num_rows == rows_of(arrow_file).num_rows
    assert loaded[0] == rows_of(arrow_file).slice(0, 1).to_pylist()[0]
