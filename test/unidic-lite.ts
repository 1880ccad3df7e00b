import { spawnSync } from 'node:child_process';

const locate = 'import unidic_lite; print(unidic_lite.DICDIR)';

/** Directory of unidic-lite 1.0.8 (`KUMIKI_UNIDIC_LITE`, else that of python3): undefined where there is none, and tests that need it skip. */
export function unidicLite(): string | undefined {
  const given = process.env.KUMIKI_UNIDIC_LITE;
  if (given !== undefined) return given;
  const { status, stdout } = spawnSync('python3', ['-c', locate], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}
