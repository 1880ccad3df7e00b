/** Writes model.safetensors: what the library safetensors writes, byte for byte; wider types first, then by name. */
import { openFileSink } from '../file-sink.ts';
import { elementBytes, type TensorInfo, tensorBytes } from '../tensor-type.ts';
import { bytesOf, type LaidOut, positionIds, positionIdsName, type WeightInfo } from '../weight.ts';
import { safetensorsTypes } from './format.ts';

export function layOutSafetensors(path: string, weights: readonly WeightInfo[]): LaidOut {
  const positions = positionIds(weights);
  const { header, offsets } = layoutOf([
    { name: positionIdsName, dtype: 'int64', shape: [1, positions.length] },
    ...weights.map(({ name, shape }) => ({ name, shape, dtype: 'float32' as const })),
  ]);
  const sink = openFileSink(path);
  sink.append(header);
  sink.writeAt(offsets.get(positionIdsName)!, bytesOf(positions));
  sink.close();
  return { path, holds: 'weights', placeOf: ({ name }) => offsets.get(name)! };
}

/** Writes a whole file; `valuesOf` gives each weight's numbers, [out, in], so that one at a time is in memory. */
export function writeSafetensors<W extends WeightInfo>(
  path: string,
  weights: readonly W[],
  valuesOf: (weight: W, index: number) => Float32Array,
): void {
  const { placeOf } = layOutSafetensors(path, weights);
  const sink = openFileSink(path, 'r+');
  try {
    for (const [i, weight] of weights.entries()) sink.writeAt(placeOf(weight), bytesOf(valuesOf(weight, i)));
  } finally {
    sink.close();
  }
}

interface NamedTensor extends TensorInfo {
  readonly name: string;
}

interface Layout {
  /** The length of the JSON, and the JSON padded with spaces to a multiple of 8 bytes. */
  readonly header: Buffer;
  /** Where each tensor begins in the file. */
  readonly offsets: ReadonlyMap<string, number>;
}

function layoutOf(tensors: readonly NamedTensor[]): Layout {
  const sorted = tensors.toSorted(
    (a, b) => elementBytes[b.dtype] - elementBytes[a.dtype] || Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)),
  );
  const begins = new Map<string, number>();
  const entries: [string, object][] = [['__metadata__', { format: 'pt' }]];
  let end = 0;
  for (const { name, dtype, shape } of sorted) {
    const begin = end;
    end += tensorBytes({ dtype, shape })!;
    begins.set(name, begin);
    entries.push([name, { dtype: safetensorsTypes[dtype], shape, data_offsets: [begin, end] }]);
  }
  const json = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const header = Buffer.alloc(8 + Math.ceil(json.length / 8) * 8, ' ');
  header.writeBigUInt64LE(BigInt(header.length - 8));
  json.copy(header, 8);
  return { header, offsets: new Map([...begins].map(([name, begin]) => [name, header.length + begin])) };
}
