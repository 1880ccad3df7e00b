import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ExtData, encode } from '@msgpack/msgpack';
import { ModelError } from '../../src/huggingface/model-error.ts';
import { readFlax } from '../../src/huggingface/weights/msgpack/read-flax.ts';
import { pickleStateDict } from '../../src/huggingface/weights/pytorch/pickle.ts';
import { readPytorch } from '../../src/huggingface/weights/pytorch/read-pytorch.ts';
import { layOutStoredZip, type StoredEntry } from '../../src/huggingface/weights/pytorch/stored-zip.ts';
import { unpickle } from '../../src/huggingface/weights/pytorch/unpickle.ts';
import { readSafetensors } from '../../src/huggingface/weights/safetensors/read-safetensors.ts';
import type { TensorFile } from '../../src/huggingface/weights/tensor-file.ts';
import { temporaryFolder } from './random-model.ts';

type Reader = (path: string) => Promise<TensorFile>;

/** Refused as a user's mistake, and without memory of the size that the file claims. */
async function refuses(read: Reader, path: string, message: RegExp): Promise<void> {
  const before = process.memoryUsage.rss();
  await assert.rejects(read(path), (error: Error) => {
    assert.ok(error instanceof ModelError, String(error.stack));
    assert.match(error.message, message);
    return true;
  });
  const grown = process.memoryUsage.rss() - before;
  assert.ok(grown < 200 * 2 ** 20, `refusing took ${grown} bytes`);
}

function safetensors(path: string, header: unknown, data: Uint8Array = Buffer.alloc(0), length?: bigint): string {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(length ?? BigInt(json.length));
  writeFileSync(path, Buffer.concat([size, json, data]));
  return path;
}

test('safetensors whose header lies is refused', async (t) => {
  const path = join(temporaryFolder(t), 'model.safetensors');
  const eight = Buffer.alloc(8);
  const tensor = (shape: unknown, data_offsets: unknown, dtype = 'F32') => ({ dtype, shape, data_offsets });
  const cases: readonly (readonly [message: RegExp, header: unknown, data?: Uint8Array, length?: bigint])[] = [
    [/its header does not fit in it/, {}, eight, 2n ** 63n],
    [/its header does not fit in it/, {}, eight, 1000n],
    [/its header is not a JSON object/, '[1, 2]', eight],
    [/its header is not a JSON object/, '{"a": ', eight],
    [/entry for a has no type, shape and offsets/, { a: { dtype: 'F32' } }, eight],
    [/entry for a has no type, shape and offsets/, { a: tensor([-2], [0, 8]) }, eight],
    [/entry for a has no type, shape and offsets/, { a: tensor([2.5], [0, 10]) }, eight],
    [/has the unknown type F99/, { a: tensor([2], [0, 8], 'F99') }, eight],
    [/b begins inside a/, { a: tensor([2], [0, 8]), b: tensor([1], [4, 8]) }, eight],
    [/b begins inside a/, { a: tensor([2], [0, 8]), b: tensor([2], [0, 8]) }, eight],
    [/a runs past its end/, { a: tensor([1000], [0, 4000]) }, eight],
    [/a runs past its end/, { a: tensor([2], [2 ** 40, 2 ** 40 + 8]) }, eight],
    [/a ends before it begins/, { a: tensor([2], [8, 0]) }, eight],
    [/4 bytes belong to no tensor/, { a: tensor([1], [0, 4]) }, eight],
    [/a, float32 of shape \[3\], cannot have 8 bytes/, { a: tensor([3], [0, 8]) }, eight],
    // 2⁶² elements of 4 bytes are 0 in arithmetic modulo 2⁶⁴.
    [/cannot have 0 bytes/, { a: tensor([2 ** 31, 2 ** 31], [0, 0]) }],
    [/has no type, shape and offsets/, { a: tensor(Array(1000).fill(1), [0, 4]) }, eight.subarray(4)],
  ];
  for (const [message, header, data, length] of cases)
    await refuses(readSafetensors, safetensors(path, header, data, length), message);
  await refuses(readSafetensors, safetensors(path, '['.repeat(2 ** 23)), /a header of 8388608 bytes is refused/);
  writeFileSync(path, 'short');
  await refuses(readSafetensors, path, /is not safetensors, or truncated/);
});

/** A pickle that would run a command, in every way that a pickle can. */
const commands = 'touch owned';
const attacks: Readonly<Record<string, string>> = {
  'a global and a call': `cos\nsystem\n(X${lengthOf(commands)}${commands}tR.`,
  'a global of builtins by name on the stack': `\x80\x04\x8c\x08builtins\x8c\x04eval\x93\x8c\x011\x85R.`,
  'an instance': `(X${lengthOf(commands)}${commands}ios\nsystem\n.`,
  'an object': `(cos\nsystem\nX${lengthOf(commands)}${commands}o.`,
  'a name that is a list of lists of lists': `](${'q\x00(h\x00h\x00t'.repeat(40)}X${lengthOf('x')}x\x93.`,
  'a new object': 'cos\nsystem\n)\x81.',
  'a function of torch that is no tensor': 'ctorch.hub\nload\n)R.',
  'an extension code': '\x82\x01.',
  'a callable in a state dict': `}(X${lengthOf('a')}acbuiltins\nexec\nu.`,
  'a state that sets attributes': 'ccollections\nOrderedDict\n}b.',
  'a reduction to something else': 'ctorch._utils\n_rebuild_tensor_v2\n(tR.',
  'a persistent id of another kind': `(X${lengthOf('module')}moduletQ.`,
};

function lengthOf(text: string): string {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(Buffer.byteLength(text));
  return length.toString('latin1');
}

for (const [name, pickle] of Object.entries(attacks)) {
  test(`a pickle with ${name} is refused unread`, () => {
    assert.throws(
      () => unpickle(Buffer.from(pickle, 'latin1'), 'hostile.bin'),
      (error: Error) => {
        assert.ok(error instanceof ModelError, String(error.stack));
        assert.match(error.message, /hostile\.bin is refused: .*Only tensors are read from a pickle/);
        return true;
      },
    );
    assert.equal(existsSync('owned'), false);
  });
}

test('a pickle that is cut, nests or empties its stack is refused', () => {
  const whole = pickleStateDict([{ name: 'a', storageType: 'FloatStorage', key: '0', shape: [2, 3] }]);
  for (let length = 0; length < whole.length; length++) {
    assert.throws(() => unpickle(whole.subarray(0, length), 'cut.bin'), ModelError, `${length} bytes`);
  }
  for (const pickle of [
    '0.',
    '.',
    't.',
    'h\x05.',
    'q\x00.',
    '}s.',
    '(((',
    'N\x85\x85\x85u.',
    'X\xff\xff\xff\xff.',
    '\x8a\xff.',
  ]) {
    assert.throws(() => unpickle(Buffer.from(pickle, 'latin1'), 'damaged.bin'), ModelError, JSON.stringify(pickle));
  }
});

test('a pickle of as many objects as it has bytes is refused before they are all made', async (t) => {
  for (const code of ['}', ']', '(', ')\x94', 'N\x85']) {
    const content = Buffer.alloc(2 ** 24, Buffer.from(code, 'latin1'));
    await refuses(readPytorch, archive(t, [{ name: 'm/data.pkl', content }]), /has more than 262144 operations/);
  }
});

test('a storage that is part of another, as very old files have, is not taken for a whole one', () => {
  const whole = pickleStateDict([{ name: 'a', storageType: 'FloatStorage', key: '0', shape: [2] }]);
  const elements = whole.indexOf('tQ');
  const view = Buffer.from(`(X${lengthOf('1')}1K\x04K\x02t`, 'latin1');
  const inserted = (bytes: Buffer) => Buffer.concat([whole.subarray(0, elements), bytes, whole.subarray(elements)]);
  assert.throws(
    () => unpickle(inserted(view), 'old.bin'),
    /old\.bin is refused: .* a storage that is a part of another/,
  );
  unpickle(inserted(Buffer.from('N')), 'old.bin');
});

test('a pickle whose bytes are changed gives tensors or a refusal, nothing else', () => {
  const whole = pickleStateDict([
    { name: 'a', storageType: 'FloatStorage', key: '0', shape: [2, 3] },
    { name: 'b', storageType: 'LongStorage', key: '1', shape: [1] },
  ]);
  for (let at = 0; at < whole.length; at++) {
    for (const change of [0x01, 0x20, 0x80, 0xff]) {
      const bytes = Buffer.from(whole);
      bytes[at]! ^= change;
      try {
        unpickle(bytes, 'changed.bin');
      } catch (error) {
        assert.ok(error instanceof ModelError, `byte ${at}: ${(error as Error).stack}`);
      }
    }
  }
});

function archive(t: TestContext, entries: readonly StoredEntry[]): string {
  const path = join(temporaryFolder(t), 'pytorch_model.bin');
  layOutStoredZip(path, entries).finish(new Map());
  return path;
}

const floats = (shape: readonly number[], key = '0') =>
  pickleStateDict([{ name: 'a', storageType: 'FloatStorage', key, shape }]);

test('an archive whose pickle and storages disagree is refused', async (t) => {
  const storage = { name: 'm/data/0', content: Buffer.alloc(24) };
  const refusesArchive = (message: RegExp, ...entries: StoredEntry[]) =>
    refuses(readPytorch, archive(t, entries), message);
  const pickled = (content: Buffer): StoredEntry => ({ name: 'm/data.pkl', content });
  await refusesArchive(/the elements of tensor a are missing/, pickled(floats([2, 3], '7')), storage);
  await refusesArchive(/the elements of tensor a are missing/, pickled(floats([2, 3], '../../../etc/passwd')), storage);
  await refusesArchive(/tensor a has 8 elements in 24 bytes/, pickled(floats([2, 4])), storage);
  await refusesArchive(/has no data\.pkl in it/, storage);
  await refusesArchive(
    /is no state dict: no tensor has a name in it/,
    pickled(Buffer.from('}(K\x01}u.', 'latin1')),
    storage,
  );
  // A view of few elements that claims to be large: strides of zero.
  const huge = Buffer.from(floats([2, 3]));
  const broadcast = Buffer.concat([
    huge.subarray(0, huge.indexOf('tQ') + 2),
    Buffer.from('K\x00(J\xff\xff\xff\x7fJ\xff\xff\xff\x7ft(K\x00K\x00t\x89ccollections\nOrderedDict\n)RtRu.', 'latin1'),
  ]);
  await refusesArchive(
    /tensor a of shape \[2147483647,2147483647\] does not fit in its 6 elements/,
    pickled(broadcast),
    storage,
  );
});

test('a hostile zip is refused', async (t) => {
  const good = readFileSync(
    archive(t, [
      { name: 'm/data.pkl', content: floats([2, 3]) },
      { name: 'm/data/0', content: Buffer.alloc(24) },
    ]),
  );
  const path = join(temporaryFolder(t), 'pytorch_model.bin');
  const changed = async (message: RegExp, change: (bytes: Buffer, central: number) => void): Promise<void> => {
    const bytes = Buffer.from(good);
    change(bytes, bytes.lastIndexOf(Buffer.from('PK\x01\x02')));
    writeFileSync(path, bytes);
    await refuses(readPytorch, path, message);
  };
  await changed(/is compressed/, (bytes, central) => bytes.writeUInt16LE(8, central + 10));
  await changed(/is not a whole PyTorch file/, (bytes, central) => bytes.writeUInt32LE(0xfffffff0, central + 42));
  await changed(/is not a whole PyTorch file|runs past its end/, (bytes, central) => {
    bytes.writeUInt32LE(0x7fffffff, central + 20);
    bytes.writeUInt32LE(0x7fffffff, central + 24);
  });
  // Names that climb, and the same name twice.
  await changed(/is not a whole PyTorch file: invalid relative path/, (bytes, central) =>
    bytes.write('../../x/', central + 46),
  );
  const twice = archive(t, [
    { name: 'm/data.pkl', content: floats([2, 3]) },
    { name: 'm/data.pkl', content: floats([2, 3]) },
  ]);
  await refuses(readPytorch, twice, /m\/data\.pkl is in it twice/);
  // Of the end record, the number of entries; of one beyond 16 bits, in the 64-bit record that then stands before it.
  const many = Buffer.alloc(76);
  many.writeUInt32LE(0x06064b50, 0);
  many.writeBigUInt64LE(100_000n, 32);
  many.writeUInt32LE(0x07064b50, 56);
  many.writeBigUInt64LE(BigInt(good.length - 22), 64);
  const end = Buffer.from(good.subarray(good.length - 22));
  end.fill(0xff, 8, 20);
  writeFileSync(path, Buffer.concat([good.subarray(0, good.length - 22), many, end]));
  await refuses(readPytorch, path, /it has 100000 entries/);
  for (const length of [0, 1, 30, 100, good.length - 1]) {
    writeFileSync(path, good.subarray(0, length));
    await refuses(readPytorch, path, /is not a whole PyTorch file/);
  }
});

test('the format before PyTorch 1.6 is read, and refused where it lies', async (t) => {
  const path = join(temporaryFolder(t), 'pytorch_model.bin');
  const long = (hex: string) =>
    Buffer.concat([Buffer.from([0x80, 2, 0x8a, hex.length / 2]), Buffer.from(hex, 'hex').reverse(), Buffer.from('.')]);
  const plain = (pickle: string) => Buffer.from(`\x80\x02${pickle}.`, 'latin1');
  const keys = plain(`](X${lengthOf('0')}0e`);
  const count = (elements: bigint) => Buffer.from(BigUint64Array.of(elements).buffer);
  const values = Float32Array.of(1, 2, 3, 4, 5, 6);
  const legacy = (elements: bigint) =>
    Buffer.concat([
      long('1950a86a20f9469cfc6c'),
      plain('M\xe9\x03'),
      plain('}'),
      floats([2, 3]),
      keys,
      count(elements),
      Buffer.from(values.buffer),
    ]);
  writeFileSync(path, legacy(6n));
  const file = await readPytorch(path);
  assert.deepEqual([...file.tensors], [['a', { dtype: 'float32', shape: [2, 3] }]]);
  assert.deepEqual(new Float32Array(file.read('a').buffer), values);
  file.close();
  for (const elements of [7n, 2n ** 40n, 2n ** 63n]) {
    writeFileSync(path, legacy(elements));
    await refuses(readPytorch, path, /truncated/);
  }
  writeFileSync(path, legacy(5n));
  await refuses(readPytorch, path, /tensor a has 6 elements in 20 bytes/);
  writeFileSync(path, plain('K\x01'));
  await refuses(readPytorch, path, /is not a file of torch\.save/);
});

test('a transposed view, as converters save it, is read row by row', async (t) => {
  const rowMajor = floats([2, 3]);
  // Shape (2, 3) with strides (1, 2): the six numbers lie column by column.
  const strides = Buffer.from('(J\x03\x00\x00\x00J\x01\x00\x00\x00t', 'latin1');
  const at = rowMajor.indexOf(strides);
  const columns = Buffer.from('(J\x01\x00\x00\x00J\x02\x00\x00\x00t', 'latin1');
  const pickle = Buffer.concat([rowMajor.subarray(0, at), columns, rowMajor.subarray(at + strides.length)]);
  const content = Buffer.from(Float32Array.of(1, 4, 2, 5, 3, 6).buffer);
  const file = await readPytorch(
    archive(t, [
      { name: 'm/data.pkl', content: pickle },
      { name: 'm/data/0', content },
    ]),
  );
  assert.deepEqual([...new Float32Array(file.read('a').buffer)], [1, 2, 3, 4, 5, 6]);
  file.close();
});

test('msgpack that lies, nests without end or is cut is refused', async (t) => {
  const path = join(temporaryFolder(t), 'flax_model.msgpack');
  const leaf = (shape: unknown, dtype: string, bytes: Uint8Array) => new ExtData(1, encode([shape, dtype, bytes]));
  const refusesBytes = async (bytes: Uint8Array, message: RegExp): Promise<void> => {
    writeFileSync(path, bytes);
    await refuses(readFlax, path, message);
  };
  const good = encode({ bert: { kernel: leaf([2, 2], 'float32', Buffer.alloc(16)) } });
  for (let length = 0; length < good.length; length++) await refusesBytes(good.subarray(0, length), /is truncated/);
  await refusesBytes(Buffer.concat([good, good]), /has bytes behind its end/);
  await refusesBytes(encode({ a: leaf([2 ** 30, 2 ** 30], 'float32', Buffer.alloc(16)) }), /cannot have 16 bytes/);
  await refusesBytes(encode({ a: leaf([4], 'complex64', Buffer.alloc(16)) }), /a has the unknown type complex64/);
  await refusesBytes(encode({ a: leaf('x', 'float32', Buffer.alloc(16)) }), /a is not as Flax writes an array/);
  await refusesBytes(encode({ a: leaf([-4], 'float32', Buffer.alloc(16)) }), /a is not as Flax writes an array/);
  await refusesBytes(encode({ a: new ExtData(3, encode([[4], 'float32', Buffer.alloc(16)])) }), /is no array/);
  await refusesBytes(encode({ a: 1 }), /a is neither an array nor a tree of arrays/);
  // An array that claims more than its extension, and one of which the file holds little.
  const longer = Buffer.from(good);
  longer[longer.indexOf(Buffer.of(0xc4, 16)) + 1]! = 17;
  await refusesBytes(longer, /its parts are not as long as the whole|is truncated/);
  const huge = Buffer.from('\x81\xa1a\xc9\xff\xff\xff\xff\x01\x93\x91\x01\xa7float32\xc6\xff\xff\xff\xf0', 'latin1');
  await refusesBytes(huge, /its parts are not as long as the whole|is truncated/);
  // Lists and maps of four billion entries, and of many in each other.
  await refusesBytes(Buffer.of(0xdd, 0xff, 0xff, 0xff, 0xff), /the whole is neither an array nor a tree/);
  await refusesBytes(Buffer.of(0xdf, 0xff, 0xff, 0xff, 0xff), /is truncated/);
  await refusesBytes(Buffer.alloc(2 ** 24, Buffer.of(0xdc, 0, 64)), /the whole is neither an array nor a tree/);
  await refusesBytes(Buffer.alloc(2 ** 24, Buffer.of(0x81)), /is not as Flax writes an array, or an array's name/);
  await refusesBytes(Buffer.alloc(100_000, Buffer.from('\x81\xa1a', 'latin1')), /a\/a\/a.* lies too deep/);
  const empty = [...encode('a'), ...encode(leaf([0], 'float32', Buffer.alloc(0)))];
  const arrays = Array.from({ length: 20_000 }, (_, i) => [...encode(`${i}`), ...empty.slice(2)]).flat();
  await refusesBytes(Buffer.from([0xde, 20_000 >> 8, 20_000 & 0xff, ...arrays]), /has more than 16384 arrays/);
  await refusesBytes(Buffer.from('\x81\xa9__proto__\x01', 'latin1'), /__proto__ is neither an array/);
});
