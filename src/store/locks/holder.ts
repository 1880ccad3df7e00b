import { randomBytes } from 'node:crypto';
import { closeSync, fstatSync, openSync, readdirSync, readFileSync, statSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Layout } from '../layout.ts';
import { makeFolder } from '../make-folder.ts';
import { unlinkIfThere } from '../remove.ts';
import { lifeOf, ownIdentity, type ProcessIdentity } from './process-identity.ts';

/**
 * This process among the holders of locks and leases: one file, whose every hard link is a lock. Its first line says
 * who it is; the lines after it, what it has running. Rewriting the first line is the heartbeat of all locks at once.
 */
export interface OwnHolder {
  readonly id: string;
  readonly path: string;
  readonly inode: number;
  /** Beats, and returns the time by the clock of the machine that keeps the files, to compare with others' beats. */
  beat(): number;
  /** Appends a line for a successor to read, see `readHolder`. */
  note(note: GroupNote): void;
  close(): void;
}

/** A process group that works on an attempt under a lock. */
export interface GroupNote {
  readonly lock: string;
  readonly group: number;
  /** Start of the group's leader, see `processStart`. */
  readonly start: string;
  /** Folder that only this attempt's processes were told of. */
  readonly scratch: string;
}

export interface HolderFile {
  readonly id: string;
  readonly identity: ProcessIdentity;
  readonly inode: number;
  /** Modification time of the file: the last heartbeat, by the clock of the machine that keeps the file. */
  readonly beat: number;
  readonly notes: readonly GroupNote[];
}

const heartbeatMs = 5_000;

/** A holder on another machine that has not been heard of for so long is taken for dead. */
export const silenceMs = 90_000;

/** A name for this process's files in the store. */
export function newHolderId(): string {
  return `${hostname()}.${process.pid}.${randomBytes(6).toString('hex')}`;
}

/** What has no first line belongs to nobody, and stood in the way of the next try: a full disk takes the name, not the line. */
function writeFirst(descriptor: number, header: string, path: string): number {
  try {
    return writeSync(descriptor, header, 0);
  } catch (error) {
    closeSync(descriptor);
    unlinkIfThere(path);
    throw error;
  }
}

export function openHolder(layout: Layout, id: string): OwnHolder {
  for (const directory of [layout.holders, layout.locks]) makeFolder(directory);
  removeDeadHolders(layout);
  const identity = ownIdentity();
  const path = `${layout.holders}/${id}`;
  const descriptor = openSync(path, 'wx+', 0o644);
  const header = `${JSON.stringify({ id, ...identity })}\n`;
  let end = writeFirst(descriptor, header, path);
  const beat = () => {
    writeSync(descriptor, header, 0);
    return fstatSync(descriptor).mtimeMs;
  };
  const beatQuietly = () => {
    try {
      beat();
    } catch {
      // A file server that is away for a while: the next beat may get through.
    }
  };
  const timer = setInterval(beatQuietly, heartbeatMs).unref();
  return {
    id,
    path,
    inode: fstatSync(descriptor).ino,
    beat,
    note(note) {
      end += writeSync(descriptor, `${JSON.stringify(note)}\n`, end);
    },
    close() {
      clearInterval(timer);
      closeSync(descriptor);
      unlinkIfThere(path);
    },
  };
}

/**
 * The holder behind a lock or in `holders/`; undefined if there is no such file. One that cannot be read (a machine
 * lost power before its file reached the disk) counts as a stranger, to be judged by its silence.
 */
export function readHolder(path: string): HolderFile | undefined {
  const status = statSync(path, { throwIfNoEntry: false });
  if (status === undefined) return undefined;
  const found = { inode: status.ino, beat: status.mtimeMs };
  try {
    const [header, ...lines] = readFileSync(path, 'utf8').split('\n');
    const { id, ...identity } = JSON.parse(header!) as ProcessIdentity & { id: string };
    return { ...found, id, identity, notes: lines.flatMap(parseNote) };
  } catch {
    const stranger = { pid: 0, host: 'unknown', boot: '', namespace: '', start: '' };
    return { ...found, id: `unknown-${status.ino}-${status.mtimeMs}`, identity: stranger, notes: [] };
  }
}

/**
 * Is it certain, or after long silence to be assumed, that this holder is gone? `now` is the time by the clock of
 * the machine that keeps the files, see `HolderFile.beat`.
 */
export function holderIsDead(holder: HolderFile, now: number): boolean {
  const life = lifeOf(holder.identity);
  return life === 'dead' || (life === 'unknown' && now - holder.beat > silenceMs);
}

/** A last line may be torn. */
function parseNote(line: string): GroupNote[] {
  try {
    return [JSON.parse(line) as GroupNote];
  } catch {
    return [];
  }
}

/** Their locks are links of their own and stay until they are taken over. */
function removeDeadHolders(layout: Layout): void {
  for (const name of readdirSync(layout.holders)) {
    const holder = readHolder(`${layout.holders}/${name}`);
    if (holder !== undefined && lifeOf(holder.identity) === 'dead') unlinkIfThere(`${layout.holders}/${name}`);
  }
}
