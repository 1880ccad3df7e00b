import { distance } from 'fastest-levenshtein';

/** The candidate that was most likely meant, if one is near enough. */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(name.length / 2.5)) + 1;
  for (const candidate of candidates) {
    const far = slips(name.toLowerCase(), candidate.toLowerCase());
    if (far < bestDistance) [best, bestDistance] = [candidate, far];
  }
  return best;
}

/** Edits between two names; letters that only changed places count as one. */
function slips(a: string, b: string): number {
  const isAnagram = a.length === b.length && a !== b && [...a].sort().join() === [...b].sort().join();
  return isAnagram ? 1 : distance(a, b);
}

/** A hint for an unknown name: the nearest one, else what there is. */
export function didYouMean(name: string, candidates: Iterable<string>): string | undefined {
  const known = [...candidates];
  const near = nearest(name, known);
  if (near !== undefined) return `did you mean '${near}'?`;
  if (known.length === 0) return undefined;
  const shown = known.slice(0, 12).join(', ');
  return `known: ${shown}${known.length > 12 ? `, and ${known.length - 12} more` : ''}`;
}
