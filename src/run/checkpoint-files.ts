import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * Files of a checkpoint, with what its writer put beside them under the same name. It is given as its prefix, or as a directory whose
 * file `checkpoint` names the latest as TensorFlow writes it: `model_checkpoint_path: "ckpt-100"`. Without any the path itself is
 * returned, so that digesting it gives the system's error.
 */
export function checkpointFiles(path: string): readonly { readonly part: string; readonly path: string }[] {
  const prefix = latestPrefix(path) ?? path;
  const name = `${basename(prefix)}.`;
  const files = names(dirname(prefix))
    .filter((file) => file.startsWith(name) && !file.endsWith('.unfinished'))
    .sort();
  if (files.length === 0) return [{ part: '', path }];
  return files.map((file) => ({ part: file.slice(name.length), path: join(dirname(prefix), file) }));
}

function latestPrefix(directory: string): string | undefined {
  try {
    const text = readFileSync(join(directory, 'checkpoint'), 'utf8');
    const latest = /^model_checkpoint_path:\s*"([^"]+)"/m.exec(text)?.[1];
    return latest && join(directory, basename(latest));
  } catch {
    return undefined;
  }
}

function names(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
