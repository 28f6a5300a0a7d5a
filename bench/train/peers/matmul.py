"""The machine's own matmul rate in FLOP/s, by PyTorch: matrices of BERT-base's feed-forward layer.

python matmul.py THREADS
"""

import json
import sys
import time

import torch

torch.set_num_threads(int(sys.argv[1]))


def rate(dtype: torch.dtype) -> float:
    """The fastest of several products: a rate to compare with, so it should be the best the machine gives."""
    a, b = torch.randn(1024, 768, dtype=dtype), torch.randn(768, 3072, dtype=dtype)
    best = float("inf")
    for _ in range(30):
        started = time.perf_counter()
        a @ b
        best = min(best, time.perf_counter() - started)
    return 2 * 1024 * 768 * 3072 / best


for line in sys.stdin:
    print(json.dumps({"fp32": rate(torch.float32), "bf16": rate(torch.bfloat16)}), flush=True)
