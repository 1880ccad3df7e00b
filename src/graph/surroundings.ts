import { statSync } from 'node:fs';
import { basename, dirname, relative, resolve } from 'node:path';
import type { InputDeclaration } from '../stage/define.ts';
import type { Diagnostic } from '../workflow/diagnostic.ts';
import { ExpressionFault } from '../workflow/expressions/fault.ts';
import type { Surroundings as ExpressionSurroundings } from '../workflow/expressions/functions.ts';
import type { Json } from '../workflow/json.ts';
import type { FileRead } from '../workflow/load.ts';
import { unreadable } from '../workflow/unreadable.ts';
import { type Node, toJson } from '../workflow/yaml/node.ts';
import { parseYaml } from '../workflow/yaml/parse.ts';
import { readSource } from '../workflow/yaml/read.ts';
import type { Place } from '../workflow/yaml/source.ts';
import { type CompileSources, envDigest, type FolderNames, listDigest, listGlob } from './compile-sources.ts';
import { folderState } from './folder-state.ts';

/** The world outside the workflow, as far as compiling looks at it; remembers what it was asked. */
export interface Surroundings extends ExpressionSurroundings {
  /** The workspace root, absolute. */
  readonly root: string;
  /** Of a path relative to the root. */
  kindOf(path: string): 'file' | 'directory' | undefined;
  /** Whether the cache is a directory (its path relative to the root), or lies below it. */
  holdsCache(path: string): boolean;
  readConfig(path: string): ConfigRead;
  /** Notes an object of a bucket that must be there. */
  expectObject(expected: ExpectedObject): void;
  readonly expectedObjects: readonly ExpectedObject[];
  read(file: FileRead): void;
  sources(): CompileSources;
}

export interface ExpectedObject {
  readonly url: string;
  readonly kind: InputDeclaration['kind'];
  readonly place: Place;
}

type ConfigRead =
  | { readonly ok: true; readonly value: Json }
  /** A message that follows the file's name; `diagnostics` where the file itself is wrong. */
  | { readonly ok: false; readonly message: string; readonly missing: boolean }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

export function observe(root: string, env: Readonly<Record<string, string | undefined>>, cache?: string): Surroundings {
  const files = new Map<string, FileRead>();
  const variables = new Map<string, string | null>();
  const globs = new Map<string, { patterns: readonly string[]; found: readonly string[] }>();
  const kinds = new Map<string, 'file' | 'directory' | undefined>();
  const folderStates = new Map<string, string | undefined>();
  const configs = new Map<string, ConfigRead>();
  const expectedObjects: ExpectedObject[] = [];
  return {
    root,
    env(name) {
      variables.set(name, envDigest(env[name]));
      return env[name];
    },
    glob(patterns) {
      const name = JSON.stringify(patterns);
      const known = globs.get(name) ?? { patterns, found: listGlob(root, patterns) };
      globs.set(name, known);
      if (known.found.length > 0) return known.found;
      throw new ExpressionFault(
        `no file matches ${patterns.join(' ')}`,
        `patterns start from the workspace root, ${root}`,
      );
    },
    kindOf(path) {
      const absolute = resolve(root, path);
      if (!kinds.has(absolute)) {
        const folder = dirname(absolute);
        if (!folderStates.has(folder)) folderStates.set(folder, folderState(folder));
        kinds.set(absolute, kindOnDisk(absolute));
      }
      return kinds.get(absolute);
    },
    holdsCache: (path) => cache !== undefined && !relative(resolve(root, path), cache).startsWith('..'),
    readConfig(path) {
      const absolute = resolve(root, path);
      const known = configs.get(absolute) ?? readConfig(absolute, (file) => files.set(file.path, file));
      configs.set(absolute, known);
      return known;
    },
    expectObject: (expected) => expectedObjects.push(expected),
    expectedObjects,
    read: (file) => files.set(file.path, file),
    sources: () => ({
      files: [...files.values()],
      env: Array.from(variables, ([name, digest]) => ({ name, digest })),
      globs: Array.from(globs.values(), ({ patterns, found }) => ({
        patterns,
        digest: listDigest(found),
      })),
      exists: byFolder(
        [...kinds].filter(([, kind]) => kind !== undefined).map(([path]) => path),
        folderStates,
      ),
    }),
  };
}

function byFolder(paths: readonly string[], states: ReadonlyMap<string, string | undefined>): readonly FolderNames[] {
  const folders = new Map<string, string[]>();
  for (const path of paths) {
    const names = folders.get(dirname(path));
    if (names) names.push(basename(path));
    else folders.set(dirname(path), [basename(path)]);
  }
  return Array.from(folders, ([folder, names]) => {
    const state = states.get(folder);
    return { folder, names, ...(state !== undefined && { state }) };
  });
}

function kindOnDisk(path: string): 'file' | 'directory' | undefined {
  try {
    const facts = statSync(path);
    return facts.isDirectory() ? 'directory' : facts.isFile() ? 'file' : undefined;
  } catch (error) {
    if (unreadable(error) === undefined) throw error;
    return undefined;
  }
}

function readConfig(path: string, read: (file: FileRead) => void): ConfigRead {
  const result = readSource(path);
  if (!result.ok) return result;
  read({ path, digest: result.digest });
  const diagnostics: Diagnostic[] = [];
  const node: Node | undefined = parseYaml(result.source, (diagnostic) => diagnostics.push(diagnostic));
  return node ? { ok: true, value: toJson(node) } : { ok: false, diagnostics };
}
