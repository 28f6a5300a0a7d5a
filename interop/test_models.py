"""Every family of models travels in both directions between mlm and transformers, and means the same on either side."""

import json

import numpy as np
import onnxruntime
import pyarrow
import pyarrow.ipc
import pytest
import torch
from transformers import AutoConfig, AutoModelForMaskedLM, AutoTokenizer

from conftest import mlm, mlm_json

SENTENCE = "And the [MASK] was without form, and void."
BERT = dict(hidden_size=48, num_hidden_layers=2, num_attention_heads=4, intermediate_size=96, max_position_embeddings=80)
FAMILIES = {
    "roberta": dict(BERT, type_vocab_size=1, pad_token_id=0),
    "xlm-roberta": dict(BERT, type_vocab_size=1, pad_token_id=0),
    "camembert": dict(BERT, type_vocab_size=1, pad_token_id=0),
    "distilbert": dict(dim=48, n_layers=2, n_heads=4, hidden_dim=96, max_position_embeddings=80),
    # Rows of 64 tokens are five windows of 12 and more, so that local attention is computed in blocks.
    "modernbert": dict(hidden_size=48, num_hidden_layers=4, num_attention_heads=4, intermediate_size=64, local_attention=24,
                       pad_token_id=0, bos_token_id=101, cls_token_id=101, eos_token_id=102, sep_token_id=102),
    "electra": dict(BERT, embedding_size=32),
    "albert": dict(BERT, embedding_size=32, num_hidden_groups=2),
}


def load(folder):
    """Loads a checkpoint and insists that every tensor found its place."""
    model, info = AutoModelForMaskedLM.from_pretrained(folder, output_loading_info=True)
    assert not info["missing_keys"] and not info["unexpected_keys"] and not info["mismatched_keys"], info
    return model.float().eval()


def loss_in_transformers(model, dataset) -> float:
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


@pytest.fixture(scope="module", params=FAMILIES)
def family(request, checkpoint, tmp_path_factory):
    """A model that transformers made, with weights wide enough that each matters, and saved in shards of half precision."""
    torch.manual_seed(11)
    folder = tmp_path_factory.mktemp(request.param) / "model"
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    config = AutoConfig.for_model(request.param, vocab_size=len(tokenizer), initializer_range=0.08,
                                  **FAMILIES[request.param])
    model = AutoModelForMaskedLM.from_config(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn(parameter.shape) * 0.03)
    dtype = torch.float16 if request.param in ("roberta", "modernbert") else torch.bfloat16
    model.to(dtype).save_pretrained(folder, max_shard_size="1MB")
    assert (folder / "model.safetensors.index.json").exists()
    tokenizer.save_pretrained(folder)
    return folder


def test_a_family_means_the_same_in_both_directions(family, arrow_file, validation_file, tmp_path):
    theirs = load(family)
    loss = loss_in_transformers(theirs, validation_file)
    assert mlm_json("eval", validation_file, "--model", family)["loss"] == pytest.approx(loss, abs=1e-4)

    trained = tmp_path / "trained"
    mlm("train", arrow_file, "--model", family, "--output", trained, "--max-steps", 12, "--learning-rate", 2e-3,
        "--freeze", 1)
    model = load(trained)
    after = loss_in_transformers(model, validation_file)
    assert after < loss - 0.05
    assert mlm_json("eval", validation_file, "--model", trained)["loss"] == pytest.approx(after, abs=1e-4)
    before = json.loads((family / "config.json").read_text())
    written = json.loads((trained / "config.json").read_text())
    assert {name: written[name] for name in FAMILIES[before["model_type"]]} == FAMILIES[before["model_type"]]
    assert written["model_type"] == before["model_type"] and written["architectures"] == before["architectures"]

    tokenizer = AutoTokenizer.from_pretrained(trained)
    encoded = tokenizer(SENTENCE, return_tensors="pt")
    with torch.no_grad():
        logits = model(input_ids=encoded["input_ids"], attention_mask=encoded["attention_mask"]).logits[0]
    place = encoded["input_ids"][0].tolist().index(tokenizer.mask_token_id)
    best = logits[place].softmax(-1).topk(5)
    [mask] = mlm_json("fill", trained, SENTENCE, "--top-k", 5)["masks"]
    assert [answer["id"] for answer in mask["answers"]] == best.indices.tolist()
    assert [answer["probability"] for answer in mask["answers"]] == pytest.approx(best.values.tolist(), abs=1e-5)

    mlm("export", trained, tmp_path / "web")
    session = onnxruntime.InferenceSession(str(tmp_path / "web/onnx/model.onnx"), providers=["CPUExecutionProvider"])
    feeds = {value.name: encoded.get(value.name, torch.zeros_like(encoded["input_ids"])).numpy()
             for value in session.get_inputs()}
    [exported] = session.run(["logits"], feeds)
    np.testing.assert_allclose(exported[0], logits.numpy(), atol=1e-4)
