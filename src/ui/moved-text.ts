import { formatBytes, formatClock, formatWhole } from './quantity.ts';

/** Results on their way to or from a remote, see `ResultsMoved`. */
export interface MovedSoFar {
  readonly results: number;
  readonly of: number;
  readonly bytes: number;
  readonly ofBytes?: number;
  readonly seconds?: number;
}

/** A rate of the first instants says nothing. */
const tellingSeconds = 1;

/** `3 of 8 results · 20 MiB of 53 MiB · 4 MiB/s · 8s left`. */
export function movedText({ results, of, bytes, ofBytes, seconds = 0 }: MovedSoFar): string {
  const rate = seconds >= tellingSeconds && bytes > 0 ? bytes / seconds : undefined;
  const left = rate !== undefined && ofBytes !== undefined ? Math.max(0, ofBytes - bytes) / rate : undefined;
  const words = [
    `${formatWhole(results)} of ${formatWhole(of)} result${of === 1 ? '' : 's'}`,
    ofBytes === undefined ? formatBytes(bytes) : `${formatBytes(bytes)} of ${formatBytes(Math.max(bytes, ofBytes))}`,
    rate !== undefined && `${formatBytes(rate)}/s`,
    left !== undefined && `${formatClock(left)} left`,
  ];
  return words.filter(Boolean).join(' · ');
}
