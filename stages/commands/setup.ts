import { type Command, InvalidArgumentError } from 'commander';
import { defaultVersion, setUpTensorflow } from '../../src/devices/setup/set-up-tensorflow.ts';
import { explained } from '../explained.ts';

interface Options {
  readonly gpu: boolean;
  readonly release: string;
  readonly force: boolean;
}

export function define(command: Command): void {
  command
    .command('tensorflow')
    .description("TensorFlow's own kernels for training: several times as fast as WebAssembly")
    .option('--gpu', 'for CUDA 12, with the libraries of NVIDIA (2.5 GB to fetch); not yet tried on a GPU', false)
    .option('--release <version>', 'of TensorFlow', release, defaultVersion)
    .option('--force', 'build anew what is there already', false)
    .addHelpText(
      'after',
      '\nFetches a wheel of TensorFlow with pip and compiles the addon of TensorFlow.js against it; needs pip, npm and a\n' +
        "compiler for C++. All goes to one folder of the user's cache; Python's packages are left as they are.",
    )
    .action((options: Options) => explained(() => setUp(options)));
}

async function setUp({ gpu, release, force }: Options): Promise<void> {
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort());
  const log = (message: string) => process.stdout.write(`${message}\n`);
  const setup = await setUpTensorflow({
    kind: gpu ? 'gpu' : 'cpu',
    version: release,
    force,
    signal: interrupted.signal,
    log,
  });
  log(`TensorFlow ${setup.version} ${setup.built ? 'is set up' : 'was set up already'} in ${setup.folder}`);
  if (gpu && !setup.gpu) log('It sees no GPU here: until it does, it computes on the CPU.');
}

function release(text: string): string {
  if (!/^\d+\.\d+\.\d+(rc\d+)?$/.test(text))
    throw new InvalidArgumentError(`Expected a version such as ${defaultVersion}.`);
  return text;
}
