import { readdirSync } from 'node:fs';
import type { Failure } from '../../run/events.ts';
import { statusOf } from '../seal.ts';
import type { AttemptRequest, CommitFacts } from '../store.ts';
import { type FoundTree, walkOutput } from './walk-output.ts';

export interface FoundOutput extends FoundTree {
  readonly name: string;
  readonly kind: 'file' | 'directory';
}

export type CheckedOutputs =
  | { readonly ok: true; readonly outputs: readonly FoundOutput[] }
  | { readonly ok: false; readonly failure: Failure };

/** What an attempt left in its folder, if that is what it declared: all of it, and nothing else. */
export function checkOutputs(
  directory: string,
  declared: AttemptRequest['outputs'],
  promised: CommitFacts['promised'],
): CheckedOutputs {
  const undeclared = readdirSync(directory).filter((name) => !Object.hasOwn(declared, name));
  if (undeclared.length > 0) return failed('undeclared-output', undeclaredMessage(undeclared));
  const outputs: FoundOutput[] = [];
  for (const [name, kind] of Object.entries(declared)) {
    const status = statusOf(`${directory}/${name}`);
    if (status === undefined) return failed('missing-output', missingMessage(name, kind));
    const found = { name, kind, ...walkOutput(`${directory}/${name}`, status) };
    const problem = problemOf(found, status.isDirectory(), promised);
    if (problem !== undefined) return problem;
    outputs.push(found);
  }
  return { ok: true, outputs };
}

function problemOf(found: FoundOutput, isDirectory: boolean, promised: CommitFacts['promised']) {
  const { name, kind } = found;
  const bad = found.refused[0];
  if (bad !== undefined) {
    const where = bad.path === '' ? `output '${name}'` : `'${bad.path}' in output '${name}'`;
    return failed(
      'bad-output',
      `${where} is ${bad.what}; outputs hold regular files and folders only: write a file there`,
    );
  }
  if (isDirectory !== (kind === 'directory')) {
    const other = isDirectory ? 'directory' : 'file';
    return failed(
      'bad-output',
      `output '${name}' is declared as a ${kind}, but the stage made a ${other}: declare it as \`${name}: ${other}\``,
    );
  }
  const absent = promised.find(({ output, path }) => output === name && !holds(found, path));
  if (absent !== undefined) {
    return failed(
      'missing-output',
      `output '${name}' has no '${absent.path}', which another stage reads: write it, or correct that reference`,
    );
  }
  return undefined;
}

function holds({ files }: FoundOutput, path: string): boolean {
  const wanted = path.replace(/^(\.\/+)+|\/+$/g, '');
  return files.some((file) => file.path === wanted || file.path.startsWith(`${wanted}/`));
}

function undeclaredMessage(names: readonly string[]): string {
  const shown = names
    .slice(0, 5)
    .map((name) => `'${name}'`)
    .join(', ');
  const more = names.length > 5 ? ` and ${names.length - 5} more` : '';
  return `undeclared output ${shown}${more}: declare it under \`outputs\`, or write temporaries to $KUMIKI_SCRATCH`;
}

function missingMessage(name: string, kind: string): string {
  return `output '${name}' is missing: the stage ended without making this ${kind}; let it write to \${{ outputs.${name} }}`;
}

function failed(reason: Failure['reason'], message: string): { readonly ok: false; readonly failure: Failure } {
  return { ok: false, failure: { reason, message } };
}
