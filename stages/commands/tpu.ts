import type { Command } from 'commander';
import { deleteNode, listNodes } from '../../src/cloud-tpu/tpu-node.ts';
import { explained } from '../explained.ts';

interface Options {
  readonly project?: string;
  readonly zone: string;
  readonly queued?: boolean;
}

export function define(command: Command): void {
  command
    .command('ls')
    .description('the TPU VMs of a project that kumiki made or waits in line for; they cost money while they are there')
    .option('--project <name>', "of Google Cloud; else gcloud's own")
    .option('--zone <zone>', 'only there', '-')
    .action((options: Options) => explained(() => list(options)));
  command
    .command('delete')
    .description('delete TPU VMs by name')
    .argument('<names...>', 'as ls prints them')
    .requiredOption('--zone <zone>', 'where they are')
    .option('--project <name>', "of Google Cloud; else gcloud's own")
    .option('--queued', 'made with queued: true', false)
    .action((names: string[], options: Options) => explained(() => remove(names, options)));
}

async function list({ project, zone }: Options): Promise<void> {
  const nodes = await listNodes(project, zone, (problem) => process.stderr.write(`kumiki: ${problem}\n`));
  for (const { name, zone, state, acceleratorType, created, queued } of nodes) {
    const words = [name, zone, acceleratorType, state, created, queued && 'delete it with --queued'];
    process.stdout.write(`${words.filter(Boolean).join('  ')}\n`);
  }
  if (nodes.length === 0) process.stdout.write('There is none.\n');
}

async function remove(names: readonly string[], { project, zone, queued = false }: Options): Promise<void> {
  for (const name of names) {
    await deleteNode({ name, zone }, project, queued);
    process.stdout.write(`deleted ${name}\n`);
  }
}
