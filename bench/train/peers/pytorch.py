"""PyTorch with transformers: training steps on one fixed batch, a round at a time, as asked on standard input.

python pytorch.py DATASET MODEL PRECISION DEVICE MODE BATCH_SIZE THREADS
PRECISION: fp32, tf32 (matrix products on CUDA), bf16 (autocast). DEVICE: cpu, cuda.
MODE: users (run_mlm's step: logits at every position), best-eager, best-compiled (masked positions only).
"""

import json
import sys
import time
from pathlib import Path

import pyarrow as pa
import torch
from transformers import BertConfig, BertForMaskedLM

dataset, name, precision, device, mode, batch_size, threads = sys.argv[1:]
torch.set_num_threads(int(threads))
torch.set_float32_matmul_precision("high" if precision == "tf32" else "highest")
layers, hidden, heads = json.loads((Path(__file__).parent.parent / "models.json").read_text())[name]

with pa.memory_map(dataset) as source:
    rows = pa.ipc.open_file(source).read_all().slice(0, int(batch_size))
input_ids, labels, attention_mask = (
    torch.tensor(rows[column].to_pylist(), device=device) for column in ("input_ids", "labels", "attention_mask")
)

torch.manual_seed(42)
config = BertConfig(
    hidden_size=hidden, num_hidden_layers=layers, num_attention_heads=heads, intermediate_size=4 * hidden
)
model = BertForMaskedLM(config).to(device).train()
decayed = [p for n, p in model.named_parameters() if not (n.endswith("bias") or "LayerNorm" in n)]
others = [p for n, p in model.named_parameters() if n.endswith("bias") or "LayerNorm" in n]
optimizer = torch.optim.AdamW(
    [{"params": decayed, "weight_decay": 0.01}, {"params": others, "weight_decay": 0.0}], lr=5e-5, fused=True
)

positions = (labels != -100).flatten().nonzero().squeeze(1)
targets = labels.flatten()[positions]


def users_loss():
    return model(input_ids=input_ids, attention_mask=attention_mask, labels=labels).loss


def best_loss():
    states = model.bert(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
    return torch.nn.functional.cross_entropy(model.cls(states.flatten(0, 1)[positions]), targets)


loss_of = users_loss if mode == "users" else torch.compile(best_loss) if mode == "best-compiled" else best_loss


def step() -> float:
    with torch.autocast(device, dtype=torch.bfloat16, enabled=precision == "bf16"):
        loss = loss_of()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad()
    return loss.item()


for line in sys.stdin:
    seconds, losses = [], []
    for _ in range(json.loads(line)["steps"]):
        started = time.perf_counter()
        losses.append(step())
        seconds.append(time.perf_counter() - started)
    print(json.dumps({"seconds": seconds, "losses": losses}), flush=True)
