/** What the plain reporter says of each event. */
import type {
  AttemptFinished,
  AttemptStarted,
  InstanceFinished,
  Interrupted,
  ResultsMoved,
  RunEvent,
} from '../../run/events.ts';
import { movedText } from '../moved-text.ts';
import { type Colour, colours, marks } from '../palette.ts';
import {
  formatAmount,
  formatBytes,
  formatClock,
  formatCount,
  formatDuration,
  formatPercent,
  formatRate,
  formatWhole,
} from '../quantity.ts';
import { irreproducibleText } from '../state/irreproducible-text.ts';
import { type GroupState, type ProgressState, type Status, stageOf } from '../state/run-state.ts';
import { groupSecondsLeft } from '../state/time-left.ts';

export type LogOf = (instance: string) => string | undefined;

export interface PlainLine {
  readonly mark: string;
  /** The stage or instance that it is about. */
  readonly name: string;
  readonly text: string;
  readonly colour?: Colour;
  /** Lines that hang below it. */
  readonly below?: readonly string[];
}

/** `logOf` tells the log of the newest attempt at an instance, if there was one. */
export function plainLines(event: RunEvent, logOf: LogOf): readonly PlainLine[] {
  switch (event.type) {
    case 'instances-cached':
      return cachedLines(event.instances);
    case 'instance-waiting': {
      const { pid, host } = event.holder;
      return [statusLine('waiting', event.instance, `waits for pid ${pid}@${host}, which builds the same`)];
    }
    case 'attempt-started':
      return [statusLine('running', event.instance, startText(event))];
    case 'attempt-finished':
      return attemptLines(event, logOf(event.instance));
    case 'instance-finished':
      return instanceLines(event, logOf);
    case 'warning':
      return [{ mark: '!', name: event.instance ?? '', text: event.message, colour: 'yellow' }];
    case 'interrupted':
      return [{ mark: '◌', name: '', text: interruptedText(event), colour: 'yellow' }];
    case 'published':
      return [{ mark: '→', name: event.instance, text: `${event.output} published as ${event.destination}` }];
    case 'results-moved':
      return [movedLine(event)];
    default:
      return [];
  }
}

/** `↓ pulled 3 results (1.2 GiB) from gs://lab/cache`; while they move how far that is. */
function movedLine({ of, ...event }: ResultsMoved): PlainLine {
  const { direction, remote, results, bytes } = event;
  const [mark, way] = direction === 'pulled' ? ['↓', 'from'] : ['↑', 'to'];
  if (of !== undefined) return { mark, name: '', text: `${direction} ${movedText({ ...event, of })} ${way} ${remote}` };
  const count = `${formatWhole(results)} result${results === 1 ? '' : 's'}`;
  return { mark, name: '', text: `${direction} ${count} (${formatBytes(bytes)}) ${way} ${remote}` };
}

/** More stages than these are not told one by one when their results were there. */
const listedStages = 20;

/** How far a stage is: the one instance's own progress, or how many of many are done. */
export function progressLine(group: GroupState, now: number): PlainLine {
  const only = group.instances.length === 1 ? group.instances[0]!.progress : undefined;
  const measured = !only || only.total !== undefined;
  const left = groupSecondsLeft(group, now);
  const words = [
    only ? progressText(only) : `${group.counts.running} running · ${Math.floor(group.done)}/${group.instances.length}`,
    measured && formatPercent(group.done / group.instances.length),
    only?.rate !== undefined && formatRate(only.rate),
    left !== undefined && `${formatClock(left)} left`,
  ];
  return { mark: '…', name: group.stage, text: words.filter(Boolean).join(' · ') };
}

/** `1.2M/3.4M lines`. */
export function progressText({ done, total, unit }: ProgressState): string {
  return `${formatCount(done)}${total === undefined ? '' : `/${formatCount(total)}`} ${unit}`;
}

/** Many instances of a stage that were skipped for the same reason. */
export function skippedLine(stage: string, count: number, because: string | undefined): PlainLine {
  const what = count === 1 ? 'skipped' : `${formatWhole(count)} skipped`;
  return statusLine('skipped', stage, because ? `${what} because of ${because}` : what);
}

function interruptedText({ level, waitsFor }: Interrupted): string {
  if (level === 2) return 'interrupted again: stopping now';
  if (waitsFor !== undefined) return `waits for ${waitsFor}; once more to stop now`;
  return 'interrupted: nothing new starts, what runs may end; once more to stop now';
}

function statusLine(status: Status, name: string, text: string): PlainLine {
  return { mark: marks[status], name, text, colour: colours[status] };
}

/** A line for each stage, or one for all if they are many. */
function cachedLines(instances: readonly string[]): PlainLine[] {
  const counts = new Map<string, number>();
  for (const id of instances) {
    const stage = stageOf(id);
    counts.set(stage, (counts.get(stage) ?? 0) + 1);
  }
  if (counts.size > listedStages) {
    return [statusLine('cached', `${formatWhole(counts.size)} stages`, `${formatWhole(instances.length)} cached`)];
  }
  return [...counts].map(([stage, count]) =>
    statusLine('cached', stage, count === 1 ? 'cached' : `${formatWhole(count)} cached`),
  );
}

function startText({ attempt, resumed, resources }: AttemptStarted): string {
  const granted = Object.entries(resources).map(([pool, amount]) => `${pool} ${formatAmount(pool, amount)}`);
  const words = [resumed ? 'continues' : 'starts', attempt > 1 && `attempt ${attempt}`, granted.join(', ')];
  return words.filter(Boolean).join(' · ');
}

function attemptLines(event: AttemptFinished, log: string | undefined): PlainLine[] {
  const { instance, outcome, seconds, peakMemory, failure, retryInMs } = event;
  const spent = formatDuration(seconds) + (peakMemory === undefined ? '' : ` · peak ${formatBytes(peakMemory)}`);
  if (outcome === 'succeeded') return [statusLine('built', instance, `done in ${spent}`)];
  if (outcome === 'cancelled') return [statusLine('cancelled', instance, `cancelled after ${spent}`)];
  // One that never began has no log: it is told where its instance ends.
  if (log === undefined && retryInMs === undefined) return [];
  const below = [...(failure?.tail ?? []).map((text) => `│ ${text}`), ...(log ? [`└ log: ${log}`] : [])];
  const failed = statusLine('failed', instance, `failed after ${spent}: ${failure?.message ?? 'no reason given'}`);
  if (retryInMs === undefined) return [{ ...failed, below }];
  return [
    { ...failed, below },
    statusLine(
      'retrying',
      instance,
      `next attempt in ${retryInMs < 1000 ? formatDuration(retryInMs / 1000) : formatClock(retryInMs / 1000)}`,
    ),
  ];
}

/** What no line about its attempts has told already. */
function instanceLines(event: InstanceFinished, logOf: LogOf): PlainLine[] {
  const { instance, failure, irreproducible = [] } = event;
  const changed = irreproducible.map(
    (one): PlainLine => ({ mark: '!', name: instance, text: irreproducibleText(one), colour: 'yellow' }),
  );
  switch (event.state) {
    case 'cached':
      return [statusLine('cached', instance, 'cached'), ...changed];
    case 'shared':
      return [
        statusLine('shared', instance, event.from ? `pulled from ${event.from}` : 'made by another, shared'),
        ...changed,
      ];
    case 'failed': {
      const told = logOf(instance) !== undefined;
      return told || !failure ? changed : [statusLine('failed', instance, `failed: ${failure.message}`), ...changed];
    }
    default:
      return changed;
  }
}
