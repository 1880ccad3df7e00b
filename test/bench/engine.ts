/**
 * The engine beside its peers on a layered graph of `cp` stages: cold, no-op, and one changed leaf.
 * Stage i reads in/i.txt and the output of stage i − 100. Sizes: KUMIKI_BENCH_STAGES (default 10000,1000,300).
 * wireit and DVC, fetched into a temporary folder where the registries can be reached, run the smallest size only.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isInstalled, type Measured, measure, measureOnce, printRow } from './measure.ts';
import { npmPackage, pipProgram } from './peers/install.ts';

const layerWidth = 100;
const cli = join(import.meta.dirname, '../../cli/main.js');
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

const wireit = (modules: string): Engine => ({
  name: 'wireit',
  command: ['npm', 'run', '--silent', 'all'],
  write(folder, stages) {
    symlinkSync(modules, join(folder, 'node_modules'));
    const entries = indexes(stages).map((i) => {
      const previous = before(i);
      const entry = {
        command: `cp in/${i}.txt out/${i}.txt`,
        files: [`in/${i}.txt`],
        output: [`out/${i}.txt`],
        dependencies: previous === undefined ? [] : [`s${previous}`],
      };
      return [`s${i}`, entry] as const;
    });
    const all = { dependencies: entries.slice(-layerWidth).map(([name]) => name) };
    const scripts = Object.fromEntries([...entries.map(([name]) => name), 'all'].map((name) => [name, 'wireit']));
    const manifest = { name: 'layers', private: true, scripts, wireit: { ...Object.fromEntries(entries), all } };
    writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  },
});

const dvc = (program: string): Engine => ({
  name: 'dvc',
  command: [program, 'repro', '--quiet'],
  write(folder, stages) {
    const texts = indexes(stages).map((i) => {
      const previous = before(i);
      const after = previous === undefined ? '' : `, out/${previous}.txt`;
      return `  s${i}: {cmd: cp in/${i}.txt out/${i}.txt, deps: [in/${i}.txt${after}], outs: [out/${i}.txt]}\n`;
    });
    writeFileSync(join(folder, 'dvc.yaml'), `stages:\n${texts.join('')}`);
    spawnSync(program, ['init', '--no-scm', '--quiet'], { cwd: folder, stdio: 'ignore' });
    spawnSync(program, ['config', 'core.analytics', 'false'], { cwd: folder, stdio: 'ignore' });
  },
});

/** wireit and DVC, as far as they can be fetched. */
function fetchedPeers(tools: string): readonly Engine[] {
  const modules = npmPackage(join(tools, 'npm'), 'wireit');
  const program = pipProgram(join(tools, 'python'), 'dvc');
  if (!modules) console.log('wireit could not be installed from npm');
  if (!program) console.log('dvc could not be installed with pip');
  return [...(modules ? [wireit(modules)] : []), ...(program ? [dvc(program)] : [])];
}

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
    // What the bench itself wrote and deleted is not left to the first engine that syncs its results.
    spawnSync('sync');
    const env = { CI: 'true', WIREIT_PARALLEL: '2', WIREIT_LOGGER: 'quiet' };
    const once = () => measureOnce(engine.command, { cwd: folder, env, timeoutSeconds });
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

/** Start-up alone: the median of many, beside Node's own. */
function printStart(): void {
  const once = (command: readonly string[]) => () => measureOnce(command, { cwd: tmpdir() });
  const bare = measure(15, once([process.execPath, '-e', '0']));
  printRow('kumiki --help', measure(15, once([process.execPath, cli, '--help'])), {
    name: 'node -e 0',
    measured: bare,
  });
}

const sizes = (process.env.KUMIKI_BENCH_STAGES ?? '10000,1000,300').split(',').map(Number);
const smallSize = 300;
const tools = mkdtempSync(join(tmpdir(), 'kumiki-peers-'));
process.on('exit', () => rmSync(tools, { recursive: true, force: true }));
printStart();
for (const stages of sizes) {
  const found = [ninja, make].filter(({ name }) => isInstalled(name));
  const engines = stages <= smallSize ? [...found, ...fetchedPeers(tools)] : found;
  console.log(`${stages} stages of cp, 2 jobs; median wall time, largest peak memory`);
  const peers = new Map(engines.map((peer) => [peer.name, phases(peer, stages, 600)]));
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
