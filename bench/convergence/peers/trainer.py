"""transformers' Trainer on an Arrow file of masked rows: a fresh model, saved when it is done.

python trainer.py DATASET SETTINGS_JSON OUTPUT_FOLDER
"""

import json
import sys

import pyarrow as pa
import torch
from transformers import AutoConfig, AutoModelForMaskedLM, Trainer, TrainingArguments

dataset, settings, output = sys.argv[1:]
settings = json.loads(settings)
torch.set_num_threads(settings["threads"])

with pa.memory_map(dataset) as source:
    table = pa.ipc.open_file(source).read_all()
rows = [
    {name: torch.tensor(values) for name, values in zip(table.column_names, row, strict=True)}
    for row in zip(*(column.to_pylist() for column in table.columns), strict=True)
    if len(row[0]) == settings["sequence_length"]
]

torch.manual_seed(settings["seed"])
model = AutoModelForMaskedLM.from_config(AutoConfig.from_pretrained(settings["config"]))
arguments = TrainingArguments(
    output_dir=output,
    max_steps=settings["steps"],
    per_device_train_batch_size=settings["batch_size"],
    learning_rate=settings["learning_rate"],
    warmup_steps=settings["warmup_steps"],
    lr_scheduler_type="linear",
    weight_decay=0.01,
    max_grad_norm=1.0,
    optim="adamw_torch_fused",
    seed=settings["seed"],
    use_cpu=True,
    save_strategy="no",
    logging_strategy="no",
    report_to="none",
    disable_tqdm=True,
)
trainer = Trainer(model, arguments, train_dataset=rows)
trainer.train()
trainer.save_model(output)
print(json.dumps({"seconds": trainer.state.log_history[-1]["train_runtime"]}))
