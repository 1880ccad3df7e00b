/** Which columns a list of this width has, and how wide: what matters least goes first. */
export interface Columns {
  readonly name: number;
  readonly bar: number;
  readonly amount: number;
  readonly rate: number;
  readonly elapsed: number;
  readonly left: number;
}

const least = { name: 14, amount: 11, elapsed: 7, bar: 8, left: 6, rate: 8 };
const most = { amount: 24, bar: 30 };

/** `width` without the cursor's two cells; each column but the first has a gap before it. A missing one is 0 wide. */
export function listColumns(width: number, widestName: number): Columns {
  let free = width - least.name;
  const place = (cells: number) => {
    if (free < cells + 1) return 0;
    free -= cells + 1;
    return cells;
  };
  const grow = (cells: number, limit: number) => {
    const more = cells === 0 ? 0 : Math.min(free, Math.max(0, limit - cells));
    free -= more;
    return cells + more;
  };
  const amount = place(least.amount);
  const elapsed = place(least.elapsed);
  const bar = place(least.bar);
  const left = place(least.left);
  const rate = place(least.rate);
  const name = grow(least.name, widestName);
  return { name, amount: grow(amount, most.amount), bar: grow(bar, most.bar), rate, elapsed, left };
}
