import type { InstanceFeatures } from './instance-features.ts';

/**
 * An instance for people: a line of facts, then segment A and segment B, a line each. A masked token reads
 * `original→shown`, and `original→=` if it was kept.
 */
export function instanceText(instance: InstanceFeatures, tokenOf: (id: number) => string): string[] {
  const { inputWordIds, inputMask, inputTypeIds, maskedPositions, maskedIds, maskedWeights } = instance;
  const length = inputMask.lastIndexOf(1) + 1;
  const words = Array.from(inputWordIds.subarray(0, length), tokenOf);
  let masks = 0;
  for (let i = 0; i < maskedIds.length; i++) {
    if (maskedWeights[i] === 0) continue;
    masks++;
    const position = maskedPositions[i]!;
    const kept = inputWordIds[position] === maskedIds[i];
    words[position] = `${tokenOf(maskedIds[i]!)}→${kept ? '=' : words[position]}`;
  }
  const split = inputTypeIds.indexOf(1);
  return [
    `${length} of ${inputWordIds.length} tokens, ${masks} masked, B is ${instance.isRandomNext ? 'a random next' : 'the actual next'}`,
    `  A: ${words.slice(0, split).join(' ')}`,
    `  B: ${words.slice(split).join(' ')}`,
  ];
}
