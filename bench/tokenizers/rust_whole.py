"""Encodes the lines of a text with Rust tokenizers, and nothing else: python rust_whole.py TOKENIZER TEXT THREADS"""

import os
import sys

tokenizer, text, threads = sys.argv[1:]
os.environ["RAYON_NUM_THREADS"] = threads
os.environ["TOKENIZERS_PARALLELISM"] = "true"

from tokenizers import Tokenizer  # noqa: E402  (after RAYON_NUM_THREADS)

BATCH = 10_000

made = Tokenizer.from_file(tokenizer)
with open(text, encoding="utf-8", errors="replace") as file:
    lines = [line for line in file.read().split("\n") if line.strip()]
ids = 0
for at in range(0, len(lines), BATCH):
    ids += sum(map(len, made.encode_batch_fast(lines[at : at + BATCH], add_special_tokens=False)))
print(ids)
