"""Prints test/fixtures/unicode-rules.json: what CPython 3.11 and tokenizers 0.13.2 make of every code point.

For each rule one digest for each 4096 code points; surrogates are left out.
Run: python3.11 test/fidelity/unicode-rules.py > test/fixtures/unicode-rules.json  (pip install tokenizers==0.13.2)
"""
import hashlib
import json
import sys
import unicodedata

from tokenizers import normalizers

assert unicodedata.unidata_version == "14.0.0"
tokenizers_nfkc = normalizers.NFKC()


def nfkc(text):
    return unicodedata.normalize("NFKC", text)


rules = {
    "nfkc": nfkc,
    "nfkc between marks": lambda c: nfkc("e\u0323" + c + "\u0327\u0301"),
    "nfkc of tokenizers": tokenizers_nfkc.normalize_str,
    "nfkc of tokenizers between marks": lambda c: tokenizers_nfkc.normalize_str("e\u0323" + c + "\u0327\u0301"),
    "printable": lambda c: str(int(c.isprintable())),
    "whitespace": lambda c: str(int(c.isspace())),
    "lower": str.lower,
    "lower before sigma": lambda c: ("A" + c + "\u03a3").lower(),
    "lower behind sigma": lambda c: ("A\u03a3" + c + "A").lower(),
}


def digests(rule):
    for block in range(0, 0x110000, 0x1000):
        codes = (code for code in range(block, block + 0x1000) if not 0xD800 <= code < 0xE000)
        text = "\n".join(rule(chr(code)) for code in codes)
        yield hashlib.sha256(text.encode()).hexdigest()[:12]


json.dump({name: " ".join(digests(rule)) for name, rule in rules.items()}, sys.stdout, indent=2)
print()
