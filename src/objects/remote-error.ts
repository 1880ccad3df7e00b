export type RemoteTrouble = 'no-credentials' | 'no-bucket' | 'forbidden' | 'unavailable' | 'poisoned' | 'refused';

/** A place that holds objects does not do what was asked. The message is for people, and holds no secret. */
export class RemoteError extends Error {
  override readonly name = 'RemoteError';
  readonly trouble: RemoteTrouble;

  constructor(trouble: RemoteTrouble, message: string) {
    super(withoutSecrets(message));
    this.trouble = trouble;
  }
}

/** A text without what could open a bucket: bearer tokens, and the queries of signed and of upload URLs. */
export function withoutSecrets(text: string): string {
  return text
    .replaceAll(/(\bhttps?:\/\/[^\s?'"]+)\?[^\s'"]*/g, '$1')
    .replaceAll(/\b(Bearer|Basic)\s+[\w.~+/=-]+/gi, '$1 …')
    .replaceAll(/\bya29\.[\w.~+/=-]+/g, '…')
    .replaceAll(
      /\b((?:access_token|refresh_token|client_secret|private_key|upload_id|X-Goog-Signature)["']?\s*[=:]\s*["']?)[^\s"'&,}]+/gi,
      '$1…',
    );
}

/** What is needed of an answer or an error on the way to one, whatever layer of the client made it. */
export interface RequestFailure {
  readonly status?: number;
  /** Of the system: `ECONNRESET` and the like. */
  readonly code?: string;
  readonly message: string;
  readonly retryAfterMs?: number;
}

interface ClientError {
  readonly message?: string;
  readonly code?: number | string;
  readonly status?: number;
  readonly response?: { readonly status?: number; readonly statusCode?: number; readonly headers?: unknown };
}

export function requestFailure(error: unknown): RequestFailure {
  const { message = String(error), code, status, response } = error as ClientError;
  const found = [status, code, response?.status, response?.statusCode].map(Number).find((each) => each >= 100);
  const retryAfter = retryAfterOf(response?.headers);
  return {
    message,
    ...(found !== undefined && { status: found }),
    ...(typeof code === 'string' && !/^\d+$/.test(code) && { code }),
    ...(retryAfter !== undefined && { retryAfterMs: retryAfter }),
  };
}

/** Milliseconds that a `Retry-After` header asks to wait: seconds, or a date. */
export function retryAfterOf(headers: unknown): number | undefined {
  const text =
    headers instanceof Headers ? headers.get('retry-after') : (headers as Record<string, string>)?.['retry-after'];
  if (text === null || text === undefined || text === '') return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

const roles = {
  read: 'roles/storage.objectViewer',
  write: 'roles/storage.objectUser',
} as const;

const howToLogIn =
  'log in with `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS to a key file';

/** Credentials that are there, but cannot be read. */
export function unusableCredentials(bucket: string, why: string): RemoteError {
  const file = process.env.GOOGLE_APPLICATION_CREDENTIALS;
  const which = file ? `GOOGLE_APPLICATION_CREDENTIALS, ${file},` : 'what gcloud left';
  return new RemoteError(
    'no-credentials',
    `gs://${bucket} cannot be reached: ${which} cannot be used as credentials (${why}): ${howToLogIn}`,
  );
}

/** An error of the Google Cloud Storage client in words, with the remedy. */
export function describeFailure(failure: RequestFailure, bucket: string, doing: 'read' | 'write'): RemoteError {
  const { status, message } = failure;
  const isLogin = /default credentials|invalid_grant|invalid_rapt|reauth|refresh token|client_email|GoogleAuth/i;
  if (status === 401 || isLogin.test(message)) {
    return new RemoteError('no-credentials', `gs://${bucket} cannot be reached without credentials: ${howToLogIn}`);
  }
  if (status === 403) {
    const grant = `gcloud storage buckets add-iam-policy-binding gs://${bucket} --member=user:YOU --role=${roles[doing]}`;
    return new RemoteError(
      'forbidden',
      `no permission to ${doing} in gs://${bucket}: ask for ${roles[doing]} (${grant})`,
    );
  }
  if (status === 404) {
    const make = `create it with \`gcloud storage buckets create gs://${bucket}\`, or correct its name`;
    return new RemoteError('no-bucket', `there is no bucket gs://${bucket}: ${make}`);
  }
  const why = status === undefined ? message : `it answers ${status} (${message})`;
  if (isPassing(failure)) {
    return new RemoteError('unavailable', `gs://${bucket} cannot be reached: ${why}; run again when it is back`);
  }
  return new RemoteError('refused', `gs://${bucket} refuses to ${doing}: ${why}`);
}

const passingCodes = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'ERR_STREAM_PREMATURE_CLOSE',
  'UND_ERR_SOCKET',
]);

/** May it go well another time? */
export function isPassing({ status, code, message }: RequestFailure): boolean {
  if (status !== undefined) return status === 408 || status === 429 || status >= 500;
  if (code !== undefined && passingCodes.has(code)) return true;
  return /socket hang up|premature close|network timeout|aborted|ECONNRESET|ECONNREFUSED|EPIPE|other side closed/i.test(
    message,
  );
}
