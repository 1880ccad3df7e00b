/** Quantities as people read them. */

/** `0.4s`, `12.3s`, `4m12s`, `3h04m`, `2d03h`. */
export function formatDuration(seconds: number): string {
  if (seconds < 59.95) return `${seconds.toFixed(1)}s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)}m${pad(whole % 60)}s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)}h${pad(minutes % 60)}m`;
  const hours = Math.floor(minutes / 60);
  return `${Math.floor(hours / 24)}d${pad(hours % 24)}h`;
}

/** As `formatDuration`, without tenths: for a clock that ticks. */
export function formatClock(seconds: number): string {
  return seconds < 60 ? `${Math.floor(seconds)}s` : formatDuration(Math.floor(seconds));
}

/** A time on an axis, of whatever length: `0.02s` where seconds alone would make its marks alike, else as a clock. */
export function formatTick(seconds: number): string {
  return seconds < 60 ? `${Number(seconds.toPrecision(3))}s` : formatClock(seconds);
}

/** `812 B`, `1.2 GiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${shortNumber(bytes / 1024 ** power)} ${units[power]}`;
}

/** `7`, `41`, `1.2k`, `3.4M`. */
export function formatCount(count: number): string {
  if (Math.abs(count) < 10_000) return shortNumber(count);
  const units = ['', 'k', 'M', 'G', 'T'];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.abs(count)) / 3));
  return `${shortNumber(count / 1000 ** power)}${units[power]}`;
}

/** `10,000`: in full, its thousands apart. By hand, since the first `toLocaleString` of a process takes 15 ms. */
export function formatWhole(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `3.2/s`, `12/min`, `4.1/h`: the unit that gives a number of at least one. */
export function formatRate(perSecond: number): string {
  if (perSecond >= 1) return `${formatCount(perSecond)}/s`;
  if (perSecond * 60 >= 1) return `${formatCount(perSecond * 60)}/min`;
  return `${formatCount(perSecond * 3600)}/h`;
}

/** `3.3 MB/s a core`, `14 M/s`: in a unit of its own, which may begin with a letter. */
export function formatRateOf(value: number, unit: string): string {
  const [, amount, prefix] = /^([\d.,-]+)(.*)$/.exec(formatCount(value)) ?? [];
  return `${amount} ${prefix}${unit.replace(/^1/, '')}`;
}

/** An amount of a pool: `memory` is in bytes. */
export function formatAmount(pool: string, amount: number): string {
  return pool === 'memory' ? formatBytes(amount) : formatCount(amount);
}

/** `0 %` and `100 %` only when that is exact. */
export function formatPercent(fraction: number): string {
  const percent = Math.round(fraction * 100);
  if (percent === 0 && fraction > 0) return '1%';
  if (percent === 100 && fraction < 1) return '99%';
  return `${percent}%`;
}

/** A metric's value: four significant digits. */
export function formatValue(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-3) return value.toExponential(2);
  return String(Number(value.toPrecision(4)));
}

function shortNumber(value: number): string {
  const rounded = Number(value.toFixed(Math.abs(value) < 9.95 ? 1 : 0));
  return formatWhole(rounded);
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
