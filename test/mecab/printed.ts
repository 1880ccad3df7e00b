import type { Tagger } from '../../src/mecab/index.ts';

/** A line's tokens as `mecab` prints them: surface, tab, feature; then EOS. */
export function printed(tagger: Tagger, line: Uint8Array): Buffer {
  const count = tagger.parse(line, 0, line.length);
  const parts: Uint8Array[] = [];
  for (let i = 0; i < count; i++) {
    parts.push(line.subarray(tagger.starts[i], tagger.ends[i]), Buffer.from(`\t${tagger.feature(i)}\n`));
  }
  return Buffer.concat([...parts, Buffer.from('EOS\n')]);
}
