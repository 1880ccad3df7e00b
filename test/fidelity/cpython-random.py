"""Writes test/fixtures/cpython-random.json: `python3 test/fidelity/cpython-random.py > test/fixtures/cpython-random.json`."""
import json
import random

stops = [1, 2, 3, 10, 1000, 2**31, 2**32 - 1]
cases = []
for seed in [0, 1, 7, 12345, 2**32 - 1, 2**32, -5, 2**70 + 3]:
    generator = random.Random(seed)
    items = list(range(700))
    cases.append({
        "seed": str(seed),
        "random": [generator.random() for _ in range(3)],
        "randint": [[stop, generator.randint(1, stop)] for stop in stops],
        "shuffle": (generator.shuffle(items), items[:12])[1],
        "getrandbits": [[bits, generator.getrandbits(bits)] for bits in (1, 5, 31, 32)],
        "after": generator.random(),
    })
print("[" + ",\n ".join(json.dumps(case) for case in cases) + "]")
