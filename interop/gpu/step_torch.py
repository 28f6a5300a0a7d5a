"""Times the same step in PyTorch: transformers' BertForMaskedLM, clipping and fused AdamW, eager and compiled, in bf16
autocast with TF32 elsewhere, as it is commonly used.   python step_torch.py [ROWS] [STEPS]"""
import json, sys, time
import torch
from transformers import BertConfig, BertForMaskedLM

rows = int(sys.argv[1]) if len(sys.argv) > 1 else 64
steps = int(sys.argv[2]) if len(sys.argv) > 2 else 30
sequence = 128
device = 'cuda' if torch.cuda.is_available() else 'cpu'
torch.backends.cuda.matmul.allow_tf32 = True
# The batch of step.js.
counted = torch.arange(rows * sequence, device=device) * 7919
ids = (counted % 30000).reshape(rows, sequence)
labels = torch.full((rows * sequence,), -100, device=device)
masked = counted[: rows * sequence * 5 // 32]
labels[masked % (rows * sequence)] = masked % 30000
labels = labels.reshape(rows, sequence)


def run(compiled):
    model = BertForMaskedLM(BertConfig()).to(device).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.01, fused=device == 'cuda')
    forward = torch.compile(model) if compiled else model
    times = []
    for _ in range(steps):
        if device == 'cuda':
            torch.cuda.synchronize()
        start = time.perf_counter()
        with torch.autocast(device, torch.bfloat16):
            loss = forward(input_ids=ids, labels=labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        value = loss.item()
        times.append(1e3 * (time.perf_counter() - start))
    times.sort()
    way = f"PyTorch {torch.__version__}, bf16, {'compiled' if compiled else 'eager'}"
    print(json.dumps({'way': way, 'least': times[0], 'median': times[len(times) // 2], 'loss': value}), flush=True)


for compiled in (False, True):
    run(compiled)
