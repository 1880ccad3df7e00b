import { type Command, InvalidArgumentError } from 'commander';
import { instanceMatcher } from '../../graph/instance-pattern.ts';
import { collectGarbage, type Garbage } from '../../store/upkeep/collect-garbage.ts';
import { diskUsage } from '../../store/upkeep/disk-usage.ts';
import { listResults } from '../../store/upkeep/list-results.ts';
import { rebuildJournal } from '../../store/upkeep/rebuild-journal.ts';
import { verifyStore } from '../../store/upkeep/verify-store.ts';
import { formatBytes } from '../../ui/quantity.ts';
import { parseDuration, parseSize } from '../../workflow/units.ts';
import { print, printJson } from '../print.ts';
import { formatTable } from '../table.ts';
import { cacheHere } from '../workspace.ts';
import { defineSharing } from './share.ts';

interface JsonOption {
  readonly json?: true;
}

export function define(command: Command): void {
  command
    .command('ls')
    .description('list results, newest first')
    .argument('[stage]', 'only of this stage or instance')
    .option('--json', 'print them as JSON')
    .action(list);
  command.command('du').description('what holds the space').option('--json', 'print it as JSON').action(measure);
  command
    .command('gc')
    .description('remove what nothing needs: manifests stay, so what hangs on it stays current')
    .option(
      '--keep-runs <n>',
      'what the newest runs of this number used stays; named runs always keep theirs',
      wholeNumber,
      10,
    )
    .option('--older-than <time>', 'only results unused for so long: 12h, 30d', duration)
    .option('--max-size <size>', 'only the longest unused, until the rest is no larger: 500GiB', size)
    .option('-n, --dry-run', 'say what would go, remove nothing')
    .option('--json', 'print it as JSON')
    .action(collect);
  command
    .command('verify')
    .description('digest all results again; damaged ones are moved aside, and built again when needed')
    .option('--json', 'print the findings as JSON')
    .option('--rebuild-journal', 'first write the list of results anew from what is there')
    .action(verify);
  defineSharing(command);
}

function list(stage: string | undefined, { json }: JsonOption): void {
  const isMeant = stage === undefined ? () => true : instanceMatcher(stage);
  const results = listResults(cacheHere()).filter(({ instance }) => isMeant(instance));
  if (json) {
    printJson(results);
    return;
  }
  const rows = results.map(({ key, instance, payload, size, started, lastUse, irreproducible }) => [
    key.slice(0, 12),
    instance,
    payload === 'present' ? formatBytes(size) : 'removed',
    `made ${minute(started)}`,
    `used ${minute(lastUse)}`,
    irreproducible ? 'irreproducible' : '',
  ]);
  print(formatTable(rows));
}

function measure({ json }: JsonOption): void {
  const usage = diskUsage(cacheHere());
  if (json) {
    printJson(usage);
    return;
  }
  const stages = usage.stages.map(({ stage, results, bytes }) => [
    stage,
    formatBytes(bytes),
    plural(results, 'result'),
  ]);
  const folders = Object.entries(usage.folders).map(([name, bytes]) => [`${name}/`, formatBytes(bytes), '']);
  print(formatTable([...stages, ...folders, ['in all', formatBytes(usage.total), '']]));
}

interface CollectOptions extends JsonOption {
  readonly keepRuns: number;
  readonly olderThan?: number;
  readonly maxSize?: number;
  readonly dryRun?: true;
}

async function collect({ keepRuns, olderThan, maxSize, dryRun, json }: CollectOptions): Promise<void> {
  const { removeOldSubmissions, standingJobs } = await import('../../executors/slurm/standing-jobs.ts');
  const cache = cacheHere();
  const garbage = await collectGarbage(cache, {
    jobs: await standingJobs(cache),
    keepRuns,
    ...(olderThan !== undefined && { olderThanMs: olderThan }),
    ...(maxSize !== undefined && { maxBytes: maxSize }),
    ...(dryRun && { dryRun }),
  });
  if (!dryRun) await removeOldSubmissions(cache);
  if (json) printJson(garbage);
  else print(describeGarbage(garbage, dryRun ? 'would remove' : 'removed'));
}

function describeGarbage({ results, leftovers, bytes, keptBytes }: Garbage, verb: string): string {
  const rows = [
    ...results.map(({ instance, bytes: size, lastUse }) => [
      instance,
      formatBytes(size),
      `last used ${minute(lastUse)}`,
    ]),
    ...leftovers.map(({ what, path, bytes: size }) => [what, formatBytes(size), path]),
  ];
  const total = `${verb} ${plural(results.length, 'result')} and ${plural(leftovers.length, 'leftover')}: ${formatBytes(bytes)}`;
  return `${formatTable(rows)}${total}; results that stay take ${formatBytes(keptBytes)}`;
}

async function verify({ json, rebuildJournal: rebuild }: JsonOption & { rebuildJournal?: true }): Promise<void> {
  const directory = cacheHere();
  if (rebuild) await rebuildJournal(directory);
  const verified = await verifyStore(directory);
  if (json) printJson(verified);
  else {
    for (const { key, instance, problems, moved } of verified.damaged) {
      print(
        `${instance ?? key} is damaged${moved ? ', and moved aside' : '; another process uses it'}: ${problems.join('; ')}`,
      );
    }
    print(`${plural(verified.checked, 'result')}, ${formatBytes(verified.bytes)}: ${verified.damaged.length} damaged`);
  }
  if (verified.damaged.length > 0) process.exitCode = 1;
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

function duration(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError('It must be a time such as 90m, 12h or 30d.');
  return ms;
}

function size(text: string): number {
  const bytes = parseSize(text);
  if (bytes === undefined) throw new InvalidArgumentError('It must be a size such as 20GiB.');
  return bytes;
}

/** To the minute, UTC, of an ISO 8601 time. */
function minute(time: string): string {
  return time.slice(0, 16).replace('T', ' ');
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
