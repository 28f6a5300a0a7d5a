"""The fastest Python path known to us: nanotoken's Rust tokenizer on all cores, numpy for packing and masking, pyarrow.
Prints the seconds after the imports.

python nanotoken_pipeline.py TEXT TOKENIZER_JSON SEQUENCE_LENGTH OUTPUT_ARROW
"""

import json
import sys
import time

import nanotoken
import numpy as np
import pyarrow as pa

PAD, UNK, CLS, SEP, MASK = 0, 100, 101, 102, 103
text, tokenizer_json, sequence_length, output = sys.argv[1:]
length = int(sequence_length)
width = length - 2

started = time.perf_counter()
documents = nanotoken.TextFileSource(text, separator="\n\n")
encoded = nanotoken.Tokenizer(tokenizer_json).encode_files(documents, add_special_tokens=False)
ids = np.asarray(encoded.ids)
rows = -(-len(ids) // width)

input_ids = np.full((rows, length), PAD, np.int32)
input_ids[:, 0] = CLS
full, rest = divmod(len(ids), width)
input_ids[:full, 1:-1] = ids[: full * width].reshape(full, width)
input_ids[:full, -1] = SEP
if rest:
    input_ids[full, 1 : rest + 1] = ids[full * width :]
    input_ids[full, rest + 1] = SEP
attention_mask = np.ones((rows, length), np.int8)
if rest:
    attention_mask[full, rest + 2 :] = 0

random = np.random.default_rng(42)
selected = random.random((rows, length), dtype=np.float32) < 0.15
for special in (PAD, UNK, CLS, SEP, MASK):
    selected &= input_ids != special
labels = np.where(selected, input_ids, np.int32(-100))
input_ids[selected] = MASK

offsets = pa.array(np.arange(0, (rows + 1) * length, length, dtype=np.int32))
columns = {"input_ids": input_ids, "labels": labels, "attention_mask": attention_mask}
table = pa.table({n: pa.ListArray.from_arrays(offsets, pa.array(v.reshape(-1))) for n, v in columns.items()})
with pa.OSFile(output, "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
    writer.write_table(table, max_chunksize=8192)
print(json.dumps({"tokens": len(ids), "seconds": time.perf_counter() - started}))
