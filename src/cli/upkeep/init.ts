import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { print } from '../print.ts';
import { RequestError } from '../request-error.ts';

export function define(command: Command): void {
  command.argument('[folder]', 'where; made if it is not there', '.').action(scaffold);
}

function scaffold(folder: string): void {
  const files = template(basename(resolve(folder)));
  const present = Object.keys(files).filter((path) => existsSync(join(folder, path)));
  if (present.length > 0) throw new RequestError(`${present.join(', ')} is there already: nothing was written`);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
    print(`wrote ${join(folder, path)}`);
  }
  const there = relative('', folder);
  print(`\nNow: ${there ? `cd ${there} && ` : ''}kumiki run`);
}

/** A workflow that runs as it is, and shows a matrix, a join, a parameter and a publication. */
function template(name: string): Readonly<Record<string, string>> {
  return {
    'workflow.yaml': `name: ${JSON.stringify(name)}

params:
  lengths: [3, 5, 7]

publish:
  out/summary.txt: \${{ stages.summary.outputs.text }}

stages:
  # One instance for each length; each runs again only if its input, its script or its length changes.
  words:
    matrix: {length: "\${{ params.lengths }}"}
    inputs: {text: data/text.txt}
    run: |
      tr -cs '[:alpha:]' '\\n' < \${{ inputs.text }} | awk -v n=\${{ matrix.length }} 'length == n' > \${{ outputs.list }}
    outputs: {list: file}

  # A reference to a stage with a matrix is the list of all its instances, in order.
  summary:
    run: wc -l \${{ stages.words.outputs.list }} | awk '{print $1}' > \${{ outputs.text }}
    outputs: {text: file}
`,
    'data/text.txt':
      'An old pond\na frog jumps in\nthe sound of water\n\nIn the cicada cry\nno sign can foretell\nhow soon it must die\n',
    '.gitignore': 'cache/\nout/\n',
    'kumiki.yaml': '# Paths in workflows start from the folder of this file.\n',
  };
}
