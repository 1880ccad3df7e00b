/** What this machine offers to those who run workflows on it, and how to get the rest. */
import { execFile } from 'node:child_process';
import { existsSync, statfsSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { dirname } from 'node:path';
import { promisify } from 'node:util';

export interface Finding {
  readonly name: string;
  /** `missing` of something that not everybody needs is no fault of the machine. */
  readonly state: 'ok' | 'missing' | 'unusable';
  /** Version or size, as found. */
  readonly found: string;
  /** What it is for. */
  readonly purpose: string;
  readonly required: boolean;
  /** How to get it; only of what is not ok. */
  readonly remedy?: string;
}

interface Program {
  readonly name: string;
  readonly purpose: string;
  readonly remedy: string;
  readonly required?: boolean;
}

const oldestNode = [20, 19] as const;
const scarceDisk = 2 ** 30;

const programs: readonly Program[] = [
  { name: 'bash', purpose: 'shell stages', remedy: 'install bash with the package manager', required: true },
  { name: 'git', purpose: 'the commit in provenance', remedy: 'install git with the package manager' },
  { name: 'python3', purpose: 'Python dictionary packages', remedy: 'install python3 with the package manager' },
  {
    name: 'pip',
    purpose: 'Python dictionary packages',
    remedy: 'install python3-pip, or `python3 -m ensurepip`',
  },
  {
    name: 'sbatch',
    purpose: 'stages on a Slurm cluster',
    remedy: 'run kumiki on a login node of the cluster',
  },
  {
    name: 'gcloud',
    purpose: 'stages on TPU VMs, results in Cloud Storage',
    remedy: 'install the Google Cloud CLI: https://cloud.google.com/sdk/docs/install',
  },
];

/** `cache`: the folder that results are kept in, which need not exist yet. */
export async function surveyMachine(cache: string): Promise<readonly Finding[]> {
  return [node(), processors(), memory(), disk(cache), ...(await Promise.all(programs.map(findProgram)))];
}

function node(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const enough = major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1]);
  return {
    name: 'node',
    state: enough ? 'ok' : 'unusable',
    found: process.versions.node,
    purpose: 'kumiki itself',
    required: true,
    ...(!enough && { remedy: `install Node ${oldestNode.join('.')} or later` }),
  };
}

function processors(): Finding {
  const cores = availableParallelism();
  return { name: 'cpu', state: 'ok', found: `${cores} cores`, purpose: 'stages side by side', required: true };
}

function memory(): Finding {
  const bytes = process.constrainedMemory() || totalmem();
  return {
    name: 'memory',
    state: 'ok',
    found: gibibytes(Math.min(bytes, totalmem())),
    purpose: 'stages side by side',
    required: true,
  };
}

function disk(cache: string): Finding {
  let folder = cache;
  while (!existsSync(folder)) folder = dirname(folder);
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  return {
    name: 'disk',
    state: free < scarceDisk ? 'unusable' : 'ok',
    found: `${gibibytes(free)} free`,
    purpose: `results, in ${cache}`,
    required: true,
    ...(free < scarceDisk && { remedy: 'free space with `kumiki cache gc`, or set KUMIKI_CACHE to a larger disk' }),
  };
}

async function findProgram({ name, purpose, remedy, required = false }: Program): Promise<Finding> {
  try {
    const { stdout } = await promisify(execFile)(name, ['--version'], { timeout: 10_000 });
    const found = /\d+(\.\d+)+/.exec(stdout)?.[0] ?? 'found';
    return { name, state: 'ok', found, purpose, required };
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const found = missing ? 'not found' : 'does not answer';
    return { name, state: missing ? 'missing' : 'unusable', found, purpose, required, remedy };
  }
}

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
