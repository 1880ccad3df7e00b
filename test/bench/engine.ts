/**
 * The engine beside its peers on a layered graph of `cp` stages: cold, no-op, and one changed leaf.
 * Stage i reads in/i.txt and the output of stage i − 100. Sizes: KUMIKI_BENCH_STAGES (default 10000,1000).
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isInstalled, type Measured, measure, measureOnce, printRow } from './measure.ts';

const layerWidth = 100;
const cli = join(import.meta.dirname, '../../src/cli/main.js');
const kumiki = [process.execPath, cli, 'run', 'workflow.yaml', '--jobs', '2'];

interface Engine {
  readonly name: string;
  readonly command: readonly string[];
  write(folder: string, stages: number): void;
}

/** 1 KiB of input for each stage, no two alike. */
function writeInputs(folder: string, stages: number): void {
  mkdirSync(join(folder, 'in'));
  mkdirSync(join(folder, 'out'));
  for (let i = 0; i < stages; i++) writeFileSync(join(folder, 'in', `${i}.txt`), `${i} `.padEnd(1024, 'x'));
}

const indexes = (stages: number) => Array.from({ length: stages }, (_, i) => i);
const before = (i: number) => (i >= layerWidth ? i - layerWidth : undefined);

const kumikiYaml: Engine = {
  name: 'kumiki, one YAML stage each',
  command: kumiki,
  write(folder, stages) {
    const texts = indexes(stages).map((i) => {
      const previous = before(i);
      const after = previous === undefined ? '' : `, after: "\${{ stages.s${previous}.outputs.out }}"`;
      return `  s${i}:\n    inputs: {source: in/${i}.txt${after}}\n    run: cp \${{ inputs.source }} \${{ outputs.out }}\n    outputs: {out: file}\n`;
    });
    writeFileSync(join(folder, 'workflow.yaml'), `name: layers\nstages:\n${texts.join('')}`);
  },
};

const kumikiMatrix: Engine = {
  name: 'kumiki, 10-line matrix',
  command: kumiki,
  write(folder, stages) {
    const half = stages / 2;
    writeFileSync(
      join(folder, 'workflow.yaml'),
      `name: matrix
stages:
  first:
    matrix: {i: "\${{ range(0, ${half - 1}) }}"}
    run: cp \${{ format('in/{0}.txt', matrix.i) }} \${{ outputs.out }}
    inputs: {source: "in/\${{ matrix.i }}.txt"}
    outputs: {out: file}
  second:
    matrix: {i: "\${{ range(0, ${half - 1}) }}"}
    run: cat \${{ inputs.source }} \${{ stages.first.outputs.out }} > \${{ outputs.out }}
    inputs: {source: "in/\${{ matrix.i }}.txt"}
    outputs: {out: file}
`,
    );
  },
};

const ninja: Engine = {
  name: 'ninja',
  command: ['ninja', '-j2', '--quiet'],
  write(folder, stages) {
    const edges = indexes(stages).map((i) => {
      const previous = before(i);
      return `build out/${i}.txt: cp in/${i}.txt${previous === undefined ? '' : ` | out/${previous}.txt`}\n  src = in/${i}.txt\n`;
    });
    const rule = 'rule cp\n  command = cp $src $out\n';
    writeFileSync(join(folder, 'build.ninja'), `${rule}${edges.join('')}`);
  },
};

const make: Engine = {
  name: 'make',
  command: ['make', '-j2', '-s', 'all'],
  write(folder, stages) {
    const outs = indexes(stages).map((i) => `out/${i}.txt`);
    const rules = indexes(stages).map((i) => {
      const previous = before(i);
      const after = previous === undefined ? '' : ` out/${previous}.txt`;
      return `out/${i}.txt: in/${i}.txt${after}\n\t@cp in/${i}.txt out/${i}.txt\n`;
    });
    writeFileSync(join(folder, 'Makefile'), `all: ${outs.slice(-layerWidth).join(' ')}\n\n${rules.join('')}`);
  },
};

interface Phases {
  readonly cold: Measured;
  readonly noop: Measured;
  readonly leaf: Measured;
}

/** Cold once, no-op five times, one changed leaf three times; each run must succeed. */
function phases(engine: Engine, stages: number, timeoutSeconds: number): Phases {
  const folder = mkdtempSync(join(tmpdir(), 'kumiki-bench-'));
  try {
    writeInputs(folder, stages);
    engine.write(folder, stages);
    const once = () => measureOnce(engine.command, { cwd: folder, env: { CI: 'true' }, timeoutSeconds });
    const cold = once();
    once();
    const noop = measure(5, once);
    let edit = 0;
    const leaf = measure(3, () => {
      writeFileSync(join(folder, 'in', `${stages / 2 - 1}.txt`), `changed ${edit++} ${Date.now()}`);
      return once();
    });
    return { cold, noop, leaf };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

for (const stages of (process.env.KUMIKI_BENCH_STAGES ?? '10000,1000').split(',').map(Number)) {
  console.log(`${stages} stages of cp, 2 jobs; median wall time, largest peak memory`);
  const peers = new Map(
    [ninja, make].filter(({ name }) => isInstalled(name)).map((peer) => [peer.name, phases(peer, stages, 600)]),
  );
  for (const engine of [kumikiYaml, kumikiMatrix]) {
    const ours = phases(engine, stages, 600);
    for (const phase of ['cold', 'noop', 'leaf'] as const) {
      for (const [name, theirs] of peers) {
        printRow(`${engine.name}: ${phase}`, ours[phase], { name, measured: theirs[phase] });
      }
      if (peers.size === 0) printRow(`${engine.name}: ${phase}`, ours[phase]);
    }
  }
}
