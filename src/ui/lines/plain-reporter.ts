/** A run as plain lines: for pipes, files and CI. */
import { styleText } from 'node:util';
import type { RunEvent, RunStarted } from '../../run/events.ts';
import type { Colour } from '../palette.ts';
import { formatAmount, formatWhole } from '../quantity.ts';
import { foldEvents } from '../state/fold-events.ts';
import { emptyState, type RunState, stageOf } from '../state/run-state.ts';
import { fitWidth, textWidth } from '../text-width.ts';
import { type PlainLine, plainLines, progressLine, skippedLine } from './plain-lines.ts';
import type { Output, Reporter } from './reporter.ts';
import { foldRoutine } from './routine.ts';
import { runTitle, summaryLines } from './summary.ts';
import { createTally } from './tally.ts';

export interface PlainOptions {
  /** See `wantsColour`. */
  readonly colour?: boolean;
}

const widestName = 40;
const progressEveryMs = 30_000;
const movementEveryMs = 10_000;
/** Events kept until a figure is asked for: folding many at once is cheap, one by one is not. */
const foldAt = 2000;

/** Colours are for terminals, unless `NO_COLOR` or `CI` says otherwise or `FORCE_COLOR` asks for them. */
export function wantsColour(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean {
  if (env.NO_COLOR || env.FORCE_COLOR === '0') return false;
  if (env.FORCE_COLOR) return true;
  return stream.isTTY === true && !env.CI;
}

/**
 * One line for each thing that matters, as it happens, and a summary at the end. Results that were there are one
 * line a stage, and so are skipped instances; long stages tell of their progress twice a minute. In a run of many
 * instances, those that go well are told of by their number.
 */
export function plainReporter(output: Output, { colour: coloured = false }: PlainOptions = {}): Reporter {
  let state: RunState = emptyState;
  let unfolded: RunEvent[] = [];
  const tally = createTally();
  const routine = foldRoutine(tally);
  let nameWidth = 0;
  let day = '';
  let skipped = { stage: '', because: undefined as string | undefined, count: 0 };
  const progressToldAt = new Map<string, number>();
  const movementToldAt = new Map<string, number>();

  function currentState(): RunState {
    state = foldEvents(state, unfolded);
    unfolded = [];
    return state;
  }

  function write(text: string, colour?: Colour): void {
    output.write(`${paint(text, colour)}\n`);
  }

  function paint(text: string, colour: Colour | undefined): string {
    return coloured && colour ? styleText(colour, text, { validateStream: false }) : text;
  }

  function writeLines(lines: readonly PlainLine[], time: number): void {
    for (const { mark, name, text, colour, below = [] } of lines) {
      const clock = paint(new Date(time).toTimeString().slice(0, 8), 'gray');
      const label = textWidth(name) > nameWidth ? name : fitWidth(name, nameWidth);
      write(
        `${clock} ${paint(mark, colour)} ${label}  ${colour === 'red' || colour === 'yellow' ? paint(text, colour) : text}`,
      );
      for (const line of below) write(`         ${line}`, 'gray');
    }
  }

  function writeHeading(event: RunStarted, time: number): void {
    for (const { instances } of event.groups) {
      for (const name of instances) nameWidth = Math.max(nameWidth, textWidth(name));
    }
    nameWidth = Math.min(widestName, nameWidth);
    day = isoDay(time);
    const pools = Object.entries(event.limits).map(([pool, amount]) => `${pool} ${formatAmount(pool, amount)}`);
    const size = `${plural(tally.counts.all, 'instance')} of ${plural(event.groups.length, 'stage')}`;
    write(`kumiki ${event.kumiki} · ${runTitle({ started: event })} · run ${event.run} · ${day}`);
    write([size, ...pools].join(' · '), 'gray');
  }

  function writeDay(time: number): void {
    if (isoDay(time) === day) return;
    day = isoDay(time);
    write(`── ${day}`, 'gray');
  }

  function writeSkipped(time: number): void {
    const { stage, count, because } = skipped;
    if (count > 0) writeLines([skippedLine(stage, count, because)], time);
    skipped = { stage: '', because: undefined, count: 0 };
  }

  function countSkipped(instance: string, because: string | undefined, time: number): void {
    const stage = stageOf(instance);
    if (skipped.stage !== stage || skipped.because !== because) writeSkipped(time);
    skipped = { stage, because, count: skipped.count + 1 };
  }

  function writeProgress(instance: string, time: number): void {
    const stage = stageOf(instance);
    const last = progressToldAt.get(stage);
    if (last !== undefined && time - last < progressEveryMs) return;
    progressToldAt.set(stage, time);
    const group = last === undefined ? undefined : currentState().groups.find((one) => one.stage === stage);
    if (group) writeLines([progressLine(group, time)], time);
  }

  /** Results on their way are told of now and then, if that takes long. */
  function hidesMovement(event: RunEvent, time: number): boolean {
    if (event.type !== 'results-moved' || event.of === undefined) return false;
    const last = movementToldAt.get(event.direction);
    if (last !== undefined && time - last < movementEveryMs) return true;
    movementToldAt.set(event.direction, time);
    return last === undefined;
  }

  return {
    report(event) {
      unfolded.push(event);
      if (unfolded.length >= foldAt) currentState();
      tally.add(event);
      if (event.type === 'instance-finished' && event.state === 'skipped') {
        countSkipped(event.instance, event.because, event.time);
        return;
      }
      writeSkipped(event.time);
      if (event.type === 'run-started') writeHeading(event, event.time);
      writeDay(event.time);
      if (event.type === 'progress') writeProgress(event.instance, event.time);
      if (!routine.hides(event) && !hidesMovement(event, event.time))
        writeLines(plainLines(event, tally.logOf), event.time);
      writeLines(routine.count(event), event.time);
      if (event.type === 'run-finished')
        for (const { text, colour } of summaryLines(tally.summary)) write(text, colour);
    },
  };
}

function plural(count: number, noun: string): string {
  return `${formatWhole(count)} ${noun}${count === 1 ? '' : 's'}`;
}

function isoDay(time: number): string {
  const date = new Date(time);
  const [month, day] = [date.getMonth() + 1, date.getDate()].map((part) => String(part).padStart(2, '0'));
  return `${date.getFullYear()}-${month}-${day}`;
}
