import { join } from 'node:path';
import { findTasks, type Part } from '../../src/jglue/data/find-tasks.ts';
import type { TaskName } from '../../src/jglue/tasks/task.ts';

/** The demonstration's items of the five tasks, which lie as in a checkout of JGLUE. */
export const demoCheckout = join(import.meta.dirname, '../../../workflows/demo/jglue');

export function demoFile(task: TaskName, part: Part): string {
  return findTasks(demoCheckout).tasks.get(task)!.files[part]!;
}
