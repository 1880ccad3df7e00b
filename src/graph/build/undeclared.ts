import { normalize, resolve } from 'node:path';
import { warningAt } from '../../workflow/diagnostic.ts';
import { child, placeWithin, type ScalarNode } from '../../workflow/yaml/node.ts';
import type { StageShape } from '../expand/stage-shape.ts';
import type { Draft, Workshop } from './instance.ts';
import type { CutScript } from './script.ts';

/** Warns of words that name a file of the workspace which is no input: a change of it would go unnoticed. */
export function warnOfUndeclared(
  shape: StageShape,
  script: CutScript,
  drafts: readonly (Draft | undefined)[],
  { surroundings, report }: Workshop,
): void {
  const node = child(shape.node, 'run') as ScalarNode;
  for (const { text, start, end } of script.words) {
    const path = text.slice(text.indexOf('=') + 1);
    if (!looksLikePath(path) || surroundings.kindOf(path) !== 'file') continue;
    const absolute = resolve(surroundings.root, path);
    const declared = drafts
      .slice(shape.first, shape.first + shape.combinations.length)
      .some((draft) => draft && reads(draft, absolute, surroundings.root));
    if (declared || !absolute.startsWith(`${surroundings.root}/`)) continue;
    report(
      warningAt(
        placeWithin(node, start + text.length - path.length, end),
        `${path} is read without being an input`,
        `a change of it will not run this stage again; add it: inputs: {name: ${normalize(path)}}, and write \${{ inputs.name }}`,
      ),
    );
  }
}

/** Other words are not looked up: a stat for each word of ten thousand scripts would cost more than it finds. */
const looksLikePath = (word: string) => /^[^-].*[./]/.test(word) && !word.includes('\0');

function reads(draft: Draft, absolute: string, root: string): boolean {
  return draft.inputs.some(({ sources }) =>
    sources.some((source) => source.kind === 'path' && resolve(root, source.path) === absolute),
  );
}
