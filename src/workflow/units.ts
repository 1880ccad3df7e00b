const bytesIn: Readonly<Record<string, number>> = {
  B: 1,
  ...Object.fromEntries(['K', 'M', 'G', 'T', 'P'].map((unit, i) => [`${unit}B`, 1000 ** (i + 1)])),
  ...Object.fromEntries(['K', 'M', 'G', 'T', 'P'].map((unit, i) => [`${unit}iB`, 1024 ** (i + 1)])),
};

const millisecondsIn: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

export const sizePattern = /^\s*(\d+(?:\.\d+)?)\s*([KMGTP]i?B|B)\s*$/;
export const durationPattern = /^\s*(?:\d+(?:\.\d+)?\s*(?:ms|s|m|h|d)\s*)+$/;

/** Bytes of `32GiB`, `1.5GB`, `512 MiB`; undefined if it is no size. */
export function parseSize(text: string): number | undefined {
  const match = sizePattern.exec(text);
  return match ? Math.round(Number(match[1]) * bytesIn[match[2]!]!) : undefined;
}

/** Milliseconds of `12h`, `1h30m`, `500ms`; undefined if it is no duration. */
export function parseDuration(text: string): number | undefined {
  if (!durationPattern.test(text)) return undefined;
  const parts = text.matchAll(/(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)/g);
  return Math.round(
    Array.from(parts, ([, amount, unit]) => Number(amount) * millisecondsIn[unit!]!).reduce((a, b) => a + b),
  );
}

/** `2 GiB`: for messages. */
export function formatSize(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${Number((bytes / 1024 ** power).toFixed(1))} ${units[power]}`;
}

/** An amount of a pool: `memory` is in bytes, and so is what is too large to be a count. */
export function formatAmount(pool: string, amount: number): string {
  return pool === 'memory' || amount >= 1024 ** 2 ? formatSize(amount) : String(amount);
}
