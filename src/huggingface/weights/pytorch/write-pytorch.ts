/** Writes pytorch_model.bin: the archive of torch.save. The decoder shares the storages of the word embeddings and of the bias. */
import { bytesOf, type OpenWriter, positionIds, positionIdsName, type WeightInfo } from '../weight.ts';
import { type PickledTensor, pickleStateDict } from './pickle.ts';
import { createStoredZip } from './stored-zip.ts';

/** Tensors that stand a second time in the state dict, behind the tensor of the first column. */
const tied: readonly (readonly [after: string, name: string, sharesWith: string])[] = [
  [
    'cls.predictions.transform.LayerNorm.bias',
    'cls.predictions.decoder.weight',
    'bert.embeddings.word_embeddings.weight',
  ],
  ['cls.predictions.transform.LayerNorm.bias', 'cls.predictions.decoder.bias', 'cls.predictions.bias'],
];

export const writePytorch: OpenWriter = (path, weights) => {
  const positions = positionIds(weights);
  const folder = 'pytorch_model';
  // Storage 0 is that of the positions.
  const keys = new Map(weights.map(({ name }, i) => [name, String(i + 1)]));
  const zip = createStoredZip(path);
  zip.add(`${folder}/data.pkl`, pickleStateDict(stateDict(weights, keys, positions.length)));
  zip.add(`${folder}/data/0`, bytesOf(positions));
  return {
    write: ({ name, values }) => zip.add(`${folder}/data/${keys.get(name)}`, bytesOf(values)),
    finish() {
      zip.add(`${folder}/version`, Buffer.from('3\n'));
      zip.finish();
    },
    abort: zip.abort,
  };
};

function stateDict(
  weights: readonly WeightInfo[],
  keys: ReadonlyMap<string, string>,
  positions: number,
): PickledTensor[] {
  const shapes = new Map(weights.map(({ name, shape }) => [name, shape]));
  const floats = (name: string, storage: string): PickledTensor => ({
    name,
    storageType: 'FloatStorage',
    key: keys.get(storage)!,
    shape: shapes.get(storage)!,
  });
  return [
    { name: positionIdsName, storageType: 'LongStorage', key: '0', shape: [1, positions] },
    ...weights.flatMap(({ name }) => [
      floats(name, name),
      ...tied.filter(([after]) => after === name).map(([, copy, sharesWith]) => floats(copy, sharesWith)),
    ]),
  ];
}
