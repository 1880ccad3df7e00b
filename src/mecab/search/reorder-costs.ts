import type { Connections } from '../format/connections.ts';
import type { IdOrder } from './id-order.ts';

/** Moves each cost to where the new numbers of its ids say, in place: a row has one left id, a column one right id. */
export function reorderCosts({ leftSize, rightSize, costs }: Connections, { left, right }: IdOrder): void {
  moveColumns(costs, leftSize, rightSize, right);
  moveRows(costs, leftSize, left);
}

function moveColumns(costs: Int16Array, width: number, height: number, places: Uint16Array): void {
  const moved = Uint16Array.from(places.keys()).filter((id) => places[id] !== id);
  const to = moved.map((id) => places[id]!);
  const held = new Int16Array(moved.length);
  for (let row = 0; row < height * width; row += width) {
    for (let i = 0; i < moved.length; i++) held[i] = costs[row + moved[i]!]!;
    for (let i = 0; i < moved.length; i++) costs[row + to[i]!] = held[i]!;
  }
}

/** Along each cycle of rows that take each other's places. */
function moveRows(costs: Int16Array, width: number, places: Uint16Array): void {
  const isMoved = new Uint8Array(places.length);
  const rowOf = (id: number) => costs.subarray(width * id, width * (id + 1));
  let carried = new Int16Array(width);
  let displaced = new Int16Array(width);
  for (let first = 0; first < places.length; first++) {
    if (isMoved[first] === 1 || places[first] === first) continue;
    carried.set(rowOf(first));
    let id = first;
    do {
      id = places[id]!;
      displaced.set(rowOf(id));
      rowOf(id).set(carried);
      [carried, displaced] = [displaced, carried];
      isMoved[id] = 1;
    } while (id !== first);
  }
}
