import { chmodSync, constants, copyFileSync, lstatSync, renameSync, type Stats, utimesSync } from 'node:fs';

/**
 * Modification time of everything in a finished result (1980-01-01, which every archive format can hold): any later
 * write, and anything added to or taken from a folder, shows by another time.
 */
const sealedSeconds = 315_532_800;

/** Nobody writes a finished file; its executable bit stays. Other names of the same file elsewhere are let go. */
export function sealFileMode(path: string, status: Stats): void {
  if (status.nlink > 1) replaceByCopy(path);
  chmodSync(path, isExecutable(status) ? 0o555 : 0o444);
}

export function sealTime(path: string): void {
  utimesSync(path, sealedSeconds, sealedSeconds);
}

export function isSealed(status: Stats): boolean {
  return status.mtimeMs === sealedSeconds * 1000;
}

export function isExecutable(status: Stats): boolean {
  return (status.mode & 0o100) !== 0;
}

/** The status of what is there itself, not of what a link names; undefined if nothing is there. */
export function statusOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

function replaceByCopy(path: string): void {
  const copy = `${path}.kumiki-copy`;
  copyFileSync(path, copy, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
  renameSync(copy, path);
}
