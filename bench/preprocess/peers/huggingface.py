"""run_mlm's path: load the text, map the tokenizer, group into rows, mask, save. HF datasets with two processes.

python huggingface.py TEXT TOKENIZER_JSON SEQUENCE_LENGTH OUTPUT_FOLDER PROCESSES
"""

import json
import os
import sys
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_HOME"] = cache = tempfile.mkdtemp(prefix="bench-hf-")

from datasets import disable_progress_bars, load_dataset  # noqa: E402
from transformers import DataCollatorForLanguageModeling, PreTrainedTokenizerFast  # noqa: E402

text, tokenizer_json, sequence_length, output, processes = sys.argv[1:]
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
collator = DataCollatorForLanguageModeling(tokenizer, mlm_probability=0.15)


def encode(examples):
    return tokenizer(examples["text"], return_special_tokens_mask=True)


def group(examples):
    joined = {name: sum(rows, []) for name, rows in examples.items()}
    total = len(joined["input_ids"]) // length * length
    return {name: [ids[i : i + length] for i in range(0, total, length)] for name, ids in joined.items()}


def mask(examples):
    rows = [dict(zip(examples, row, strict=True)) for row in zip(*examples.values(), strict=True)]
    batch = collator(rows)
    return {name: batch[name].numpy() for name in ("input_ids", "labels", "attention_mask")}


rows = load_dataset("text", data_files={"train": text}, cache_dir=cache)["train"]
rows = rows.map(encode, batched=True, num_proc=processes, remove_columns=["text"])
rows = rows.map(group, batched=True, num_proc=processes)
rows = rows.map(mask, batched=True, num_proc=processes)
rows.save_to_disk(output, num_proc=processes)
print(json.dumps({"tokens": len(rows) * length}))
