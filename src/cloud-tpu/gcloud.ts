/** Google's command line, called with lists of arguments; what it fails with, in words. */
import { execa } from 'execa';
import { RemoteError, withoutSecrets } from '../objects/remote-error.ts';

export type TpuTrouble = 'capacity' | 'quota' | 'setup' | 'failed';

/** A Cloud TPU cannot be had or used: the message says why and what to do, and holds no secret. */
export class CloudTpuError extends Error {
  override readonly name = 'CloudTpuError';
  readonly trouble: TpuTrouble;

  constructor(trouble: TpuTrouble, message: string) {
    super(withoutSecrets(message));
    this.trouble = trouble;
  }
}

/** Failures in a row, of what may pass, after which it is no passing one. */
export const patience = 10;

/** What a failure says that may be over the next time: Google was not reached. Throws any other. */
export function passing(error: unknown): string {
  const mayPass =
    (error instanceof CloudTpuError && error.trouble === 'failed') ||
    (error instanceof RemoteError && error.trouble === 'unavailable');
  if (!mayPass) throw error;
  return error.message;
}

export interface GcloudAnswer {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** `gcloud compute tpus ARGS`. Rejects where there is no gcloud, or the signal is aborted. */
export async function gcloudTpus(
  args: readonly string[],
  project: string | undefined,
  signal?: AbortSignal,
): Promise<GcloudAnswer> {
  const scope = project === undefined ? [] : [`--project=${project}`];
  const { failed, isCanceled, code, stdout, stderr } = await execa(
    'gcloud',
    ['compute', 'tpus', ...args, ...scope, '--quiet'],
    { reject: false, stdin: 'ignore', stripFinalNewline: false, ...(signal && { cancelSignal: signal }) },
  );
  if (isCanceled) signal?.throwIfAborted();
  if (code === 'ENOENT') {
    throw new CloudTpuError('setup', 'gcloud is not in PATH: install the Google Cloud CLI, then run gcloud auth login');
  }
  return { ok: !failed, stdout, stderr };
}

const troubles: readonly (readonly [RegExp, TpuTrouble, string])[] = [
  [
    /quota/i,
    'quota',
    'the quota of the project is used up: raise it (IAM & Admin, Quotas, Cloud TPU API), or name another zone',
  ],
  [
    /no more capacity|"code": 8\b|RESOURCE_EXHAUSTED|out of capacity/i,
    'capacity',
    'there is no capacity now: name more zones, wait (queued: true waits in line), or run again later',
  ],
  [
    /PERMISSION_DENIED|does not have permission|HTTPError 403/i,
    'setup',
    'the account may not do this: it needs roles/tpu.admin and roles/iam.serviceAccountUser',
  ],
  [
    /SERVICE_DISABLED|has not been used in project|API .*not enabled/i,
    'setup',
    'run gcloud services enable tpu.googleapis.com',
  ],
  [/active account|auth login|Reauthentication|invalid_grant/i, 'setup', 'run gcloud auth login'],
  [
    /attribute \[project\]|project property/i,
    'setup',
    "name the project (the stage's parameter 'project', or --project), or run gcloud config set project",
  ],
];

/** What gcloud said, and what to do about it. */
export function gcloudFailure(doing: string, { stderr }: GcloudAnswer): CloudTpuError {
  const [, trouble, remedy] = troubles.find(([pattern]) => pattern.test(stderr)) ?? [undefined, 'failed', ''];
  const said =
    stderr
      .trim()
      .split('\n')
      .findLast((line) => line.startsWith('ERROR')) ?? stderr.trim().split('\n').at(-1);
  return new CloudTpuError(
    trouble as TpuTrouble,
    `${doing}: ${remedy === '' ? '' : `${remedy}. gcloud says: `}${said}`,
  );
}
