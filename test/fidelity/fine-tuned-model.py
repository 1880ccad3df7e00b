"""Loads a model that the stage jglue saved (MARC-ja, JSTS or JNLI) with transformers, and compares its logits with those of predictions.jsonl.

python test/fidelity/fine-tuned-model.py MODEL EXAMPLES PREDICTIONS   (pip install transformers torch fugashi and the model's dictionary)
"""

import json
import sys

import torch
from transformers import BertForSequenceClassification, BertJapaneseTokenizer


def main(directory, examples, predictions):
    model = BertForSequenceClassification.from_pretrained(directory, use_safetensors=True).eval()
    tokenizer = BertJapaneseTokenizer.from_pretrained(directory)
    rows = [json.loads(line) for line in open(examples)]
    ours = [row for row in map(json.loads, open(predictions)) if row["split"] == "dev"]
    assert len(rows) == len(ours), f"{len(rows)} examples, {len(ours)} predictions"
    worst = 0.0
    for row, prediction in zip(rows, ours):
        texts = [row["sentence"]] if "sentence" in row else [row["sentence1"], row["sentence2"]]
        inputs = tokenizer(*texts, return_tensors="pt", truncation=True, max_length=512 if len(texts) == 1 else 128)
        with torch.no_grad():
            theirs = model(**inputs).logits[0].tolist()
        worst = max(worst, *(abs(a - b) for a, b in zip(theirs, prediction["logits"])))
    print(f"{len(rows)} examples, largest difference of a logit {worst:.2g}")
    assert worst < 1e-4


main(*sys.argv[1:])
