import type { Command } from 'commander';
import type { Json } from '../../graph/plan.ts';
import { assessDigested } from '../../run/assess-digested.ts';
import type { Change } from '../../run/explain/change.ts';
import { type Explanation, explainInstance, type Made } from '../../run/explain/explain.ts';
import { shellQuote } from '../../shell-quote.ts';
import { formatDuration } from '../../ui/quantity.ts';
import { openWorkflow } from '../open-workflow.ts';
import { print, printJson } from '../print.ts';
import { selectInstances } from '../select-instances.ts';
import { addWorkflowOptions, type WorkflowOptions } from '../workflow-options.ts';

export function define(command: Command): void {
  addWorkflowOptions(command)
    .argument('<stage>', 'a stage or instance, as for `kumiki run`')
    .option('--json', 'print the explanations as JSON')
    .action(explain);
}

const shownInstances = 10;
const shownFiles = 10;

async function explain(pattern: string, options: WorkflowOptions & { json?: true }): Promise<void> {
  await using workflow = await openWorkflow(options);
  const { plan, store, sources } = workflow;
  const selection = (await selectInstances(plan, [pattern])) ?? new Set();
  const assessments = await assessDigested(plan, { store, sources, selection });
  const explanations = [...selection].map((index) => ({
    instance: plan.instances[index]!.id,
    ...explainInstance(index, { plan, store, sources, assessments })!,
  }));
  if (options.json) {
    printJson(explanations);
    return;
  }
  for (const explanation of explanations.slice(0, shownInstances)) print(describe(explanation.instance, explanation));
  if (explanations.length > shownInstances) print(`… and ${explanations.length - shownInstances} more instances`);
}

function describe(instance: string, explanation: Explanation): string {
  switch (explanation.kind) {
    case 'current':
      return `${instance} is current: ${shortKey(explanation.key)}${madeText(explanation.made)}`;
    case 'impossible':
      return `${instance} cannot run: ${explanation.message}`;
    case 'waiting':
      return `${instance} waits for ${listed(explanation.on)}: what they give decides\n  kumiki explain ${shellQuote(explanation.on[0] ?? '')}`;
    case 'stale':
      return describeStale(instance, explanation);
  }
}

function describeStale(instance: string, { reason, since }: Explanation & { kind: 'stale' }): string {
  if (reason === 'always') return `${instance} runs each time: it is declared \`always\``;
  if (reason === 'payload-removed')
    return `${instance} was removed from the store, and a stale stage or a publication needs it`;
  if (!since) return `${instance} is stale: it was never built`;
  if (since.changes.length === 0) return `${instance} is stale: its result ${shortKey(since.key)} was removed`;
  const heading = `${instance} is stale: since ${shortKey(since.key)}${madeText(since.made)}`;
  return [heading, ...since.changes.flatMap(describeChange)].join('\n');
}

function madeText(made: Made | undefined): string {
  if (!made) return '';
  const { started, user, host, run, seconds } = made;
  return `, made ${started.slice(0, 16).replace('T', ' ')} UTC by ${user}@${host} in run ${run} (${formatDuration(seconds)})`;
}

function describeChange(change: Change): string[] {
  if (change.kind === 'recipe') return describeValues(change.path, change.before, change.now);
  const { name, before, now, files } = change;
  if (!before || !now) return [`  input ${name}: ${now ? `${now.from} is new` : `${before?.from} is gone`}`];
  const moved = before.from === now.from ? now.from : `${before.from} → ${now.from}`;
  const digests = `${shortDigest(before.digest)} → ${shortDigest(now.digest)}`;
  const listed = (files ?? []).slice(0, shownFiles).map(({ path, change: what }) => `    ${what} ${path}`);
  const rest = (files?.length ?? 0) - listed.length;
  return [
    `  input ${name} changed: ${moved}, ${digests}`,
    ...listed,
    ...(rest > 0 ? [`    … and ${rest} more files`] : []),
  ];
}

/** Texts of several lines are shown by the lines that differ. */
function describeValues(path: string, before: Json | undefined, now: Json | undefined): string[] {
  if (typeof before !== 'string' || typeof now !== 'string' || !(before + now).includes('\n')) {
    return [`  ${path}: ${shownValue(before)} → ${shownValue(now)}`];
  }
  const [old, recent] = [before.split('\n'), now.split('\n')];
  const gone = old.filter((line) => !recent.includes(line)).map((line) => `    - ${line}`);
  const added = recent.filter((line) => !old.includes(line)).map((line) => `    + ${line}`);
  return [`  ${path} changed:`, ...gone, ...added];
}

function shownValue(value: Json | undefined): string {
  return value === undefined ? '(none)' : JSON.stringify(value);
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ');
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}

function shortKey(key: string): string {
  return key.slice(0, 12);
}

function shortDigest(digest: string): string {
  return digest.replace('sha256:', '').slice(0, 12);
}
