"""`--recipe run_mlm` has the defaults of transformers' classes; compare_recipe.py holds its results against theirs."""

import dataclasses
import json

from transformers import DataCollatorForLanguageModeling, TrainingArguments

from conftest import ROOT, node


def test_defaults():
    """Each option of the recipe is what transformers' classes have by default."""
    theirs = {field.name: field.default for field in dataclasses.fields(TrainingArguments)}
    collator = {field.name: field.default for field in dataclasses.fields(DataCollatorForLanguageModeling)}
    module = (ROOT / "packages/cli/dist/options/recipes.js").as_uri()
    script = f"import({json.dumps(module)}).then(({{ recipes }}) => console.log(JSON.stringify(recipes.run_mlm)))"
    ours = json.loads(node("-e", script))
    train, preprocess = ours["train"], ours["preprocess"]
    assert train == {
        "batchSize": theirs["per_device_train_batch_size"],
        "gradientAccumulation": theirs["gradient_accumulation_steps"],
        "epochs": theirs["num_train_epochs"],
        "learningRate": theirs["learning_rate"],
        "schedule": theirs["lr_scheduler_type"],
        "warmup": theirs["warmup_steps"],
        "weightDecay": theirs["weight_decay"],
        "beta1": theirs["adam_beta1"],
        "beta2": theirs["adam_beta2"],
        "epsilon": theirs["adam_epsilon"],
        "clipNorm": theirs["max_grad_norm"],
        "masking": "dynamic",
        "seed": theirs["seed"],
    }
    assert preprocess["probability"] == collator["mlm_probability"]
    assert (collator["mask_replace_prob"], collator["random_replace_prob"]) == (0.8, 0.1)
    assert (preprocess["replace"], preprocess["select"]) == ("bert", "token")
    assert not collator["whole_word_mask"]
