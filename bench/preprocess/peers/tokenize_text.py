"""One thread of a Python tokenizer on a text: a pass with empty caches (cold), then the same pass again (warm).

python tokenize_text.py nanotoken|tokenizers TEXT TOKENIZER_JSON PASSES
"""

import json
import os
import sys
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"
peer, text, tokenizer_json, passes = sys.argv[1:]

if peer == "nanotoken":
    import nanotoken

    tokenizer = nanotoken.Tokenizer(tokenizer_json)
    documents = nanotoken.TextFileSource(text, separator="\n\n")

    def encode() -> int:
        return len(tokenizer.encode_files(documents, add_special_tokens=False, parallel=False).ids)
else:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(tokenizer_json)
    with open(text, encoding="utf-8") as file:
        lines = [line for line in file.read().split("\n") if line]

    def encode() -> int:
        return sum(len(row.ids) for row in tokenizer.encode_batch_fast(lines, add_special_tokens=False))


tokens, seconds = 0, []
for _ in range(int(passes)):
    started = time.perf_counter()
    tokens = encode()
    seconds.append(time.perf_counter() - started)
print(json.dumps({"tokens": tokens, "seconds": seconds}))
