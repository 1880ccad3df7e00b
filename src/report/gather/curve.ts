/** The course of a metric over its steps, in bounded memory: neighbours are averaged once there are too many. */
export interface Curve {
  readonly points: readonly Point[];
  /** How many reports each point stands for. */
  readonly stride: number;
  /** Reports that do not make a point yet. */
  readonly open: readonly Point[];
}

export interface Point {
  readonly step: number;
  readonly value: number;
}

const capacity = 512;

/** A report without a step counts as the next one. A step that was reported before, by a resumed attempt, starts again from there. */
export function extendCurve(curve: Curve | undefined, step: number | undefined, value: number): Curve {
  const { points, stride, open } = curve ?? { points: [], stride: 1, open: [] };
  const last = open.at(-1) ?? points.at(-1);
  const point = { step: step ?? (last ? last.step + 1 : 0), value };
  if (last && point.step <= last.step) {
    const kept = points.filter((earlier) => earlier.step < point.step);
    return { points: [...kept, point], stride, open: [] };
  }
  const waiting = [...open, point];
  if (waiting.length < stride) return { points, stride, open: waiting };
  const longer = [...points, meanOf(waiting)];
  if (longer.length < capacity) return { points: longer, stride, open: [] };
  const halved = Array.from({ length: longer.length / 2 }, (_, i) => meanOf(longer.slice(2 * i, 2 * i + 2)));
  return { points: halved, stride: stride * 2, open: [] };
}

/** All there is to draw, the reports that wait for company included. */
export function pointsOf({ points, open }: Curve): readonly Point[] {
  return open.length === 0 ? points : [...points, meanOf(open)];
}

/** The mean value, at the last step. */
function meanOf(points: readonly Point[]): Point {
  return { step: points.at(-1)!.step, value: points.reduce((sum, { value }) => sum + value, 0) / points.length };
}
