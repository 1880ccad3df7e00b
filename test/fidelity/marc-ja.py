"""A corpus of invented reviews, in the format of the Multilingual Amazon Reviews Corpus, and the digests of what JGLUE's own script makes of it.

python test/fidelity/marc-ja.py JGLUE_CHECKOUT test/fixtures/jglue   (needs: pip install beautifulsoup4 zenhan)
"""

import hashlib
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

things = ["傘", "本", "鍋", "時計", "靴", "ﾌﾟﾘﾝﾀ", "😀のシール"]
praise = ["とても良いです。", "丈夫で軽い。", "買って正解&hellip;", "母も&quot;最高&quot;と。", "サイズぴったり<br />満足です。", "★５つ！"]
blame = ["すぐ壊れた。", "重すぎる…", "色が<b>違う</b>。", "説明書が無い<br><br>困った。", "価格に&amp;品質に不満。", "(>_<)"]
header = "marketplace customer_id review_id product_id product_parent product_title product_category star_rating helpful_votes total_votes vine verified_purchase review_headline review_body review_date".split()


def review(rng, number):
    stars = rng.choice([1, 1, 2, 3, 4, 5, 5, 5])
    words = praise if stars > 3 else blame
    body = "この%sは" % rng.choice(things) + "".join(rng.choice(words) for _ in range(rng.randint(1, 4)))
    kind = number % 40
    if kind == 3:
        body = "Good product, I like it. 良"
    if kind == 7:
        body = "長い。" * 200
    if kind == 11:
        body = '"引用で始まる""本文"" と' + body + '"'
    if kind == 13:
        body = '途中の"引用"' + body
    if kind == 17:
        body = '"改行\nの次の行' + body + '"'
    return ["JP", "1", "R%04d" % number, "B1", "2", "題", "Toys", str(stars), "0", "0", "N", "Y", "見出し", body, "2015-01-01"]


def main(checkout, target):
    rng = random.Random(11)
    rows = [header] + [review(rng, number) for number in range(400)]
    corpus = "".join("\t".join(row) + "\n" for row in rows)
    (target / "reviews.tsv").write_text(corpus, encoding="utf-8")
    script = checkout / "preprocess/marc-ja/scripts/marc-ja.py"
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(script), "--positive-negative", "--max-char-length", "500", "--output-dir", folder]

        def run(*more):
            subprocess.run([*command, *more], input=corpus.encode(), check=True)
            return {part: (Path(folder) / f"{part}-v1.0.json").read_bytes() for part in ("train", "valid")}

        plain = [json.loads(line) for line in run()["valid"].decode().splitlines()]
        lists = target / "marc-ja-lists"
        for name in ("filter_review_id_list", "label_conv_review_id_list"):
            (lists / name).mkdir(parents=True, exist_ok=True)
        dropped, corrected = plain[1], plain[4]
        other = {"positive": "negative", "negative": "positive"}[corrected["label"]]
        filters = lists / "filter_review_id_list/valid.txt"
        filters.write_text(dropped["review_id"] + "\n")
        conversions = lists / "label_conv_review_id_list/valid.txt"
        conversions.write_text(f"{corrected['review_id']},{other}\n")
        made = run("--filter-review-id-list-valid", str(filters), "--label-conv-review-id-list-valid", str(conversions))
    digests = {part: {"sha256": hashlib.sha256(data).hexdigest(), "lines": data.count(b"\n")} for part, data in made.items()}
    (target / "marc-ja.json").write_text(json.dumps(digests, indent=2) + "\n")


main(Path(sys.argv[1]), Path(sys.argv[2]))
