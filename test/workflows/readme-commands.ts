/** The command lines in the original's README, as programs with their flags. */

export interface Command {
  readonly program: string;
  /** By name without dashes; true for one without a value. Of a repeated flag, its values in order. */
  readonly flags: Readonly<Record<string, string | true | readonly string[]>>;
  /** `seq -f %02g 1 64 | xargs …`: `{}` in the values stands for each of them. */
  readonly shards?: number;
}

/** Every command that makes or changes data, in order; folders, copies and machines are not of interest. */
export function readmeCommands(readme: string): readonly Command[] {
  const blocks = [...readme.matchAll(/```sh\n(.*?)```/gs)].map(([, block]) => block!);
  return blocks.flatMap((block) => {
    const lines = block.replaceAll(/\\\n/g, ' ').split('\n');
    const commands = lines.map((line) => line.replace(/^(\(vm\))?\$ /, '')).flatMap(commandOf);
    return commands.some(({ program }) => program === 'convert_tf2_checkpoint_to_all_frameworks.py')
      ? lines.flatMap(conversionOf)
      : commands;
  });
}

function commandOf(line: string): Command[] {
  const shards = /^seq -f %02g 1 (\d+)\|/.exec(line)?.[1];
  const python = /\bpython3? (\S+\.py) (.*)$/.exec(line);
  if (python) {
    const [, program, rest] = python;
    return [{ program: program!, flags: flagsOf(rest!), ...(shards !== undefined && { shards: Number(shards) }) }];
  }
  const sample = /^cat (\S+)\|grep -a -v '\^\$'\|shuf\|head -n (\d+) > (\S+)/.exec(line);
  if (sample) return [{ program: 'shuf', flags: { input: sample[1]!, lines: sample[2]!, output: sample[3]! } }];
  const head = /^head -n (\d+) (\S+) > (\S+)/.exec(line);
  return head ? [{ program: 'head', flags: { lines: head[1]!, input: head[2]!, output: head[3]! } }] : [];
}

function flagsOf(text: string): Command['flags'] {
  const flags: Record<string, string | true | string[]> = {};
  for (const [, name, , quoted, plain] of text.matchAll(/--(\w+)([= ](?!--)(?:["']([^"']*)["']|(\S+)))?/g)) {
    const value = quoted ?? plain ?? true;
    const before = flags[name!];
    if (before === undefined || value === true) flags[name!] = value;
    else flags[name!] = [...[before].flat().map(String), value];
  }
  return flags;
}

/** A conversion is written as assignments, four times, before the one command that uses them. */
function conversionOf(line: string, index: number, lines: readonly string[]): Command[] {
  if (!line.startsWith('$ VOCAB_FILE=')) return [];
  const assigned = Object.fromEntries(
    lines.slice(index, index + 5).map((text) => text.replace(/^\$ /, '').split('=', 2) as [string, string]),
  );
  return [{ program: 'convert', flags: assigned }];
}
