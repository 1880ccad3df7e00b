import { setTimeout as sleep } from 'node:timers/promises';
import type { GroupNote, HolderFile } from './holder.ts';
import { environmentMentions, groupMembers, ownIdentity, processStart } from './process-identity.ts';

/** So long is waited for killed processes to be gone: one that hangs in the kernel does not stop its successor. */
const patienceMs = 10_000;

/** Ends those of a dead process's groups that still run on this machine. */
export async function endLeftovers(dead: HolderFile, isMeant: (note: GroupNote) => boolean): Promise<void> {
  const own = ownIdentity();
  if (dead.identity.boot !== own.boot || dead.identity.namespace !== own.namespace) return;
  const notes = dead.notes.filter(isMeant);
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const members = notes.flatMap(survivors);
    if (members.length === 0 || performance.now() > deadline) return;
    for (const pid of members) killIfThere(pid);
    await sleep(5);
  }
}

/**
 * Processes of the noted group. While its leader lives, its start time proves that the pid was not given away; after
 * that, only those count whose environment names the attempt's own scratch folder.
 */
function survivors(note: GroupNote): number[] {
  const members = groupMembers(note.group);
  if (processStart(note.group) === note.start) return members;
  return members.filter((pid) => environmentMentions(pid, note.scratch));
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
