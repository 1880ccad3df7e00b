/** Random inputs for pretraining data: ordinary text, and what real corpora should not have but do. */
import fc from 'fast-check';
import { byteLine, textLine } from '../mecab/lines.ts';

export interface OddInput {
  readonly kind: string;
  readonly files: readonly Uint8Array[];
}

/** Corpora from random stretches of a text, and from lines of random characters and bytes. */
export function oddInput(text: Buffer): fc.Arbitrary<OddInput> {
  const stretch = (bytes: number) =>
    fc
      .tuple(fc.nat(text.length - bytes), fc.integer({ min: 1, max: bytes }))
      .map(([at, length]) => text.subarray(at, at + length));
  const lines = stretch(40_000).map((bytes) => bytes.toString().split('\n'));
  const kinds: Record<string, fc.Arbitrary<readonly Uint8Array[]>> = {
    'a stretch of text': stretch(200_000).map((bytes) => [bytes]),
    'one document': lines.map((all) => [utf8(all.filter((line) => line !== '').join('\n'))]),
    'one-sentence documents': lines.map((all) => [utf8(all.join('\n\n'))]),
    'one sentence': lines.map((all) => [utf8(longest(all))]),
    'very long sentences': lines.map((all) => [utf8(`${all.join('')}\n${all.slice(0, 9).join('')}\n\n${all[0]}い`)]),
    'random characters': fc.array(textLine, { minLength: 1, maxLength: 200 }).map((all) => [joined(all)]),
    'random bytes': fc
      .array(fc.oneof(byteLine, textLine), { minLength: 1, maxLength: 200 })
      .map((all) => [joined(all)]),
    'several files': fc.array(stretch(20_000), { minLength: 2, maxLength: 4 }),
    ...Object.fromEntries(
      Object.entries(insertions).map(([kind, pieces]) => [kind, withPieces(stretch(20_000), pieces)]),
    ),
  };
  return fc.oneof(
    ...Object.entries(kinds).map(([kind, files]) => files.map((made) => ({ kind, files: made }))),
    fc
      .tuple(stretch(5000), stretch(5000), fc.constantFrom('\xff', '\r', '\xe3\x81', ' ', '\xff\n', '\n\r'))
      .map(([first, second, end]) => ({
        kind: 'a file that ends oddly',
        files: [Buffer.concat([first, Buffer.from(`\n${end}`, 'latin1')]), second],
      })),
  );
}

/** What is put into text at random places, as Latin-1. */
const insertions: Readonly<Record<string, readonly string[]>> = {
  'carriage returns': ['\r', '\r\n', '\r\r', '\n\r\n'],
  'undecodable bytes': ['\xff', '\xe3\x81', '\xed\xa0\x80', '\xf5', '\xc0\xaf', '\n\xfe\n'],
  'control characters': ['\0', '\x1c', '\xc2\x85', '\xe2\x80\xa8', '\xef\xbb\xbf', '\x0b', '\t'],
  'special tokens': ['[SEP]', '[MASK]', ' [CLS] ', '[unk]', '[UNK]', '[PAD]', '##'],
  'blank lines': ['\n\n', '\n \n', '\n\xe3\x80\x80\n', '\n\n\n\n'],
};

function withPieces(text: fc.Arbitrary<Buffer>, pieces: readonly string[]): fc.Arbitrary<readonly Uint8Array[]> {
  const piece = fc.tuple(fc.nat(20_000), fc.constantFrom(...pieces.map((one) => Buffer.from(one, 'latin1'))));
  return fc.tuple(text, fc.array(piece, { minLength: 1, maxLength: 60 })).map(([bytes, inserted]) => {
    const parts: Uint8Array[] = [];
    let from = 0;
    for (const [place, what] of inserted.sort(([a], [b]) => a - b)) {
      const at = Math.min(place, bytes.length);
      parts.push(bytes.subarray(from, at), what);
      from = at;
    }
    return [Buffer.concat([...parts, bytes.subarray(from)])];
  });
}

/** The vocabulary as it is, with lines that stand there twice, or little of it. */
export function oddVocabulary(lines: readonly string[]): fc.Arbitrary<string> {
  const index = fc.nat(lines.length - 1);
  const again = fc.array(fc.tuple(index, index), { minLength: 1, maxLength: 50 }).map((pairs) => {
    const result = [...lines];
    for (const [from, to] of pairs) result.splice(to, 0, lines[from]!);
    return [...result, ...lines.slice(0, 5)];
  });
  const little = fc.integer({ min: 5, max: lines.length }).map((length) => lines.slice(0, length));
  return fc.oneof(fc.constant(lines), again, little).map((all) => `${all.join('\n')}\n`);
}

export const oddOptions = fc
  .record({
    subword_tokenizer_type: fc.constantFrom('wordpiece', 'character'),
    vocab_has_no_subword_prefix: fc.boolean(),
    do_lower_case: fc.boolean(),
    do_whole_word_mask: fc.boolean(),
    use_v2_feature_names: fc.boolean(),
    max_seq_length: fc.oneof(fc.constantFrom(5, 6, 7, 128, 512), fc.integer({ min: 5, max: 300 })),
    max_predictions_per_seq: fc.integer({ min: 1, max: 80 }),
    masked_lm_prob: fc.constantFrom(0.15, 0.1, 0.5, 1),
    dupe_factor: fc.integer({ min: 1, max: 4 }),
    short_seq_prob: fc.constantFrom(0.1, 0, 0.5, 1),
    random_seed: fc.oneof(fc.constantFrom(12345, 0), fc.integer(), fc.maxSafeInteger()),
  })
  .map((options) => ({
    ...options,
    max_predictions_per_seq: Math.min(options.max_predictions_per_seq, options.max_seq_length),
  }));

const utf8 = (text: string) => Buffer.from(text);
const joined = (lines: readonly Uint8Array[]) => Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')]));
const longest = (lines: readonly string[]) => lines.reduce((best, line) => (line.length > best.length ? line : best));
