/**
 * Makes TensorFlow.js compute with TensorFlow's own kernels: `@tensorflow/tfjs-node` from npm, its addon compiled against the TensorFlow of
 * a Python wheel that the user's pip fetches. (The package's own installer offers TensorFlow 2.9 and, for GPUs, CUDA 11.2.) All lies in one
 * folder of the user's cache; nothing is installed into Python.
 */
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { downloadWithPip } from '../../fetch/pip.ts';
import { unpackWheel } from '../../fetch/unpack-wheel.ts';
import { type AddonKind, addonFolder, sharedCache } from '../addon-folder.ts';
import { DeviceError } from '../device-error.ts';
import { compileAddon, findCompiler, libraries } from './compile-addon.ts';

export interface SetupOptions {
  readonly kind: AddonKind;
  /** Of TensorFlow. */
  readonly version: string;
  /** Also where the addon is there and works. */
  readonly force: boolean;
  readonly signal: AbortSignal;
  log(message: string): void;
}

export interface Setup {
  readonly folder: string;
  readonly version: string;
  /** A GPU is there and used. */
  readonly gpu: boolean;
  /** False where it was there already. */
  readonly built: boolean;
}

export const defaultVersion = '2.18.1';

/** The release of tfjs-node: that of the other TensorFlow.js packages. */
const tfjsVersion = '4.22.0';
const nodeHeadersVersion = '1.9.0';

/**
 * Sets the addon up, or finds that it is. Wheels that were fetched are kept until all is done, so a rerun goes on from there; the folder is
 * renamed into place once the addon has computed something. Throws `DeviceError` and `FetchError`.
 */
export async function setUpTensorflow(options: SetupOptions): Promise<Setup> {
  const { kind, version, force, log } = options;
  const folder = addonFolder(kind);
  const platform = wheelPlatform();
  if (!force) {
    const present = await probeAddon(folder).catch(() => undefined);
    if (present?.version === version) return { folder, built: false, ...present };
  }
  const compiler = await findCompiler();
  await removeAbandoned(folder);
  const building = `${folder}.building-${process.pid}`;
  const downloads = join(sharedCache(), `tensorflow-${kind}-${version}.wheels`);
  try {
    await mkdir(building, { recursive: true });
    await mkdir(downloads, { recursive: true });
    const python = join(building, 'python');
    await unpackTensorflow(options, platform, downloads, python);
    log(`fetching tfjs-node ${tfjsVersion} with npm`);
    await installPackages(building, options.signal);
    log('compiling the addon');
    const modules = join(building, 'node_modules');
    await compileAddon({
      compiler,
      package: join(modules, '@tensorflow/tfjs-node'),
      nodeHeaders: join(modules, 'node-api-headers/include'),
      tensorflow: join(python, 'tensorflow'),
      signal: options.signal,
    });
    await rm(join(python, 'tensorflow/include'), { recursive: true });
    const probed = await probeAddon(building);
    await replaceFolder(folder, building);
    await rm(downloads, { recursive: true });
    return { folder, built: true, ...probed };
  } finally {
    await rm(building, { recursive: true, force: true });
  }
}

interface WheelPlatform {
  /** The package that has the CPU build. */
  readonly cpuPackage: string;
  readonly architecture: string;
}

function wheelPlatform(): WheelPlatform {
  if (process.platform === 'linux' && process.arch === 'x64') {
    return { cpuPackage: 'tensorflow-cpu', architecture: 'x86_64' };
  }
  if (process.platform === 'linux' && process.arch === 'arm64') {
    return { cpuPackage: 'tensorflow', architecture: 'aarch64' };
  }
  throw new DeviceError(
    `TensorFlow can be set up on Linux with x64 or arm64, not on ${process.platform} ${process.arch}: use the backend wasm`,
  );
}

/** Headers and libraries of TensorFlow and, for GPUs, the CUDA libraries that the wheel names, laid out as in site-packages. */
async function unpackTensorflow(
  { kind, version, signal, log }: SetupOptions,
  { cpuPackage, architecture }: WheelPlatform,
  downloads: string,
  target: string,
): Promise<void> {
  const packageName = kind === 'gpu' ? 'tensorflow' : cpuPackage;
  const fetched = async (name: string, its: string) => {
    log(`fetching ${name} ${its} with pip`);
    return fetchWheel({ name, version: its, architecture, directory: downloads, signal });
  };
  const metadata = await unpackOrForget(await fetched(packageName, version), target, (path) =>
    /^tensorflow\/(libtensorflow_(cc|framework)\.so\.2$|include\/(tensorflow|tsl|xla)\/.*\.h$)/.test(path),
  );
  const present = await readdir(join(target, 'tensorflow')).catch((): string[] => []);
  const missing = libraries.find((library) => !present.includes(library));
  if (missing !== undefined) {
    throw new DeviceError(`the wheel of ${packageName} ${version} has no ${missing}: choose a release from 2.12 on`);
  }
  if (kind === 'cpu') return;
  for (const [name, its] of cudaPackages(metadata)) {
    await unpackOrForget(await fetched(name, its), target, (path) => /^nvidia\/[^/]+\/(lib|bin|nvvm)\//.test(path));
  }
}

/** Name and version of what `tensorflow[and-cuda]` asks for. */
function cudaPackages(metadata: string): [string, string][] {
  const required = metadata.matchAll(
    /^Requires-Dist: (nvidia-[\w-]+) *\(?==([\w.]+)\)? *; *extra == ["']and-cuda["']/gm,
  );
  const packages = [...required].map(([, name, version]): [string, string] => [name!, version!]);
  if (packages.length === 0) throw new DeviceError('this TensorFlow names no CUDA libraries: choose one from 2.14 on');
  return packages;
}

interface Wheel {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly directory: string;
  readonly signal: AbortSignal;
}

/** The wheel's path. The user's Python may be any: the addon needs libraries only, so one for CPython 3.11 serves all. */
async function fetchWheel({ name, version, architecture, directory, signal }: Wheel): Promise<string> {
  const platforms = ['manylinux_2_17', 'manylinux2014', 'manylinux_2_27', 'manylinux_2_28', 'manylinux1'];
  await downloadWithPip({
    requirement: `${name}==${version}`,
    directory,
    options: [
      ...['--only-binary=:all:', '--implementation', 'cp', '--python-version', '3.11', '--abi', 'cp311'],
      ...platforms.flatMap((platform) => ['--platform', `${platform}_${architecture}`]),
    ],
    withoutPip: ', or use the backend wasm',
    visible: true,
    signal,
  });
  const stem = `${name.replaceAll(/[-_.]+/g, '_')}-${version}-`;
  const file = (await readdir(directory)).find((each) => each.startsWith(stem) && each.endsWith('.whl'));
  if (file === undefined) throw new DeviceError(`pip fetched no wheel of ${name} ${version} into ${directory}`);
  return join(directory, file);
}

/** A damaged wheel is removed, so that a rerun fetches it again. */
async function unpackOrForget(wheel: string, target: string, wanted: (path: string) => boolean): Promise<string> {
  try {
    await mkdir(target, { recursive: true });
    return await unpackWheel(wheel, target, wanted);
  } catch (error) {
    await rm(wheel, { force: true });
    throw error;
  }
}

async function installPackages(folder: string, signal: AbortSignal): Promise<void> {
  await writeFile(join(folder, 'package.json'), '{ "private": true }\n');
  const packages = [`@tensorflow/tfjs-node@${tfjsVersion}`, `node-api-headers@${nodeHeadersVersion}`];
  // Without scripts: the package's own would download another TensorFlow.
  const { failed, isCanceled, code, stderr } = await execa(
    'npm',
    ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', ...packages],
    { cwd: folder, reject: false, cancelSignal: signal },
  );
  if (isCanceled) signal.throwIfAborted();
  if (code === 'ENOENT') throw new DeviceError('npm is not in PATH: it comes with Node');
  if (failed)
    throw new DeviceError(`npm cannot install ${packages[0]}: ${stderr.trim().split('\n').slice(0, 3).join('\n')}`);
}

/** Loads the addon in a process of its own, which may crash, and lets it compute. */
async function probeAddon(folder: string): Promise<{ version: string; gpu: boolean }> {
  const script = fileURLToPath(new URL('./probe-addon.js', import.meta.url));
  const { failed, stdout, stderr, signal } = await execa(process.execPath, [script, folder], { reject: false });
  if (failed) {
    const why = /^\w*Error: .*$/m.exec(stderr)?.[0] ?? signal ?? stderr.trim().split('\n').at(-1);
    throw new DeviceError(`the addon in ${folder} does not work: ${why}`);
  }
  return JSON.parse(stdout) as { version: string; gpu: boolean };
}

async function replaceFolder(folder: string, by: string): Promise<void> {
  const old = `${folder}.old-${process.pid}`;
  await rename(folder, old).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await rename(by, folder);
  await rm(old, { recursive: true, force: true });
}

/** Folders that killed setups left. */
async function removeAbandoned(folder: string): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  for (const name of await readdir(dirname(folder))) {
    const [, pid] = /\.(?:building|old)-(\d+)$/.exec(name) ?? [];
    if (pid === undefined || !name.startsWith(`${basename(folder)}.`) || isRunning(Number(pid))) continue;
    await rm(join(dirname(folder), name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
