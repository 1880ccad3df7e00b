/** Whatever a graph looks like and however it is edited, a run over an old cache publishes what a run over an empty one does. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';

const cli = join(import.meta.dirname, '../../cli/main.js');
const sourceCount = 4;

/** A stage reads some sources and some earlier stages (indexes modulo what there is), and prints its parameter. */
interface StageShape {
  readonly sources: readonly number[];
  readonly stages: readonly number[];
  readonly parameter: number;
  /** Two instances instead of one; its readers join them. */
  readonly matrix: boolean;
  readonly directory: boolean;
}

interface Shape {
  readonly sources: readonly string[];
  readonly stages: readonly StageShape[];
}

const word = fc.string({ minLength: 0, maxLength: 6 });
const stageShape: fc.Arbitrary<StageShape> = fc.record({
  sources: fc.uniqueArray(fc.nat(sourceCount - 1), { maxLength: 2 }),
  stages: fc.uniqueArray(fc.nat(20), { maxLength: 3 }),
  parameter: fc.nat(2),
  matrix: fc.boolean(),
  directory: fc.boolean(),
});
const shape: fc.Arbitrary<Shape> = fc.record({
  sources: fc.array(word, { minLength: sourceCount, maxLength: sourceCount }),
  stages: fc.array(stageShape, { minLength: 2, maxLength: 6 }),
});

/** An edit replaces one source's text or one stage; `null` goes back to the graph before the last edit. */
type Edit =
  | { readonly source: number; readonly text: string }
  | { readonly stage: number; readonly to: StageShape }
  | null;
const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({ source: fc.nat(sourceCount - 1), text: word }),
  fc.record({ stage: fc.nat(5), to: stageShape }),
  fc.constant(null),
);

function edited(graph: Shape, change: Exclude<Edit, null>): Shape {
  if ('source' in change) return { ...graph, sources: graph.sources.with(change.source, change.text) };
  return { ...graph, stages: graph.stages.with(change.stage % graph.stages.length, change.to) };
}

function stageOf(graph: Shape, index: number): object {
  const { sources, stages, parameter, matrix, directory } = graph.stages[index]!;
  const earlier = index === 0 ? [] : [...new Set(stages.map((stage) => stage % index))];
  const reads = [
    ...sources.map((source) => [`source${source}`, `sources/${source}.txt`]),
    ...earlier.map((stage) => [`stage${stage}`, `\${{ stages.s${stage}.outputs.out }}`]),
  ];
  const cats = reads.map(([name]) => `find -L \${{ inputs.${name} }} -type f | sort | xargs cat`);
  const commands = [...cats, `echo \${{ params.p${parameter} }} ${matrix ? '${{ matrix.half }}' : ''}`];
  const made = directory
    ? 'mkdir ${{ outputs.out }}/deep; cat > ${{ outputs.out }}/deep/file'
    : 'cat > ${{ outputs.out }}';
  return {
    run: `{ ${commands.join('; ')}; } | { ${made}; }`,
    inputs: Object.fromEntries(reads),
    outputs: { out: directory ? 'directory' : 'file' },
    ...(matrix ? { matrix: { half: ['left', 'right'] } } : {}),
  };
}

/** JSON is YAML too. Stages with a matrix are published through the stages that join them. */
function writeWorkspace(folder: string, graph: Shape): void {
  const stages = Object.fromEntries(graph.stages.map((_, index) => [`s${index}`, stageOf(graph, index)]));
  const single = graph.stages.flatMap(({ matrix }, index) => (matrix ? [] : [index]));
  const publish = Object.fromEntries(
    single.map((index) => [`published/s${index}`, `\${{ stages.s${index}.outputs.out }}`]),
  );
  rmSync(join(folder, 'published'), { recursive: true, force: true });
  mkdirSync(join(folder, 'sources'), { recursive: true });
  for (const [index, text] of graph.sources.entries()) {
    const file = join(folder, 'sources', `${index}.txt`);
    if (!isFileWith(file, text)) writeFileSync(file, text);
  }
  const workflow = { name: 'random', params: { p0: 0, p1: 'one', p2: "it's two" }, publish, stages };
  writeFileSync(join(folder, 'workflow.yaml'), JSON.stringify(workflow));
}

function isFileWith(file: string, text: string): boolean {
  try {
    return readFileSync(file, 'utf8') === text;
  } catch {
    return false;
  }
}

function publishedBy(folder: string, cache: string): Record<string, string> {
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, 'run', 'workflow.yaml'], {
    cwd: folder,
    env: { ...process.env, CI: 'true', KUMIKI_CACHE: join(folder, cache) },
    encoding: 'utf8',
  });
  assert.equal(status, 0, stdout + stderr + readFileSync(join(folder, 'workflow.yaml'), 'utf8'));
  const published = join(folder, 'published');
  const names = readdirSync(published, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  // provenance.json names keys and times of the run: how, not what.
  const outputs = names.filter(({ name }) => name !== 'provenance.json' && !name.endsWith('.provenance.json'));
  return Object.fromEntries(
    outputs.map(({ parentPath, name }) => [
      join(parentPath, name).slice(published.length),
      readFileSync(join(parentPath, name), 'base64'),
    ]),
  );
}

test('random graphs with random edits publish the same bytes as a clean run', () => {
  const property = fc.property(shape, fc.array(edit, { minLength: 1, maxLength: 3 }), (first, edits) => {
    fc.pre(first.stages.some(({ matrix }) => !matrix));
    const folder = mkdtempSync(join(tmpdir(), 'kumiki-random-'));
    try {
      mkdirSync(join(folder, '.git'));
      let [before, graph] = [first, first];
      writeWorkspace(folder, graph);
      publishedBy(folder, 'old');
      for (const change of edits) {
        [before, graph] = [graph, change === null ? before : edited(graph, change)];
        if (graph.stages.every(({ matrix }) => matrix)) return;
        writeWorkspace(folder, graph);
        const overOldCache = publishedBy(folder, 'old');
        rmSync(join(folder, 'published'), { recursive: true });
        assert.deepEqual(overOldCache, publishedBy(folder, 'clean'));
        rmSync(join(folder, 'clean'), { recursive: true, force: true });
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
  fc.assert(property, { numRuns: 12 });
});
