"""Random cases of JGLUE's metrics with SciPy's and scikit-learn's results: test/fixtures/jglue/metrics.json.

pip install scipy scikit-learn; python test/fidelity/jglue-metrics.py > test/fixtures/jglue/metrics.json
"""

import json
import random

import numpy
from scipy.stats import pearsonr, spearmanr
from sklearn.metrics import accuracy_score, f1_score


def correlations(rng):
    size = rng.choice([2, 3, 5, 20, 100])
    # Rounded, so that many values tie.
    digits = rng.choice([0, 1, 6])
    references = [round(rng.uniform(0, 5), digits) for _ in range(size)]
    predictions = [round(0.5 * reference + rng.gauss(0, 1), digits) for reference in references]
    x, y = (numpy.asarray(values, dtype=numpy.float32).astype(numpy.float64) for values in (predictions, references))
    if len(set(x)) == 1 or len(set(y)) == 1:
        return None
    return {
        "predictions": predictions,
        "references": references,
        "pearson": float(pearsonr(x, y)[0]),
        "spearman": float(spearmanr(x, y)[0]),
    }


def accuracy(rng):
    classes = rng.choice([2, 3, 5])
    size = rng.randint(1, 50)
    labels = [rng.randrange(classes) for _ in range(size)]
    predictions = [label if rng.random() < 0.6 else rng.randrange(classes) for label in labels]
    return {"labels": labels, "predictions": predictions, "accuracy": float(accuracy_score(labels, predictions))}


def f1(rng):
    """scikit-learn's F1 of a binary problem: one row for each character that either text has once more than the other."""
    alphabet = "東京都大阪府あい"
    gold, predicted = ("".join(rng.choice(alphabet) for _ in range(rng.randint(1, 8))) for _ in range(2))
    truth, answer = [], []
    for character in alphabet:
        a, b = gold.count(character), predicted.count(character)
        truth += [1] * a + [0] * max(0, b - a)
        answer += [1] * min(a, b) + [0] * max(0, a - b) + [1] * max(0, b - a)
    return {"gold": gold, "predicted": predicted, "f1": float(f1_score(truth, answer, zero_division=0))}


def main():
    rng = random.Random(7)
    cases = {"correlations": [], "accuracy": [], "f1": []}
    while len(cases["correlations"]) < 60:
        case = correlations(rng)
        if case is not None:
            cases["correlations"].append(case)
    cases["accuracy"] = [accuracy(rng) for _ in range(30)]
    cases["f1"] = [f1(rng) for _ in range(60)]
    print(json.dumps(cases, ensure_ascii=False))


main()
