/** In a run of many instances those that go well are told of by their number. */
import type { RunEvent } from '../../run/events.ts';
import { formatClock, formatRate, formatWhole } from '../quantity.ts';
import type { PlainLine } from './plain-lines.ts';
import type { Tally } from './tally.ts';

/** From so many instances on, one line for each that starts or ends well is more than anybody reads. */
const manyInstances = 100;
/** An attempt of this length is worth a line in any run. */
const longSeconds = 60;
const countEveryMs = 10_000;

/** Decides which events need no line of their own, and counts them in a line now and then. */
export function foldRoutine(tally: Tally): {
  hides(event: RunEvent): boolean;
  /** The line that is due after an event, if one is. */
  count(event: RunEvent): readonly PlainLine[];
} {
  let countedAt: number | undefined;
  return {
    hides: (event) => tally.counts.all > manyInstances && isRoutine(event),
    count(event) {
      const { all, ended } = tally.counts;
      if (all <= manyInstances || ended === all || event.type !== 'instance-finished') return [];
      countedAt ??= tally.summary.startedAt;
      if (event.time - countedAt < countEveryMs) return [];
      countedAt = event.time;
      return [countLine(tally, event.time)];
    },
  };
}

function isRoutine(event: RunEvent): boolean {
  switch (event.type) {
    case 'attempt-started':
      return event.attempt === 1 && !event.resumed;
    case 'attempt-finished':
      return event.outcome === 'succeeded' && event.seconds < longSeconds;
    case 'instance-finished':
      return event.state === 'shared' && !event.irreproducible;
    default:
      return false;
  }
}

/** `1,234/10,000  2 running · 25/s · 5m50s left`. */
function countLine({ summary, counts }: Tally, now: number): PlainLine {
  const { all, ended, cached, running } = counts;
  const perSecond = ((ended - cached) / (now - summary.startedAt)) * 1000;
  const left = (all - ended) / perSecond;
  const words = [`${formatWhole(running)} running`, formatRate(perSecond), `${formatClock(left)} left`];
  return { mark: '…', name: `${formatWhole(ended)}/${formatWhole(all)}`, text: words.join(' · ') };
}
