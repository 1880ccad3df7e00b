/** The most bytes of a group, unless a single one has more. */
const most = 64 * 2 ** 20;

/** Numbers from 0 on, in order, in groups whose sizes together stay below a limit. */
export function groupsBySize(sizes: readonly number[]): number[][] {
  const groups: number[][] = [];
  let room = 0;
  for (const [i, size] of sizes.entries()) {
    if (size > room) {
      groups.push([]);
      room = most;
    }
    groups.at(-1)!.push(i);
    room -= size;
  }
  return groups;
}
