"""Writes src/tokenizer/transformers.generated.ts: which tokenizer class transformers takes for a class or model name.

    pip install "transformers==5.23.0"
    python scripts/transformers_classes.py
"""

import json
from pathlib import Path

import transformers
from transformers.models.auto import tokenization_auto as auto
from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES

TARGET = Path(__file__).parent.parent / "src" / "tokenizer" / "transformers.generated.ts"
AS_IT_STANDS = {"TokenizersBackend", "PythonBackend"}


def class_of(name):
    """The name of the class that is really used; None where transformers knows no such class."""
    try:
        found = auto.tokenizer_class_from_name(name)
    except Exception:
        return name
    if found is None:
        return None
    found = getattr(found, "__name__", name)
    return "TokenizersBackend" if found in AS_IT_STANDS else found


def main():
    registered = {k: v for k, v in auto.TOKENIZER_MAPPING_NAMES.items() if isinstance(v, str)}
    names = set(registered.values()) | {n for n in dir(transformers) if n.endswith(("Tokenizer", "TokenizerFast"))}
    names |= {n.removesuffix("Config") + "Tokenizer" for n in CONFIG_MAPPING_NAMES.values()}
    names |= {n.removesuffix("Fast") for n in names} | {n.removesuffix("Fast") + "Fast" for n in names}
    classes = {n: c for n in sorted(names) if (c := class_of(n)) is not None}
    known = sorted(set(classes.values()))
    aliases = {n: c for n, c in classes.items() if n.removesuffix("Fast") != c and n != c}
    aliases = {n: c for n, c in aliases.items() if aliases.get(n.removesuffix("Fast")) != c or not n.endswith("Fast")}
    models = {k: v.removesuffix("Fast") for k, v in sorted(registered.items())}
    lines = [
        f"// Made by scripts/transformers_classes.py from transformers {transformers.__version__}: do not edit.",
        "",
        "/** Tokenizer classes of transformers. */",
        f"export const knownClasses: readonly string[] = {json.dumps(known)};",
        "",
        "/** Other names of these classes; `Fast` at the end of a name means nothing. */",
        f"export const classAliases: Readonly<Record<string, string>> = {json.dumps(aliases)};",
        "",
        "/** The class of a model type, where no file names one. */",
        f"export const modelClasses: Readonly<Record<string, string>> = {json.dumps(models)};",
        "",
        "/** Model types whose folders are known to name a wrong class. */",
        f"export const misnamedModels: readonly string[] = {json.dumps(sorted(auto.MODELS_WITH_INCORRECT_HUB_TOKENIZER_CLASS))};",
        "",
    ]
    TARGET.write_text("\n".join(lines))


main()
