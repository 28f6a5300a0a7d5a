"""Prints what `datasets` finds in a folder, as JSON; runs under any version of it."""

import json
import sys

import datasets

loaded = datasets.load_from_disk(sys.argv[1])
splits = loaded if isinstance(loaded, datasets.DatasetDict) else {"train": loaded}
print(
    json.dumps(
        {
            "version": datasets.__version__,
            "rows": {name: split.num_rows for name, split in splits.items()},
            "columns": splits["train"].column_names,
            "first": splits["train"][0],
        }
    )
)
