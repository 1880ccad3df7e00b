"""Answers jobs with the original create_pretraining_data.py, a JSON object a line; original-script.ts starts it.

{"flags": {...}} runs the script's main with these flags. {"read": path} reads a gzip file of records with
TensorFlow's TFRecordDataset and with Python's gzip: {"records": count, "sha256": digest of what is in it}.
Arguments: the checkout with the original scripts.
"""
import gzip
import hashlib
import json
import os
import sys

answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
sys.path.insert(0, sys.argv[1])

import tensorflow as tf
from absl import flags, logging

import create_pretraining_data as script

logging.set_verbosity(logging.ERROR)


def run(values):
    flags.FLAGS.unparse_flags()
    flags.FLAGS(["script", *(f"--{name}={value}" for name, value in values.items())])
    script.main(None)
    return {}


def read(path):
    records = sum(1 for _ in tf.data.TFRecordDataset(path, compression_type="GZIP"))
    with gzip.open(path) as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    return {"records": records, "sha256": digest}


for line in sys.stdin:
    job = json.loads(line)
    try:
        answer = run(job["flags"]) if "flags" in job else read(job["read"])
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), file=answers, flush=True)
