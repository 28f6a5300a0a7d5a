"""Rust tokenizers on the lines of a text: python rust.py TOKENIZER TEXT BYTES THREADS"""

import json
import os
import sys
import time

tokenizer, text, size, threads = sys.argv[1:]
os.environ["RAYON_NUM_THREADS"] = threads
os.environ["TOKENIZERS_PARALLELISM"] = "true"

from tokenizers import Tokenizer  # noqa: E402  (after RAYON_NUM_THREADS)

with open(text, "rb") as file:
    data = file.read(int(size))
data = data[: data.rfind(b"\n") + 1]
lines = [line for line in data.decode("utf-8").split("\n") if line.strip()]
made = Tokenizer.from_file(tokenizer)
wall, processor, ids = [], [], 0
for _ in range(3):
    started, used = time.perf_counter(), time.process_time()
    encoded = made.encode_batch_fast(lines, add_special_tokens=False)
    wall.append(len(data) / (time.perf_counter() - started) / 1e6)
    processor.append(len(data) / (time.process_time() - used) / 1e6)
    ids = sum(len(e.ids) for e in encoded)
rates = {"cold": wall[0], "warm": max(wall[1:]), "cold_processor": processor[0], "warm_processor": max(processor[1:])}
print(json.dumps({**rates, "ids": ids}))
