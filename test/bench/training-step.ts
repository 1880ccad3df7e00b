/**
 * One training step beside PyTorch: batch 16 × 128, 20 predictions, vocabulary 4096. Backends that this machine lacks are left out, and
 * so is PyTorch (Debian: python3-torch, with libopenblas0-openmp) where KUMIKI_TORCH_PYTHON (default /usr/bin/python3) has none.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createWeights } from '../../src/bert/model/weights.ts';
import { microBatchInputs } from '../../src/bert/training/device-batch.ts';
import { initialWeights } from '../../src/bert/training/initial-weights.ts';
import { createMoments } from '../../src/bert/training/moments.ts';
import { adamWeightDecay } from '../../src/bert/training/optimizer.ts';
import { createTrainingStep } from '../../src/bert/training/training-step.ts';
import { type Backend, openDevice } from '../../src/devices/open-device.ts';
import { readBatches } from '../../src/pretraining/records/read-batches.ts';
import { randomBatch } from '../bert/random-batch.ts';
import { writeRandomRecords } from '../bert/tiny-training.ts';
import { median } from './measure.ts';

const [positions, predictions, vocabSize] = [128, 20, 4096];

interface Case {
  readonly layers: number;
  readonly hidden: number;
  readonly batch: number;
  readonly backend: Backend;
  readonly traced: boolean;
  readonly dropout: number;
}

interface Figures {
  readonly milliseconds: number;
  readonly mebibytes: number;
}

const python = process.env.KUMIKI_TORCH_PYTHON ?? '/usr/bin/python3';
const peer = join(import.meta.dirname, '../../../test/bench/peers/torch-step.py');

const cases: readonly Case[] = [
  { layers: 2, hidden: 128, batch: 16, backend: 'tensorflow', traced: true, dropout: 0 },
  { layers: 2, hidden: 128, batch: 16, backend: 'tensorflow', traced: true, dropout: 0.1 },
  { layers: 2, hidden: 128, batch: 16, backend: 'tensorflow', traced: false, dropout: 0 },
  { layers: 2, hidden: 128, batch: 16, backend: 'wasm', traced: false, dropout: 0 },
  { layers: 4, hidden: 256, batch: 16, backend: 'tensorflow', traced: true, dropout: 0 },
  { layers: 4, hidden: 256, batch: 16, backend: 'tensorflow', traced: true, dropout: 0.1 },
  // The base model takes a minute and 3.3 GB: on demand.
  ...(process.env.KUMIKI_BENCH_BASE
    ? [{ layers: 12, hidden: 768, batch: 8, backend: 'tensorflow', traced: true, dropout: 0 } as const]
    : []),
];

/** Median milliseconds of a step after warm-up, on two threads, and the most MiB that the process had. */
async function measure({ layers, hidden, batch: batchSize, backend, traced, dropout }: Case): Promise<Figures> {
  const device = await openDevice(backend, 2);
  const architecture = {
    vocabSize,
    hiddenSize: hidden,
    layers,
    heads: hidden / 64,
    intermediateSize: 4 * hidden,
    maxPositions: positions,
    typeVocabSize: 2,
    initializerRange: 0.02,
  };
  const weights = createWeights(device, architecture, (variable) => initialWeights(variable, 0.02, 0));
  const step = createTrainingStep(device, weights, createMoments(device, weights, undefined), {
    heads: architecture.heads,
    dropoutRate: dropout,
    attentionDropoutRate: dropout,
    headDropoutRate: dropout,
    maskedScore: -1e9,
    gelu: 'tanh',
    optimizer: adamWeightDecay,
    batchSize,
    replicas: 1,
    microBatch: batchSize,
    positions,
    predictions,
    traced,
  });
  const batch = randomBatch({ sequences: batchSize, positions, predictions, vocabSize });
  const times: number[] = [];
  const repeats = hidden >= 768 ? 8 : 23;
  for (let i = 0; i < repeats; i++) {
    const start = performance.now();
    await step.run(batch, { decay: 1e-5, adam: 1e-3 }, i);
    times.push(performance.now() - start);
  }
  step.dispose();
  return { milliseconds: median(times.slice(3)), mebibytes: process.resourceUsage().maxRSS / 1024 };
}

const torchFigures = new Map<string, Figures | undefined>();

function torch({ layers, hidden, batch }: Case): Figures | undefined {
  const shape = [layers, hidden, batch].join(' ');
  if (!torchFigures.has(shape)) {
    const { status, stdout } = spawnSync(python, [peer, ...shape.split(' ')], { encoding: 'utf8' });
    const [milliseconds = 0, mebibytes = 0] = stdout.split(' ').map(Number);
    torchFigures.set(shape, status === 0 ? { milliseconds, mebibytes } : undefined);
  }
  return torchFigures.get(shape);
}

/** Milliseconds to read a batch of 16 records, drawn at random, and to lay it out for the device. */
async function inputPipeline(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'kumiki-bench-'));
  const records = join(folder, 'records');
  const count = 4000;
  writeRandomRecords(records, count, 0, { vocabSize, tokens: positions, masks: predictions });
  const device = await openDevice('wasm', 1);
  const [size, skipped] = [16, 20];
  const rows = { begin: 0, end: size };
  const shape = { microBatch: size, positions, predictions };
  let batches = 0;
  let start = 0;
  for await (const batch of readBatches([records], { batchSize: size, shuffleBuffer: 1000, seed: 0, epochs: 1 })) {
    if (batches === skipped) start = performance.now();
    device.tf.dispose({ ...microBatchInputs(device.tf, batch, rows, shape) });
    batches++;
  }
  const passed = performance.now() - start;
  rmSync(folder, { recursive: true });
  return passed / (batches - skipped);
}

const line = (name: string, ours: number, unit: string, theirs: number | undefined) => {
  const beside =
    theirs === undefined ? '' : `PyTorch ${theirs.toFixed(1)} ${unit}, ratio ${(ours / theirs).toFixed(2)}`;
  console.log(`${name.padEnd(48)} ${ours.toFixed(1).padStart(8)} ${unit}  ${beside}`);
};

// One case in a process of its own: a backend once opened stays.
const chosen = process.argv[2];
if (chosen === 'input') {
  console.log(JSON.stringify(await inputPipeline()));
} else if (chosen !== undefined) {
  console.log(JSON.stringify(await measure(cases[Number(chosen)]!)));
} else {
  const inOwnProcess = (what: string) =>
    spawnSync(process.execPath, [import.meta.filename, what], { encoding: 'utf8' });
  line('input pipeline, batch 16', JSON.parse(inOwnProcess('input').stdout) as number, 'ms', undefined);
  for (const [i, one] of cases.entries()) {
    const { status, stdout, stderr } = inOwnProcess(String(i));
    const name = `${one.layers} × ${one.hidden}, batch ${one.batch}, ${one.backend}${one.traced ? ' traced' : ''}${one.dropout ? ', dropout' : ''}`;
    if (status !== 0) {
      console.log(`${name.padEnd(48)} not measured: ${stderr.match(/DeviceError: (.*)/)?.[1] ?? stderr.trim()}`);
      continue;
    }
    const { milliseconds, mebibytes } = JSON.parse(stdout) as Figures;
    line(name, milliseconds, 'ms', torch(one)?.milliseconds);
    if (one.hidden >= 768) line('  peak memory', mebibytes, 'MiB', torch(one)?.mebibytes);
  }
}
