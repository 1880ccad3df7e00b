import { mkdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { execa } from 'execa';
import { DeviceError } from '../device-error.ts';

export interface AddonParts {
  /** From `findCompiler`. */
  readonly compiler: string;
  /** The npm package `@tensorflow/tfjs-node`, whose sources are compiled, and where its JavaScript looks for the result. */
  readonly package: string;
  /** Of the npm package `node-api-headers`. */
  readonly nodeHeaders: string;
  /** The package of the wheel: headers in `include`, libraries beside them. */
  readonly tensorflow: string;
  readonly signal: AbortSignal;
}

/** What the addon is linked with; in wheels since TensorFlow 2.12. */
export const libraries = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];

/** Of Node-API, the highest that tfjs-node's loader looks for: every Node that kumiki runs on has it. */
const nodeApi = 8;

/**
 * Compiles tfjs-node's addon against the TensorFlow of a Python wheel. Node-API is stable, so one addon serves every version of Node,
 * and its headers are those of an npm package: no node-gyp, no download from elsewhere. Throws `DeviceError`.
 */
export async function compileAddon(parts: AddonParts): Promise<void> {
  const { compiler, package: tfjs, nodeHeaders, tensorflow, signal } = parts;
  const folder = join(tfjs, 'lib', `napi-v${nodeApi}`);
  await mkdir(folder, { recursive: true });
  const sources = ['tfjs_backend.cc', 'tfjs_binding.cc'].map((file) => join(tfjs, 'binding', file));
  const { failed, isCanceled, stderr } = await execa(
    compiler,
    [
      ...['-std=c++17', '-O2', '-fPIC', '-shared', `-DNAPI_VERSION=${nodeApi}`, '-DBUILDING_NODE_EXTENSION'],
      ...[nodeHeaders, join(tensorflow, 'include'), tfjs].flatMap((include) => ['-isystem', include]),
      ...sources,
      ...['-o', join(folder, 'tfjs_binding.node'), '-L', tensorflow],
      ...libraries.map((library) => `-l:${library}`),
      // Relative to the addon, so that the folder may be moved.
      `-Wl,-rpath,$ORIGIN/${relative(folder, tensorflow)}`,
    ],
    { reject: false, cancelSignal: signal },
  );
  if (isCanceled) signal.throwIfAborted();
  if (failed) throw new DeviceError(`${compiler} cannot compile the addon: ${firstErrors(stderr)}`);
}

/** What CXX names, or the first compiler for C++ that there is. Throws `DeviceError`. */
export async function findCompiler(): Promise<string> {
  const named = process.env.CXX;
  for (const program of named ? [named] : ['c++', 'g++', 'clang++']) {
    const { failed } = await execa(program, ['--version'], { reject: false });
    if (!failed) return program;
  }
  throw new DeviceError(
    named
      ? `CXX names ${named}, which does not run`
      : 'there is no compiler for C++: install one (on Debian: apt install g++), or use the backend wasm',
  );
}

function firstErrors(stderr: string): string {
  const errors = stderr.split('\n').filter((line) => /error|undefined reference|cannot find/.test(line));
  return (errors.length > 0 ? errors : stderr.trim().split('\n')).slice(0, 3).join('\n');
}
