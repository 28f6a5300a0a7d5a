"""Writes src/unicode/tables.generated.ts: what Rust `tokenizers` does with each code point.

    pip install -r scripts/requirements.txt
    python scripts/unicode_tables.py            # rewrites the file
    python scripts/unicode_tables.py --check    # exits 1 when the committed file differs

BERT's normalizer in Rust takes its character classes from several crates that follow different versions of
Unicode, and none of them is the version of Node's ICU. So the tables are read off the reference itself, code point
by code point; only the list of marks that stand for one canonical combining class each comes from `unicodedata`.
"""

import sys
import unicodedata
from pathlib import Path

from tokenizers import Regex, normalizers, pre_tokenizers

TARGET = Path(__file__).parent.parent / "src" / "unicode" / "tables.generated.ts"
CODE_POINTS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]


def bert(**options):
    off = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    return normalizers.BertNormalizer(**{**off, **options}).normalize_str


clean, chinese, strip, lower = (
    bert(clean_text=True),
    bert(handle_chinese_chars=True),
    bert(strip_accents=True),
    bert(lowercase=True),
)
nfd = normalizers.NFD().normalize_str
pre_tokenize = pre_tokenizers.BertPreTokenizer().pre_tokenize_str


def pieces(text):
    return [piece for piece, _ in pre_tokenize(text)]


def combining_classes():
    """code point -> canonical combining class, for the classes above 0, as the reference orders them."""
    lowest, highest = "\u0334", "\u0345"  # classes 1 and 240: the ends of the order

    def combines(s):
        return nfd(s) == s and (nfd(s + lowest) != s + lowest or nfd(highest + s) != highest + s)

    marks = {}
    for c in CODE_POINTS:
        if unicodedata.combining(chr(c)) and combines(chr(c)):
            marks.setdefault(unicodedata.combining(chr(c)), chr(c))
    classes = {}
    for c in CODE_POINTS:
        s = chr(c)
        if not combines(s):
            continue
        equal = [k for k, mark in marks.items() if nfd(mark + s) == mark + s and nfd(s + mark) == s + mark]
        assert len(equal) == 1, hex(c)
        classes[c] = equal[0]
    return classes


def matching(pattern):
    """The code points that a regular expression of a tokenizer.json matches."""
    split = pre_tokenizers.Split(Regex(pattern), "isolated").pre_tokenize_str
    return [c for c in CODE_POINTS if len(split(f"\x01{chr(c)}\x01")) == 3]


def normalized():
    """The code points that take part in any of the four normalization forms as the reference knows them."""
    nfkd = normalizers.NFKD().normalize_str
    found = set(combining_classes()) | set(range(0x1100, 0x1200)) | set(range(0xAC00, 0xD7A4))
    for c in CODE_POINTS:
        found.update(map(ord, nfd(chr(c))) if nfd(chr(c)) != chr(c) else ())
        if nfkd(chr(c)) != chr(c):
            found.add(c)
    return sorted(found)


def base36(n):
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    if n < 0:
        return "-" + base36(-n)
    return digits[n] if n < 36 else base36(n // 36) + digits[n % 36]


def ranges(code_points):
    """First code point as a distance from the last range's end, and the range's length less one, in base 36."""
    found = []
    for c in code_points:
        if found and found[-1][1] == c - 1:
            found[-1][1] = c
        else:
            found.append([c, c])
    out, last = [], 0
    for first, end in found:
        out += [base36(first - last), base36(end - first)]
        last = end
    return " ".join(out)


def mapping(pairs):
    """Code point as a distance from the last one, then what it becomes as distances from it, in base 36."""
    out, last = [], 0
    for c, values in pairs:
        out.append(":".join([base36(c - last), *(base36(v - c) for v in values)]))
        last = c
    return " ".join(out)


def tables():
    dropped, spaced, white, punctuation, stripped, ideographs, decomposed, lowered = ([] for _ in range(8))
    for c in CODE_POINTS:
        s = chr(c)
        around = f"x{s}y"
        cleaned = clean(around)
        if cleaned == "xy":
            dropped.append(c)
        elif cleaned != around:
            assert cleaned == "x y", hex(c)
            spaced.append(c)
        split = pieces(around)
        if split == ["x", "y"]:
            white.append(c)
        elif split == ["x", s, "y"]:
            punctuation.append(c)
        else:
            assert split == [around], hex(c)
        if chinese(around) != around:
            assert chinese(around) == f"x {s} y", hex(c)
            ideographs.append(c)
        decomposition = nfd(s)
        if decomposition != s and not 0xAC00 <= c <= 0xD7A3:
            decomposed.append((c, [ord(d) for d in decomposition]))
        if decomposition == s and strip(s) == "":
            stripped.append(c)
        if lower(s) != s:
            lowered.append((c, [ord(l) for l in lower(s)]))
    for c in CODE_POINTS:  # the stages are independent: decompose, then drop the stripped, then lower
        assert strip(chr(c)) == "".join(d for d in nfd(chr(c)) if strip(d) != ""), hex(c)
    assert set(spaced) - {ord(" ")} <= set(white)
    classes = combining_classes()
    by_class = {}
    for c, k in classes.items():
        by_class.setdefault(k, []).append(c)
    return {
        "dropped": ranges(dropped),
        "whitespace": ranges(white),
        "punctuation": ranges(punctuation),
        "nonspacingMark": ranges(stripped),
        "ideograph": ranges(ideographs),
        "decomposition": mapping(decomposed),
        "lowercase": mapping(lowered),
        "letter": ranges(matching(r"\p{L}")),
        "number": ranges(matching(r"\p{N}")),
        "combiningMark": ranges(c for c in CODE_POINTS if normalizers.StripAccents().normalize_str(chr(c)) == ""),
        "normalized": ranges(normalized()),
        "combiningClass": ",".join(f"{base36(k)}={ranges(by_class[k])}" for k in sorted(by_class)),
    }


def main():
    lines = ["// Made by scripts/unicode_tables.py from Rust tokenizers' behaviour: do not edit.", ""]
    for name, text in tables().items():
        lines += [f"export const {name} =", f"  '{text}';"]
    text = "\n".join(lines) + "\n"
    if "--check" in sys.argv:
        sys.exit(0 if TARGET.read_text() == text else f"{TARGET} differs from what the reference does")
    TARGET.write_text(text)


main()
