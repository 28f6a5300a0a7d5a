"""run_mlm's preprocessing with HF datasets: load the text, map the tokenizer, group into rows. It masks while training,
so this path does less than ours. Prints the seconds after the imports.

python huggingface.py TEXT TOKENIZER_JSON SEQUENCE_LENGTH PROCESSES
"""

import json
import os
import shutil
import sys
import tempfile
import time
from itertools import chain

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_HOME"] = cache = tempfile.mkdtemp(prefix="bench-hf-")

from datasets import disable_progress_bars, load_dataset  # noqa: E402
from transformers import PreTrainedTokenizerFast  # noqa: E402

text, tokenizer_json, sequence_length, processes = sys.argv[1:]
length, processes = int(sequence_length), int(processes)
disable_progress_bars()

tokenizer = PreTrainedTokenizerFast(
    tokenizer_file=tokenizer_json,
    unk_token="[UNK]",
    pad_token="[PAD]",
    cls_token="[CLS]",
    sep_token="[SEP]",
    mask_token="[MASK]",
    model_max_length=512,
)


def encode(examples):
    return tokenizer(examples["text"], return_special_tokens_mask=True)


def group(examples):
    joined = {name: list(chain(*rows)) for name, rows in examples.items()}
    total = len(joined["input_ids"]) // length * length
    return {name: [ids[i : i + length] for i in range(0, total, length)] for name, ids in joined.items()}


started = time.perf_counter()
rows = load_dataset("text", data_files={"train": text}, cache_dir=cache)["train"]
rows = rows.map(encode, batched=True, num_proc=processes, remove_columns=["text"])
rows = rows.map(group, batched=True, num_proc=processes)
print(json.dumps({"tokens": len(rows) * length, "seconds": time.perf_counter() - started}))
shutil.rmtree(cache)
