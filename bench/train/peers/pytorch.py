"""PyTorch with transformers: training steps on one fixed batch, a round at a time, as asked on standard input.

python pytorch.py DATASET CONFIG PRECISION DEVICE MODE BATCH_SIZE THREADS
CONFIG: a folder with a config.json of any family.
PRECISION: fp32, tf32 (matrix products on CUDA), bf16 (autocast). DEVICE: cpu, cuda.
MODE: users (run_mlm's step: logits at every position), best-sdpa, best-eager (attention), best-compiled (masked positions
only).
"""

import json
import sys
import time

import pyarrow as pa
import torch
from transformers import AutoConfig, AutoModelForMaskedLM

dataset, config, precision, device, mode, batch_size, threads = sys.argv[1:]
torch.set_num_threads(int(threads))
torch.set_float32_matmul_precision("high" if precision == "tf32" else "highest")

with pa.memory_map(dataset) as source:
    rows = pa.ipc.open_file(source).read_all().slice(0, int(batch_size))
input_ids, labels, attention_mask = (
    torch.tensor(rows[column].to_pylist(), device=device) for column in ("input_ids", "labels", "attention_mask")
)

torch.manual_seed(42)
model = AutoModelForMaskedLM.from_config(
    AutoConfig.from_pretrained(config), attn_implementation="eager" if mode == "best-eager" else "sdpa"
)
model = model.to(device).train()
decayed = [p for p in model.parameters() if p.ndim > 1]
others = [p for p in model.parameters() if p.ndim <= 1]  # biases and normalizations
optimizer = torch.optim.AdamW(
    [{"params": decayed, "weight_decay": 0.01}, {"params": others, "weight_decay": 0.0}], lr=5e-5, fused=True
)

positions = (labels != -100).flatten().nonzero().squeeze(1)
targets = labels.flatten()[positions]


def users_loss():
    return model(input_ids=input_ids, attention_mask=attention_mask, labels=labels).loss


# From hidden states to logits, by what transformers calls the parts of each family.
HEADS = {
    "bert": lambda states: model.cls(states),
    "roberta": lambda states: model.lm_head(states),
    "xlm-roberta": lambda states: model.lm_head(states),
    "camembert": lambda states: model.lm_head(states),
    "distilbert": lambda states: model.vocab_projector(
        model.vocab_layer_norm(model.activation(model.vocab_transform(states)))
    ),
    "modernbert": lambda states: model.decoder(model.head(states)),
    "electra": lambda states: model.generator_lm_head(model.generator_predictions(states)),
    "albert": lambda states: model.predictions(states),
}
head = HEADS[model.config.model_type]


def best_loss():
    states = model.base_model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
    return torch.nn.functional.cross_entropy(head(states.flatten(0, 1)[positions]), targets)


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
    before = time.process_time()
    for _ in range(json.loads(line)["steps"]):
        started = time.perf_counter()
        losses.append(step())
        seconds.append(time.perf_counter() - started)
    print(json.dumps({"seconds": seconds, "losses": losses, "processor": time.process_time() - before}), flush=True)
