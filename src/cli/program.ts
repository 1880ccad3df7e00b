import { type Argument, Command, CommanderError } from 'commander';
import { stageCommands } from '../../stages/commands/index.ts';
import { RemoteError } from '../objects/remote-error.ts';
import type { CommandEntry } from '../stage/command.ts';
import { StageError } from '../stage/define.ts';
import { StoreError } from '../store/store-error.ts';
import { version } from '../version.ts';
import { RequestError } from './request-error.ts';

/** Headings of `kumiki --help`, and what stands under them. */
const groups: Readonly<Record<string, readonly CommandEntry[]>> = {
  'Run:': [
    {
      name: 'run',
      description: 'bring a workflow, or some of its stages, up to date',
      load: () => import('./running/run.ts'),
    },
    {
      name: 'plan',
      description: 'what a run would do, and what it would cost',
      load: () => import('./running/plan.ts'),
    },
    { name: 'sweep', description: 'run every combination of values', load: () => import('./running/sweep.ts') },
    { name: 'watch', description: 'show a run, also one of another process', load: () => import('./running/watch.ts') },
    { name: 'exec', description: 'run one stage, without a workflow', load: () => import('./running/exec.ts') },
  ],
  'Look:': [
    { name: 'status', description: 'what is current, stale or running', load: () => import('./reading/status.ts') },
    {
      name: 'explain',
      description: 'why a stage is stale, or where its result is from',
      load: () => import('./reading/explain.ts'),
    },
    { name: 'output', description: 'path of a result', load: () => import('./reading/output.ts') },
    { name: 'logs', description: 'what a stage printed', load: () => import('./reading/logs.ts') },
    { name: 'graph', description: 'draw the workflow', load: () => import('./reading/graph.ts') },
    {
      name: 'report',
      description: 'a run as a page: costs, timeline, curves',
      load: () => import('./reading/report.ts'),
    },
    { name: 'compare', description: 'what differs between runs', load: () => import('./reading/compare.ts') },
    { name: 'runs', description: 'list, name and remove runs', load: () => import('./reading/runs.ts') },
  ],
  'Write:': [
    { name: 'init', description: 'begin with a small workflow that runs', load: () => import('./upkeep/init.ts') },
    { name: 'validate', description: 'check a workflow, run nothing', load: () => import('./upkeep/validate.ts') },
    { name: 'stages', description: 'what the built-in stages take and give', load: () => import('./upkeep/stages.ts') },
    ...stageCommands,
  ],
  'Keep:': [
    {
      name: 'cache',
      description: 'list, measure, clean, verify and share results',
      load: () => import('./upkeep/cache.ts'),
    },
    { name: 'doctor', description: 'what this machine can run', load: () => import('./upkeep/doctor.ts') },
    { name: 'completion', description: 'completion script for a shell', load: () => import('./upkeep/completion.ts') },
  ],
};

/** Runs the command line; the exit code is left in `process.exitCode`. */
export async function main(args: readonly string[]): Promise<void> {
  process.stdout.on('error', endQuietly);
  try {
    const program = await programFor(args);
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    process.exitCode = exitCodeOf(error);
  }
}

/** All commands by name and description, and in full the one that is asked for. */
export async function programFor(args: readonly string[]): Promise<Command> {
  const program = new Command('kumiki')
    .description('Declarative, content-hashed workflows: only what changed runs again.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .configureHelp({ subcommandTerm: (command) => (command.parent?.parent ? usage(command) : command.name()) })
    .addHelpCommand(new Command('help').argument('[command]').description('print help').helpGroup('Keep:'))
    .showSuggestionAfterError()
    .exitOverride();
  const words = args.filter((word) => !word.startsWith('-'));
  const wanted = words[0] === 'help' ? words[1] : words[0];
  for (const [group, entries] of Object.entries(groups)) {
    for (const { name, description, load } of entries) {
      const command = program.command(name).description(description).helpGroup(group);
      if (name === wanted) (await load()).define(command);
    }
  }
  return program;
}

function usage(command: Command): string {
  return [command.name(), ...command.registeredArguments.map(argumentTerm)].join(' ');
}

function argumentTerm(argument: Argument): string {
  const name = argument.variadic ? `${argument.name()}...` : argument.name();
  return argument.required ? `<${name}>` : `[${name}]`;
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof RequestError) {
    process.stderr.write(`kumiki: ${error.message}\n`);
    return 2;
  }
  // What fails while things are closed is of less interest than what made us close them.
  if (error instanceof Error && 'suppressed' in error) return exitCodeOf(error.suppressed);
  if (error instanceof StageError || error instanceof StoreError || error instanceof RemoteError) {
    process.stderr.write(`kumiki: ${error.message}\n`);
    return 1;
  }
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
  return 1;
}

/** `kumiki … | head`: whoever read it has had enough. */
function endQuietly(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
}
