"""The machine's own matmul rate in FLOP/s, by PyTorch, as asked on standard input.

python matmul.py PRECISION DEVICE THREADS SIZE…
"""

import json
import sys
import time

import torch

precision, device, threads, *sizes = sys.argv[1:]
torch.set_num_threads(int(threads))
torch.set_float32_matmul_precision("high" if precision == "tf32" else "highest")
dtype = torch.bfloat16 if precision == "bf16" else torch.float32


def synchronize():
    if device == "cuda":
        torch.cuda.synchronize()


def rate(n: int) -> float:
    """The fastest of several products: a rate to compare with, so it should be the best the machine gives."""
    a, b = torch.randn(n, n, dtype=dtype, device=device), torch.randn(n, n, dtype=dtype, device=device)
    best = float("inf")
    for _ in range(10):
        synchronize()
        started = time.perf_counter()
        a @ b
        synchronize()
        best = min(best, time.perf_counter() - started)
    return 2 * n**3 / best


for line in sys.stdin:
    print(json.dumps({"rate": max(rate(int(size)) for size in sizes)}), flush=True)
