"""mlm's ids are those of Rust tokenizers: on fresh random text at every run, and through a saved checkpoint."""

import json
import os
import random
import secrets
import struct
from pathlib import Path

import pytest
from tokenizers import BertWordPieceTokenizer, Tokenizer
from transformers import AutoTokenizer

from conftest import ROOT, node

VOCABULARY = ROOT / "packages/tokenize/vocabulary/bert-base-uncased.txt"
ENCODE = Path(__file__).parent / "encode.js"
FIXTURES = ROOT / "packages/tokenize/fixtures"
#: Byte-level BPE and Unigram, in every stage that is supported and as the public tokenizers of today have them.
TOKENIZERS = sorted(path for folder in ("pipeline", "native") for path in (FIXTURES / folder).glob("*.json") if path.stem != "oracle")
SEED = int(os.environ.get("INTEROP_SEED", secrets.randbits(32)))

SCRIPTS = [
    *((0x20, 0x7E),) * 6,  # mostly ASCII, as text is
    (0x00, 0x1F),
    (0x7F, 0x24F),
    (0x300, 0x36F),
    (0x370, 0x5FF),
    (0x600, 0x6FF),
    (0x900, 0xDFF),
    (0x1E00, 0x20CF),
    (0x2E80, 0x33FF),
    (0x4E00, 0x9FFF),
    (0xAC00, 0xD7A3),
    (0xF900, 0xFFFD),
    (0x10000, 0x10FFFF),
]


def random_text(source: random.Random, words: list[str]) -> str:
    pieces = []
    for _ in range(source.randrange(1, 60)):
        kind = source.random()
        if kind < 0.4:
            word = source.choice(words).removeprefix("##")
            pieces.append(source.choice([word, word.upper(), word.capitalize(), word + source.choice(words)]))
        elif kind < 0.9:
            low, high = source.choice(SCRIPTS)
            pieces.append("".join(chr(source.randint(low, high)) for _ in range(source.randrange(1, 12))))
        elif kind < 0.95:
            pieces.append(source.choice("abcxyz") * source.randrange(95, 106))
        else:
            pieces.append(source.choice(["[MASK]", "[CLS]", "[SEP]", "[UNK]", "[PAD]", "[mask]", "[UNK"]))
        pieces.append(source.choice(["", " ", " ", " ", "\t", "\n", "\u00a0", "\u3000"]))
    return "".join(pieces)


def our_ids(tokenizer: Path, texts: list[str]) -> list[list[int]]:
    """One array of ids a text; texts travel as UTF-8 with their length before them."""
    encoded = [text.encode("utf-8") for text in texts]
    stdin = b"".join(struct.pack("<I", len(text)) + text for text in encoded)
    return [json.loads(line) for line in node(ENCODE, tokenizer, stdin=stdin).splitlines()]


@pytest.mark.parametrize("lowercase", [True, False], ids=["uncased", "cased"])
def test_random_text_gives_the_ids_of_rust_tokenizers(lowercase, tmp_path):
    print(f"INTEROP_SEED={SEED}")
    source = random.Random(SEED)
    words = VOCABULARY.read_text(encoding="utf-8").splitlines()
    texts = [random_text(source, words) for _ in range(4000)]
    theirs = BertWordPieceTokenizer(str(VOCABULARY), lowercase=lowercase)
    theirs.save(str(tmp_path / "tokenizer.json"))
    for text, ours in zip(texts, our_ids(tmp_path / "tokenizer.json", texts), strict=True):
        expected = theirs.encode(text, add_special_tokens=False).ids
        assert ours == expected, f"seed {SEED}, text {text!r}"


@pytest.mark.parametrize("file", TOKENIZERS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_random_text_gives_the_ids_of_rust_tokenizers_with_bpe_and_unigram(file):
    print(f"INTEROP_SEED={SEED}")
    source = random.Random(SEED)
    theirs = Tokenizer.from_file(str(file))
    tokens = [token.content for token in theirs.get_added_tokens_decoder().values()]
    words = [*theirs.get_vocab(), "don't", "I'LL", "1234567", "''", "``", "  ", "\n\n", "\r\n", *tokens * 3]
    words = [word.replace("Ġ", " ").replace("▁", " ") for word in sorted(words)]
    texts = [random_text(source, words) for _ in range(400)]
    for text, ours in zip(texts, our_ids(file, texts), strict=True):
        expected = theirs.encode(text, add_special_tokens=False).ids
        assert ours == expected, f"seed {SEED}, text {text!r}"


def test_the_checkpoint_s_tokenizer_gives_our_ids(checkpoint, corpus):
    theirs = AutoTokenizer.from_pretrained(checkpoint)
    assert theirs.is_fast
    texts = [line for book in sorted(corpus.glob("*.txt")) for line in book.read_text(encoding="utf-8").splitlines()]
    texts = [line for line in texts if line.strip()][:2000]
    assert our_ids(checkpoint, texts) == theirs(texts, add_special_tokens=False)["input_ids"]
