"""run_mlm's preprocessing with HF datasets: load the text, map the tokenizer, group into rows. run_mlm masks while
training, so that is less than ours does; with an OUTPUT folder, rows are masked once by run_mlm's collator and saved,
which is the same product. Prints the seconds after the imports.

python huggingface.py TEXT TOKENIZER_JSON SEQUENCE_LENGTH PROCESSES [OUTPUT]
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
from transformers import DataCollatorForLanguageModeling, PreTrainedTokenizerFast  # noqa: E402

text, tokenizer_json, sequence_length, processes, *output = sys.argv[1:]
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


collator = DataCollatorForLanguageModeling(
    tokenizer, mlm_probability=0.15, mask_replace_prob=1.0, random_replace_prob=0.0, return_tensors="np"
)


def mask(examples):
    rows = [dict(zip(examples, row)) for row in zip(*examples.values())]
    return {name: list(values) for name, values in collator(rows).items()}


started = time.perf_counter()
rows = load_dataset("text", data_files={"train": text}, cache_dir=cache)["train"]
rows = rows.map(encode, batched=True, num_proc=processes, remove_columns=["text"])
rows = rows.map(group, batched=True, num_proc=processes)
if output:
    columns = ["special_tokens_mask", "token_type_ids"]
    drop = [name for name in columns if name in rows.column_names]
    rows.map(mask, batched=True, num_proc=processes, remove_columns=drop).save_to_disk(output[0])
print(json.dumps({"tokens": len(rows) * length, "seconds": time.perf_counter() - started}))
shutil.rmtree(cache)
