import type { Plan } from '../graph/plan.ts';
import { RequestError } from './request-error.ts';

/** Indexes of the instances that stages on the command line stand for; undefined if none are named, which means all. */
export async function selectInstances(
  plan: Plan,
  patterns: readonly string[],
): Promise<ReadonlySet<number> | undefined> {
  if (patterns.length === 0) return undefined;
  const select = await import('../graph/select.ts');
  const selection = select.selectInstances(plan, patterns);
  if (!selection.ok) throw new RequestError(selection.messages.join('\nkumiki: '));
  return selection.instances;
}
