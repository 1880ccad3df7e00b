"""Loads every weight file of a model directory with transformers and holds the logits against expected ones.

Usage: load-model.py MODEL EXPECTED.safetensors
Prints one line a format: ok, or why not. Frameworks that are not installed are said to be skipped. Exits with 1 if any differs by more than 1e-5.
"""

import importlib.util
import json
import os
import shutil
import sys
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
if importlib.util.find_spec("tensorflow"):
    # transformers 4.30.0 does not find TensorFlow by itself where its package is called tensorflow-cpu.
    os.environ.setdefault("FORCE_TF_AVAILABLE", "1")
import numpy as np
import transformers
from safetensors.numpy import load_file

model_dir, expected_path = sys.argv[1:]
expected = load_file(expected_path)
inputs = {name: expected[name] for name in ("input_ids", "token_type_ids", "attention_mask")}
tolerance = 1e-5
failed = False


def only(*names):
    """The model directory with one weight file."""
    folder = tempfile.mkdtemp()
    for name in ("config.json", *names):
        shutil.copy(os.path.join(model_dir, name), folder)
    return folder


def check(name, run):
    global failed
    try:
        prediction, relationship, loading = run()
    except ImportError as error:
        print(f"{name}: skipped, {str(error).strip().splitlines()[0]}")
        return
    except Exception as error:  # noqa: BLE001: whatever it is, it is a failure to load
        print(f"{name}: FAILED, {type(error).__name__}: {error}")
        failed = True
        return
    worst = max(
        float(np.abs(np.asarray(prediction) - expected["prediction_logits"]).max()),
        float(np.abs(np.asarray(relationship) - expected["seq_relationship_logits"]).max()),
    )
    missing = sorted(loading.get("missing_keys", []))
    good = worst < tolerance and not missing
    failed = failed or not good
    print(f"{name}: {'ok' if good else 'FAILED'}, largest difference {worst:.2e}, missing keys {missing}")


def pytorch(weights):
    import torch

    if weights.endswith(".bin"):
        torch.load(os.path.join(model_dir, weights), weights_only=True)
    folder = only(weights)
    model, loading = transformers.BertForPreTraining.from_pretrained(folder, output_loading_info=True)
    with torch.no_grad():
        out = model.eval()(**{name: torch.tensor(value, dtype=torch.long) for name, value in inputs.items()})
    return out.prediction_logits.numpy(), out.seq_relationship_logits.numpy(), loading


def tensorflow():
    from transformers import TFBertForPreTraining

    model, loading = TFBertForPreTraining.from_pretrained(only("tf_model.h5"), output_loading_info=True)
    out = model(inputs, training=False)
    return out.prediction_logits.numpy(), out.seq_relationship_logits.numpy(), loading


def flax():
    from transformers import FlaxBertForPreTraining

    model = FlaxBertForPreTraining.from_pretrained(only("flax_model.msgpack"))
    out = model(**inputs)
    return out.prediction_logits, out.seq_relationship_logits, {}


print(f"transformers {transformers.__version__}, {json.load(open(os.path.join(model_dir, 'config.json')))['hidden_act']}")
check("model.safetensors", lambda: pytorch("model.safetensors"))
check("pytorch_model.bin", lambda: pytorch("pytorch_model.bin"))
check("tf_model.h5", tensorflow)
check("flax_model.msgpack", flax)
sys.exit(1 if failed else 0)
