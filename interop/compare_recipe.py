"""
`--recipe run_mlm` gives what transformers' Trainer gives on the same rows: `interop/run compare_recipe.py`. It takes minutes,
so that it is one of the long lanes (.ci/long).
"""

import pyarrow
import pyarrow.ipc
import pytest
import torch
from transformers import (
    AutoConfig,
    AutoModelForMaskedLM,
    AutoTokenizer,
    DataCollatorForLanguageModeling,
    Trainer,
    TrainingArguments,
)

from conftest import ROOT, mlm, mlm_json

STEPS = 300
# run_mlm's own rate is one for models that were trained before: within these steps nothing would be learned from scratch.
LEARNING_RATE = 2e-3
SEQUENCE_LENGTH = 64
FAMILIES = {
    "bert": {"num_hidden_layers": 2, "hidden_size": 128, "num_attention_heads": 2, "intermediate_size": 512},
    "modernbert": {"num_hidden_layers": 4, "hidden_size": 128, "num_attention_heads": 2, "intermediate_size": 192},
}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Rows of the demo's books, with a vocabulary of their own."""
    folder = tmp_path_factory.mktemp("recipe")
    corpus = ROOT / "packages/cli/demo/corpus"
    mlm("vocab", corpus, "--output", folder / "tokenizer", "--size", 2048)
    made = ["--recipe", "run_mlm", "--sequence-length", SEQUENCE_LENGTH, "--document", "blank-line"]
    mlm("preprocess", corpus, folder / "out.arrow", "--tokenizer", folder / "tokenizer", *made)
    return folder / "out.arrow"


class Rows(torch.utils.data.Dataset):
    """The rows before masking, which the collator masks anew each time."""

    def __init__(self, path):
        with pyarrow.memory_map(str(path)) as source:
            table = pyarrow.ipc.open_file(source).read_all()
        ids = torch.tensor(table["input_ids"].to_pylist())
        labels = torch.tensor(table["labels"].to_pylist())
        self.ids = torch.where(labels == -100, ids, labels)
        self.attention = torch.tensor(table["attention_mask"].to_pylist())

    def __len__(self):
        return len(self.ids)

    def __getitem__(self, index):
        return {"input_ids": self.ids[index], "attention_mask": self.attention[index]}


@pytest.mark.parametrize("family", FAMILIES)
def test_same_validation_loss(family, data, tmp_path):
    """
    From the same weights, on the same rows, the model is as good after some hundred steps: the order of rows, masks and
    dropout are each program's own.
    """
    torch.manual_seed(1)
    torch.set_num_threads(1)
    tokenizer = AutoTokenizer.from_pretrained(data.parent / "tokenizer")
    config = AutoConfig.for_model(
        family,
        **FAMILIES[family],
        vocab_size=len(tokenizer),
        pad_token_id=tokenizer.pad_token_id,
        cls_token_id=tokenizer.cls_token_id,
        sep_token_id=tokenizer.sep_token_id,
    )
    start, theirs, ours = tmp_path / "start", tmp_path / "theirs", tmp_path / "ours"
    AutoModelForMaskedLM.from_config(config).save_pretrained(start)
    arguments = TrainingArguments(
        output_dir=str(theirs),
        max_steps=STEPS,
        learning_rate=LEARNING_RATE,
        report_to=[],
        save_strategy="no",
        logging_strategy="no",
        disable_tqdm=True,
        use_cpu=True,
    )
    trainer = Trainer(
        model=AutoModelForMaskedLM.from_pretrained(start),
        args=arguments,
        train_dataset=Rows(data),
        data_collator=DataCollatorForLanguageModeling(tokenizer),
        processing_class=tokenizer,
    )
    trainer.train()
    trainer.save_model(theirs)
    steps = ["--max-steps", STEPS, "--learning-rate", LEARNING_RATE]
    mlm("train", data, "--recipe", "run_mlm", "--model", start, "--output", ours, "--threads", 1, *steps)
    before, expected, found = (mlm_json("eval", data, "--model", folder)["loss"] for folder in (start, theirs, ours))
    print(f"{family}: {before:.4f} before, {expected:.4f} by transformers, {found:.4f} by mlm")
    assert expected < 0.9 * before
    assert abs(found / expected - 1) < 0.01
