"""
CHECKOUT VOCAB wordpiece|character lower|cased: tokenizes each line of standard input with the original's BertJapaneseTokenizer
and unidic-lite. JSON lines on standard output; on standard error the seconds that tokenizing alone took.
"""
import json
import sys
import time

checkout, vocab, subword, case = sys.argv[1:]
sys.path.insert(0, checkout)
from tokenization import BertJapaneseTokenizer  # noqa: E402

tokenizer = BertJapaneseTokenizer(
    vocab,
    do_lower_case=case == "lower",
    word_tokenizer_type="mecab",
    subword_tokenizer_type=subword,
    vocab_has_no_subword_prefix=subword == "character",
    mecab_kwargs={"mecab_dic": "unidic_lite"},
)
content = sys.stdin.buffer.read()
lines = content.split(b"\n")
if not lines[-1]:
    lines.pop()
texts = [line.decode("utf-8", "ignore").strip() for line in lines]
start = time.perf_counter()
token_lists = [tokenizer.tokenize(text) for text in texts]
print(time.perf_counter() - start, file=sys.stderr)
with open(sys.stdout.fileno(), "w", encoding="utf-8", closefd=False) as output:
    for tokens in token_lists:
        line = {"tokens": tokens, "ids": tokenizer.convert_tokens_to_ids(tokens)}
        output.write(json.dumps(line, ensure_ascii=False) + "\n")
