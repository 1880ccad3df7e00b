import { spawnSync } from 'node:child_process';

const locate = 'import unidic_lite; print(unidic_lite.DICDIR)';

/**
 * Directory of unidic-lite 1.0.8 (`KUMIKI_UNIDIC_LITE`, else that of python3): undefined where there is none, and tests that
 * need it skip. With KUMIKI_REQUIRE_SHARED set its absence is an error: the golden files were made with it.
 */
export function unidicLite(): string | undefined {
  const given = process.env.KUMIKI_UNIDIC_LITE;
  if (given !== undefined) return given;
  const { status, stdout } = spawnSync('python3', ['-c', locate], { encoding: 'utf8' });
  if (status === 0) return stdout.trim();
  if (process.env.KUMIKI_REQUIRE_SHARED) {
    throw new Error('unidic-lite is missing: pip install unidic-lite==1.0.8, or set KUMIKI_UNIDIC_LITE to its dicdir');
  }
  return undefined;
}
