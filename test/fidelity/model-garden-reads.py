"""Reads plain records with Model Garden's own loader, as its trainer does, and prints what it found as JSON.

Arguments: the file, its max_seq_length, its max_predictions_per_seq. Python 3.10 with tf-models-official 2.11.
"""
import hashlib
import json
import sys

from official.nlp.data import pretrain_dataloader

path, tokens, masks = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
config = pretrain_dataloader.BertPretrainDataConfig(
    input_path=path,
    seq_length=tokens,
    max_predictions_per_seq=masks,
    use_next_sentence_label=True,
    use_position_id=False,
    use_v2_feature_names=True,
    global_batch_size=8,
    is_training=False,
    drop_remainder=False,
)
digests = {}
instances = 0
for batch in pretrain_dataloader.BertPretrainDataLoader(config).load():
    instances += len(batch["input_word_ids"])
    for name, values in batch.items():
        digests.setdefault(name, hashlib.sha256()).update(values.numpy().tobytes())
json.dump({"instances": instances, **{name: digest.hexdigest() for name, digest in digests.items()}}, sys.stdout)
