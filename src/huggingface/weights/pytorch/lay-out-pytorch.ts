/** Writes pytorch_model.bin: the archive of torch.save. The decoder shares the storages of the word embeddings and of the bias. */
import { bytesOf, elementsOf, type LayOut, positionIds, positionIdsName, type WeightInfo } from '../weight.ts';
import { type PickledTensor, pickleStateDict } from './pickle.ts';
import { layOutStoredZip } from './stored-zip.ts';

const folder = 'pytorch_model';

/** Tensors that stand a second time in the state dict, behind the tensor of the first column. */
const tied: readonly (readonly [after: string, name: string, sharesWith: string])[] = [
  [
    'cls.predictions.transform.LayerNorm.bias',
    'cls.predictions.decoder.weight',
    'bert.embeddings.word_embeddings.weight',
  ],
  ['cls.predictions.transform.LayerNorm.bias', 'cls.predictions.decoder.bias', 'cls.predictions.bias'],
];

export const layOutPytorch: LayOut = (path, weights) => {
  const positions = positionIds(weights);
  // Storage 0 is that of the positions.
  const keys = new Map(weights.map(({ name }, i) => [name, String(i + 1)]));
  const entryOf = (name: string) => `${folder}/data/${keys.get(name)}`;
  const zip = layOutStoredZip(path, [
    { name: `${folder}/data.pkl`, content: pickleStateDict(stateDict(weights, keys, positions.length)) },
    { name: `${folder}/data/0`, content: bytesOf(positions) },
    ...weights.map((weight) => ({ name: entryOf(weight.name), content: 4 * elementsOf(weight) })),
    { name: `${folder}/version`, content: Buffer.from('3\n') },
  ]);
  return {
    path,
    holds: 'weights',
    placeOf: ({ name }) => zip.offsets.get(entryOf(name))!,
    finish: (checksums) => zip.finish(new Map([...checksums].map(([name, checksum]) => [entryOf(name), checksum]))),
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
