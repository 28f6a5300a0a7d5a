"""
Masks hold up against transformers' DataCollatorForLanguageModeling on the same rows. docs/masking.md says where the two
differ; what it says is shown here.
"""

import subprocess

import datasets
import numpy
import pyarrow
import pytest
import torch
from transformers import AutoTokenizer, DataCollatorForLanguageModeling

from conftest import ROOT, mlm, mlm_json

IGNORED = -100
TEXT = """The unbelievable firefighters extinguished the conflagration. Unquestionably, they weren't misunderstood!
Reinforcements: 3,000 men (and [MASK] women) arrived at half-past nine ☃ o'clock.

Ælfric's counterrevolutionaries uncharacteristically overgeneralised.
"""


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    path = tmp_path_factory.mktemp("masking") / "text.txt"
    path.write_text(TEXT * 20, encoding="utf-8")
    return path


def rows(path) -> list[dict]:
    with pyarrow.memory_map(str(path)) as source:
        return pyarrow.ipc.open_file(source).read_all().to_pylist()


def preprocess(text, folder, *options) -> list[dict]:
    target = folder / f"{'-'.join(options) or 'plain'}.arrow".replace("/", "")
    mlm("preprocess", text, target, "--sequence-length", 48, "--quiet", *options)
    return rows(target)


def originals(row: dict) -> list[int]:
    return [i if label == IGNORED else label for i, label in zip(row["input_ids"], row["labels"])]


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    """The bundled bert-base-uncased, as mlm puts it beside a checkpoint."""
    vocabulary = next((ROOT / "packages/tokenize").glob("**/bert-base-uncased*/vocab.txt"), None)
    folder = tmp_path_factory.mktemp("tokenizer")
    if vocabulary:
        return AutoTokenizer.from_pretrained(vocabulary.parent)
    script = f"""import {{ loadTokenizer }} from '{ROOT}/packages/tokenize/dist/index.js';
import {{ writeFileSync }} from 'node:fs';
for (const [name, text] of Object.entries((await loadTokenizer()).files)) writeFileSync('{folder}/' + name, text);"""
    subprocess.run(["node", "--input-type=module", "-e", script], check=True)
    return AutoTokenizer.from_pretrained(folder)


def collate(tokenizer, ids: list[list[int]], **options) -> tuple[numpy.ndarray, numpy.ndarray]:
    collator = DataCollatorForLanguageModeling(tokenizer, **options)
    batch = collator([{"input_ids": row} for row in ids])
    return batch["input_ids"].numpy(), batch["labels"].numpy()


def test_masks_and_labels_the_same_tokens_where_everything_is_masked(text, tokenizer, tmp_path):
    made = preprocess(text, tmp_path, "--mask-probability", "1")
    ids = [originals(row) for row in made]
    masked, labels = collate(tokenizer, ids, mlm_probability=1.0, mask_replace_prob=1.0, random_replace_prob=0.0)
    assert [row["input_ids"] for row in made] == masked.tolist()
    assert [row["labels"] for row in made] == labels.tolist()


def test_keeps_every_token_where_shares_say_so(text, tokenizer, tmp_path):
    made = preprocess(text, tmp_path, "--mask-probability", "1", "--replace", "0,0,1")
    ids = [originals(row) for row in made]
    masked, labels = collate(tokenizer, ids, mlm_probability=1.0, mask_replace_prob=0.0, random_replace_prob=0.0)
    assert [row["input_ids"] for row in made] == masked.tolist() == ids
    assert [row["labels"] for row in made] == labels.tolist()


def test_has_the_shares_of_the_collator(text, tokenizer, tmp_path):
    """Both within five standard deviations of 15 % and of 80/10/10, over enough draws of the same rows."""
    made = preprocess(text, tmp_path, "--replace", "bert", "--dupe-factor", "40")
    ids = [originals(row) for row in made]
    torch.manual_seed(1)
    theirs = collate(tokenizer, ids)
    ours = numpy.array([row["input_ids"] for row in made]), numpy.array([row["labels"] for row in made])
    special = numpy.isin(ids, tokenizer.all_special_ids)
    for masked, labels in (ours, theirs):
        chosen = labels != IGNORED
        assert not (chosen & special).any()
        n, k = (~special).sum(), chosen.sum()
        assert abs(k - 0.15 * n) < 5 * (n * 0.15 * 0.85) ** 0.5
        by_mask = (chosen & (masked == tokenizer.mask_token_id)).sum()
        kept = (chosen & (masked == labels)).sum()
        assert abs(by_mask - 0.8 * k) < 5 * (k * 0.16) ** 0.5
        assert abs(kept - 0.1 * k) < 5 * (k * 0.09) ** 0.5 + 5


def test_their_random_tokens_may_be_special_ones_ours_never(text, tokenizer, tmp_path):
    """BERT's own script draws from the whole vocabulary as well; the paper says "a random token"."""
    small = list(range(1000, 1100))
    collator = DataCollatorForLanguageModeling(
        tokenizer, mlm_probability=1.0, mask_replace_prob=0.0, random_replace_prob=1.0, seed=1
    )
    drawn = collator([{"input_ids": small * 5} for _ in range(2000)])["input_ids"]
    assert numpy.isin(drawn.numpy(), tokenizer.all_special_ids).any()
    made = preprocess(text, tmp_path, "--mask-probability", "1", "--replace", "0,1,0", "--dupe-factor", "40")
    for row in made:
        for shown, label in zip(row["input_ids"], row["labels"]):
            assert label == IGNORED or shown not in tokenizer.all_special_ids


def words_of_ours(tokens: list[str], special: set[str]) -> list[list[int]]:
    words: list[list[int]] = []
    for position, token in enumerate(tokens):
        if token in special:
            continue
        continues = token.startswith("##") and words and words[-1][-1] == position - 1
        words[-1].append(position) if continues else words.append([position])
    return words


def test_their_words_have_the_punctuation_that_touches_them_ours_are_words_of_wordpiece(tokenizer):
    """BERT's whole-word masking makes a punctuation mark a word; the collator goes by gaps between offsets."""
    encoded = tokenizer("Unquestionably, they weren't misunderstood!", return_offsets_mapping=True)
    tokens = tokenizer.convert_ids_to_tokens(encoded["input_ids"])
    special = [int(i in tokenizer.all_special_ids) for i in encoded["input_ids"]]
    word_ids, _ = DataCollatorForLanguageModeling._calc_word_ids_and_prob_mask(
        numpy.array([encoded["offset_mapping"]]), numpy.array([special])
    )
    theirs = [
        [position for position, word in enumerate(word_ids[0]) if word == wanted]
        for wanted in sorted(set(word_ids[0]) - {-1})
    ]
    text_of = lambda words: ["".join(tokens[i].removeprefix("##") for i in word) for word in words]
    assert text_of(theirs) == ["unquestionably,", "they", "weren't", "misunderstood!"]
    ours = words_of_ours(tokens, set(tokenizer.all_special_tokens))
    assert text_of(ours) == ["unquestionably", ",", "they", "weren", "'", "t", "misunderstood", "!"]


def test_whole_words_are_those_of_the_collator_where_no_punctuation_touches_them(tokenizer, tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("firefighters uncharacteristically misunderstood the counterrevolutionaries " * 200)
    made = preprocess(path, tmp_path, "--select", "whole-word", "--mask-probability", "0.5")
    for row in made:
        tokens = tokenizer.convert_ids_to_tokens(originals(row))
        for word in words_of_ours(tokens, set(tokenizer.all_special_tokens)):
            assert len({row["labels"][position] != IGNORED for position in word}) == 1
    chosen = [label != IGNORED for row in made for label in row["labels"]]
    assert any(chosen) and not all(chosen)


def test_their_whole_words_are_never_replaced_at_random(tokenizer):
    with pytest.warns(UserWarning, match="Random token replacement is not supported with whole word masking"):
        collator = DataCollatorForLanguageModeling(tokenizer, whole_word_mask=True)
    assert (collator.mask_replace_prob, collator.random_replace_prob) == (1.0, 0.0)


def test_verify_accepts_rows_that_the_collator_masked(text, tokenizer, tmp_path):
    ids = [originals(row) for row in preprocess(text, tmp_path)]
    torch.manual_seed(7)
    masked, labels = collate(tokenizer, ids)
    folder = tmp_path / "saved"
    attention = (numpy.array(ids) != tokenizer.pad_token_id).astype("int64")
    columns = {"input_ids": masked.tolist(), "labels": labels.tolist(), "attention_mask": attention.tolist()}
    datasets.Dataset.from_dict(columns).save_to_disk(folder)
    tokenizer.save_pretrained(tmp_path / "tokenizer")
    report = mlm_json("verify", folder, "--tokenizer", tmp_path / "tokenizer")
    assert report["sound"] and report["splits"]["train"]["checked"] == "laws"
    assert any("not judged" in note for note in report["splits"]["train"]["notes"])


def test_verify_tells_whole_words_of_the_collator(tokenizer, tmp_path):
    """As run_mlm calls it: with the tokenizer's special_tokens_mask, by which an unknown token in the text is none."""
    lines = ["the firefighters, unbelievable as it sounds ☃, misunderstood counterrevolutionaries (twice)"] * 600
    encoded = tokenizer(lines, return_offsets_mapping=True, return_special_tokens_mask=True)
    torch.manual_seed(3)
    with pytest.warns(UserWarning, match="Random token replacement is not supported"):
        collator = DataCollatorForLanguageModeling(tokenizer, whole_word_mask=True)
    batch = collator([{name: encoded[name][i] for name in encoded if name != "token_type_ids"} for i in range(600)])
    columns = {name: batch[name].tolist() for name in ("input_ids", "labels", "attention_mask")}
    tokenizer.save_pretrained(tmp_path / "tokenizer")
    report = mlm_json("verify", saved(tmp_path / "words", columns), "--tokenizer", tmp_path / "tokenizer")
    assert report["sound"]
    notes = report["splits"]["train"]["notes"]
    assert any("replaced by [MASK]" in note and "(100.00 %), by other ids 0" in note for note in notes)
    assert any("(100.00 %), words are masked as a whole" in note for note in notes)
    assert tokenizer.unk_token_id in batch["labels"]
    assert any("masked tokens are unknown ones" in note for note in notes)
    # The plain collator masks token by token, and leaves the unknown token alone where it finds special tokens itself.
    masked, labels = collate(tokenizer, encoded["input_ids"])
    plain = {"input_ids": masked.tolist(), "labels": labels.tolist()}
    report = mlm_json("verify", saved(tmp_path / "tokens", plain), "--tokenizer", tmp_path / "tokenizer")
    assert report["sound"]
    notes = report["splits"]["train"]["notes"]
    assert any("continue a word" in note and "if they were independent; not judged" in note for note in notes)
    assert not any("unknown" in note for note in notes)


def saved(folder, columns: dict, types: dict | None = None):
    features = types and datasets.Features(types)
    datasets.Dataset.from_dict(columns, features=features).save_to_disk(folder)
    return folder


LISTS = {
    "int32": lambda: datasets.Sequence(datasets.Value("int32")),
    "uint16": lambda: datasets.Sequence(datasets.Value("uint16")),
    "large lists": lambda: datasets.LargeList(datasets.Value("int64")),
    "fixed lists": lambda: datasets.Sequence(datasets.Value("int64"), length=48),
}


def test_verify_reads_what_datasets_saves(text, tokenizer, tmp_path):
    ids = [originals(row) for row in preprocess(text, tmp_path)]
    torch.manual_seed(7)
    masked, labels = collate(tokenizer, ids)
    columns = {"input_ids": masked.tolist(), "labels": labels.tolist()}
    tokenizer.save_pretrained(tmp_path / "tokenizer")

    def verified(folder):
        report = mlm_json("verify", folder, "--tokenizer", tmp_path / "tokenizer")
        assert report["sound"]
        return report

    for name, kind in LISTS.items():
        signed = datasets.Sequence(datasets.Value("int32"))
        types = {"input_ids": kind(), "labels": signed if name == "uint16" else kind()}
        report = verified(saved(tmp_path / name, columns, types))
        assert report["splits"]["train"]["rows"] == len(ids)
    more = {**columns, "token_type_ids": [[0] * 48] * len(ids), "text": ["x"] * len(ids)}
    verified(saved(tmp_path / "more", more))
    special = [[tokenizer.cls_token_id, tokenizer.sep_token_id]] * 9
    verified(saved(tmp_path / "special", {"input_ids": special, "labels": [[IGNORED] * 2] * 9}))
    parts = {name: datasets.Dataset.from_dict(columns) for name in ("train", "validation", "test")}
    datasets.DatasetDict(parts).save_to_disk(tmp_path / "parts", num_shards={name: 5 for name in parts})
    report = verified(tmp_path / "parts")
    assert set(report["splits"]) == {"train", "validation"}
    assert report["unchecked"] == [str(tmp_path / "parts" / "test")]


@pytest.mark.parametrize(
    "spoil, words",
    [
        (lambda columns: columns.pop("labels"), 'the dataset is not masked: it has no column "labels"'),
        (lambda columns: columns["labels"][5].__setitem__(3, 2**40), 'column "labels" contains 1099511627776'),
        (lambda columns: columns["labels"].__setitem__(5, None), "expected lists of integers without nulls"),
        (lambda columns: columns["input_ids"][5].__setitem__(3, None), "expected lists of integers without nulls"),
    ],
)
@pytest.mark.parametrize("shards", [1, 6])
def test_verify_says_in_words_what_it_cannot_read(spoil, words, shards, tmp_path, tokenizer):
    row = [tokenizer.cls_token_id, *range(2000, 2020), tokenizer.sep_token_id]
    columns = {"input_ids": [list(row) for _ in range(60)], "labels": [[IGNORED] * len(row) for _ in range(60)]}
    spoil(columns)
    datasets.Dataset.from_dict(columns).save_to_disk(tmp_path / "saved", num_shards=shards)
    tokenizer.save_pretrained(tmp_path / "tokenizer")
    command = ["node", ROOT / "packages/cli/bin/mlm.js", "verify", tmp_path / "saved"]
    command += ["--tokenizer", tmp_path / "tokenizer"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert words in result.stderr and str(tmp_path / "saved") in result.stderr
    assert "unexpected" not in result.stderr
