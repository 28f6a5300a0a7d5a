"""Checkpoints travel in both directions between mlm and transformers, and mean the same on either side."""

import json

import pyarrow
import pyarrow.ipc
import pytest
import torch
from transformers import AutoTokenizer, BertConfig, BertForMaskedLM

from conftest import mlm, mlm_json

SENTENCE = "And the [MASK] was without form, and void."


def loss_in_transformers(model: BertForMaskedLM, dataset) -> float:
    """Mean loss over every masked token, as transformers computes it."""
    with pyarrow.memory_map(str(dataset)) as source:
        table = pyarrow.ipc.open_file(source).read_all()
    total, count = 0.0, 0
    for start in range(0, table.num_rows, 64):
        columns = {name: torch.tensor(table[name].slice(start, 64).to_pylist()) for name in table.column_names}
        masked = int((columns["labels"] != -100).sum())
        with torch.no_grad():
            total += model(**columns).loss.item() * masked
        count += masked
    return total / count


def load(folder) -> BertForMaskedLM:
    """Loads a checkpoint and insists that every tensor found its place."""
    model, info = BertForMaskedLM.from_pretrained(folder, output_loading_info=True)
    assert not info["missing_keys"] and not info["unexpected_keys"] and not info["mismatched_keys"], info
    return model.eval()


def top_tokens(folder, model: BertForMaskedLM, sentence: str, k: int) -> list[tuple[str, float]]:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    encoded = tokenizer(sentence, return_tensors="pt")
    with torch.no_grad():
        logits = model(**encoded).logits[0]
    place = encoded["input_ids"][0].tolist().index(tokenizer.mask_token_id)
    best = logits[place].softmax(-1).topk(k)
    return [(tokenizer.convert_ids_to_tokens(int(i)), float(p)) for p, i in zip(best.values, best.indices, strict=True)]


@pytest.fixture(scope="module")
def foreign_checkpoint(checkpoint, tmp_path_factory):
    """A small model that transformers made and saved."""
    torch.manual_seed(11)
    folder = tmp_path_factory.mktemp("foreign") / "model"
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=96,
        num_hidden_layers=3,
        num_attention_heads=4,
        intermediate_size=200,
        max_position_embeddings=128,
    )
    BertForMaskedLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def test_transformers_loads_our_checkpoint_and_gives_our_loss(checkpoint, validation_file):
    ours = mlm_json("eval", validation_file, "--model", checkpoint)["loss"]
    assert ours == pytest.approx(loss_in_transformers(load(checkpoint), validation_file), abs=1e-4)


def test_both_fill_the_mask_with_the_same_tokens(checkpoint):
    expected = top_tokens(checkpoint, load(checkpoint), SENTENCE, 5)
    [mask] = mlm_json("fill", checkpoint, SENTENCE, "--top-k", 5)["masks"]
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    ids = tokenizer(SENTENCE)["input_ids"]
    for answer in mask["answers"]:
        completed = [answer["id"] if id == tokenizer.mask_token_id else id for id in ids]
        assert answer["sequence"] == tokenizer.decode(completed[1:-1])
    assert [answer["token"] for answer in mask["answers"]] == [token for token, _ in expected]
    assert [answer["probability"] for answer in mask["answers"]] == pytest.approx([p for _, p in expected], abs=1e-5)


def test_we_give_the_loss_of_a_checkpoint_that_transformers_saved(foreign_checkpoint, validation_file):
    ours = mlm_json("eval", validation_file, "--model", foreign_checkpoint)["loss"]
    assert ours == pytest.approx(loss_in_transformers(load(foreign_checkpoint), validation_file), abs=1e-4)


def test_a_checkpoint_that_transformers_saved_trains_here(foreign_checkpoint, arrow_file, validation_file, tmp_path):
    before = loss_in_transformers(load(foreign_checkpoint), validation_file)
    trained = tmp_path / "trained"
    mlm(
        *("train", arrow_file, "--model", foreign_checkpoint, "--output", trained),
        *("--max-steps", 30, "--learning-rate", 1e-3),
    )
    assert loss_in_transformers(load(trained), validation_file) < before - 0.5
    theirs = json.loads((foreign_checkpoint / "config.json").read_text())
    ours = json.loads((trained / "config.json").read_text())
    assert ours["intermediate_size"] == theirs["intermediate_size"] == 200
