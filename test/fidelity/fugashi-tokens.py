"""fugashi-tokens.py DICTIONARY_DIRECTORY: prints the tokens of each line of standard input as fugashi gives them: surface, tab, feature."""
import sys

import fugashi

tagger = fugashi.GenericTagger(f"-r /dev/null -d {sys.argv[1]}")
for line in sys.stdin.buffer.read().split(b"\n")[:-1]:
    for node in tagger(line.decode()):
        sys.stdout.buffer.write(f"{node.surface}\t{node.feature_raw}\n".encode())
    sys.stdout.buffer.write(b"EOS\n")
