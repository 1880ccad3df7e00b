import { RemoteError } from '../objects/remote-error.ts';
import { errorAt, type Report } from '../workflow/diagnostic.ts';
import type { ExpectedObject } from './surroundings.ts';

/** Rejects with a `RemoteError` where the bucket does not say. */
export type KindOfObject = (url: string) => Promise<'file' | 'directory' | 'stem' | undefined>;

/** Asks the buckets for all objects that inputs name, and reports at the place of each what is not as it must be. */
export async function checkObjects(
  expected: readonly ExpectedObject[],
  kindOf: KindOfObject,
  report: Report,
): Promise<void> {
  const urls = [...new Set(expected.map(({ url }) => url))];
  const answers = new Map(
    await Promise.all(urls.map(async (url) => [url, await kindOf(url).catch(remoteError)] as const)),
  );
  for (const { url, kind, place } of expected) {
    const found = answers.get(url);
    if (found instanceof RemoteError) report(errorAt(place, found.message));
    else if (found === undefined || (found === 'stem' && kind !== 'checkpoint')) {
      report(
        errorAt(
          place,
          `${url} does not exist`,
          `gcloud storage ls '${url.slice(0, url.lastIndexOf('/') + 1)}' lists what does`,
        ),
      );
    } else if ((kind === 'file' || kind === 'directory') && found !== kind) {
      report(errorAt(place, `expected a ${kind}; ${url} is a ${found}`));
    }
  }
}

function remoteError(error: unknown): RemoteError {
  if (error instanceof RemoteError) return error;
  throw error;
}
