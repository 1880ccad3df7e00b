import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { assessDigested } from '../../run/assess-digested.ts';
import { openWorkflow } from '../open-workflow.ts';
import { print, printJson } from '../print.ts';
import { RequestError } from '../request-error.ts';
import { selectInstances } from '../select-instances.ts';
import { addWorkflowOptions, type WorkflowOptions } from '../workflow-options.ts';

export function define(command: Command): void {
  addWorkflowOptions(command)
    .argument('<stage.output>', 'as in tokenizer.vocab, data[shard=3].records, corpus.shards/corpus_01.txt')
    .option('--json', 'print instances and paths as JSON')
    .addHelpText('after', '\nThe exit code is 1 when the result is not built, or is stale.')
    .action(locate);
}

interface Found {
  readonly instance: string;
  readonly key?: string;
  /** Absent if it is not built, stale, or removed. */
  readonly path?: string;
  readonly removed?: true;
}

async function locate(word: string, options: WorkflowOptions & { json?: true }): Promise<void> {
  const { stage, output, below } = parseOutput(word);
  await using workflow = await openWorkflow(options);
  const { plan, store, sources } = workflow;
  const selection = (await selectInstances(plan, [stage])) ?? new Set();
  const declared = Object.keys(plan.instances[[...selection][0]!]!.outputs);
  if (!declared.includes(output)) {
    throw new RequestError(`${stage} has no output ${output}: it has ${declared.join(', ') || 'none'}`);
  }
  const assessments = await assessDigested(plan, { store, sources, selection });
  const found = [...selection].map((index): Found => {
    const { id } = plan.instances[index]!;
    const assessment = assessments[index];
    if (assessment?.kind !== 'current') return { instance: id };
    if (assessment.result.payload === 'removed') return { instance: id, key: assessment.key, removed: true };
    const path = join(store.outputPath(assessment.key, output), below);
    return { instance: id, key: assessment.key, ...(existsSync(path) && { path }) };
  });
  if (options.json) printJson(found);
  else for (const { path } of found) if (path !== undefined) print(path);
  complain(found, 'removed', (names) => `kept no longer; \`kumiki run --force ${names}\` makes it again`);
  complain(found, 'absent', () => 'not there or not up to date; `kumiki explain` says why, `kumiki run` builds it');
}

function complain(found: readonly Found[], why: 'removed' | 'absent', text: (instance: string) => string): void {
  const concerned = found.filter(({ path, removed = false }) => path === undefined && removed === (why === 'removed'));
  const [first, ...more] = concerned.map(({ instance }) => instance);
  if (first === undefined) return;
  const names = [first, ...more.slice(0, 2)].join(', ') + (more.length > 2 ? `, and ${more.length - 2} more` : '');
  process.stderr.write(`kumiki: ${names}: ${text(first)}\n`);
  process.exitCode = 1;
}

/** `STAGE.OUTPUT`, or `STAGE.OUTPUT/PATH`; brackets of the stage may hold dots. */
function parseOutput(word: string): { stage: string; output: string; below: string } {
  const parts = /^([^.[]+(?:\[.*\])?)\.([^./]+)(?:\/(.*))?$/s.exec(word);
  if (!parts) throw new RequestError(`${word} names no output: write STAGE.OUTPUT, as in tokenizer.vocab`);
  return { stage: parts[1]!, output: parts[2]!, below: parts[3] ?? '' };
}
