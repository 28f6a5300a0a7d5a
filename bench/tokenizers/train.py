"""Trains a WordPiece, a byte-level BPE and a Unigram vocabulary on the first 3 MB of a text: python train.py TEXT FOLDER"""

import sys

from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers, trainers

text, folder = sys.argv[1:]
with open(text, encoding="utf-8", errors="ignore") as file:
    lines = file.read(3_000_000).splitlines()
BERT = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
ROBERTA = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]


def made(model, normalizer, pre_tokenizer, trainer, name):
    tokenizer = Tokenizer(model)
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.train_from_iterator(lines, trainer)
    tokenizer.save(f"{folder}/{name}.json")


settings = {"show_progress": False}
made(
    models.WordPiece(unk_token="[UNK]"), normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer(),
    trainers.WordPieceTrainer(vocab_size=30_000, special_tokens=BERT, **settings), "wordpiece",
)  # fmt: skip
made(
    models.BPE(), None, pre_tokenizers.ByteLevel(add_prefix_space=False),
    trainers.BpeTrainer(vocab_size=50_000, special_tokens=ROBERTA, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), **settings), "bpe",
)  # fmt: skip
made(
    models.Unigram(), normalizers.NFKC(), pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()]),
    trainers.UnigramTrainer(vocab_size=16_000, special_tokens=ROBERTA, unk_token="<unk>", **settings), "unigram",
)  # fmt: skip
