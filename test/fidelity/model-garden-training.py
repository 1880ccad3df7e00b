"""TensorFlow's own view of what a training leaves, as JSON.

Usage: model-garden-training.py tensors PREFIX      every tensor of a checkpoint: dtype, shape, sha256 of its bytes
       model-garden-training.py scalars DIRECTORY   the scalars of TensorBoard event files, by tag and step
"""

import glob
import hashlib
import json
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import tensorflow as tf


def tensors(prefix):
    reader = tf.train.load_checkpoint(prefix)
    found = {}
    for name, shape in reader.get_variable_to_shape_map().items():
        value = reader.get_tensor(name)
        content = value if isinstance(value, bytes) else value.tobytes()
        dtype = "string" if isinstance(value, bytes) else str(value.dtype)
        found[name] = [dtype, shape, hashlib.sha256(content).hexdigest()]
    return found


def scalars(directory):
    found = {}
    for path in sorted(glob.glob(os.path.join(directory, "events.out.tfevents.*"))):
        for event in tf.compat.v1.train.summary_iterator(path):
            for value in event.summary.value:
                is_tensor = value.HasField("tensor")
                number = float(tf.make_ndarray(value.tensor)) if is_tensor else value.simple_value
                found.setdefault(value.tag, {})[event.step] = number
    return found


command, path = sys.argv[1:]
json.dump({"tensors": tensors, "scalars": scalars}[command](path), sys.stdout)
