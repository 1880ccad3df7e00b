const sparks = '▁▂▃▄▅▆▇█';

/** A series as bars between its lowest and its highest value, at most `width` of them, the newest at the right. */
export function sparkline(values: readonly number[], width: number): string {
  const shown = resample(values, width);
  const low = Math.min(...shown);
  const range = Math.max(...shown) - low;
  const level = (value: number) => (range === 0 ? 3 : Math.round(((value - low) / range) * (sparks.length - 1)));
  return shown.map((value) => sparks[level(value)]).join('');
}

function resample(values: readonly number[], width: number): readonly number[] {
  if (values.length <= width) return values;
  return Array.from({ length: width }, (_, cell) => {
    const part = values.slice(
      Math.floor((cell * values.length) / width),
      Math.ceil(((cell + 1) * values.length) / width),
    );
    return part.reduce((sum, value) => sum + value, 0) / part.length;
  });
}
