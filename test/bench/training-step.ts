/**
 * One training step beside PyTorch: batch 16 × 128, 20 predictions, vocabulary 4096. Backends that this machine lacks are left out, and
 * so is PyTorch (Debian: python3-torch, with libopenblas0-openmp) where KUMIKI_TORCH_PYTHON (default /usr/bin/python3) has none.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { createWeights } from '../../src/bert/model/weights.ts';
import { initialWeights } from '../../src/bert/training/initial-weights.ts';
import { createMoments } from '../../src/bert/training/moments.ts';
import { adamWeightDecay } from '../../src/bert/training/optimizer.ts';
import { createTrainingStep } from '../../src/bert/training/training-step.ts';
import { type Backend, openDevice } from '../../src/devices/open-device.ts';
import type { Batch } from '../../src/pretraining/records/read-batches.ts';
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

const python = process.env.KUMIKI_TORCH_PYTHON ?? '/usr/bin/python3';
const peer = join(import.meta.dirname, '../../../test/bench/peers/torch-step.py');

const cases: readonly Case[] = [
  { layers: 2, hidden: 128, batch: 16, backend: 'tensorflow', traced: true, dropout: 0 },
  { layers: 2, hidden: 128, batch: 16, backend: 'tensorflow', traced: true, dropout: 0.1 },
  { layers: 2, hidden: 128, batch: 16, backend: 'tensorflow', traced: false, dropout: 0 },
  { layers: 2, hidden: 128, batch: 16, backend: 'wasm', traced: false, dropout: 0 },
  { layers: 4, hidden: 256, batch: 16, backend: 'tensorflow', traced: true, dropout: 0 },
  ...(process.env.KUMIKI_BENCH_BASE
    ? [{ layers: 12, hidden: 768, batch: 8, backend: 'tensorflow', traced: true, dropout: 0 } as const]
    : []),
];

/** Random ids: what is in them does not matter for the time. */
function randomBatch(size: number): Batch {
  const ids = (length: number, below: number) => Int32Array.from({ length }, (_, i) => (i * 7919) % below);
  return {
    size,
    inputWordIds: ids(size * positions, vocabSize),
    inputMask: new Int32Array(size * positions).fill(1),
    inputTypeIds: ids(size * positions, 2),
    maskedPositions: ids(size * predictions, positions),
    maskedIds: ids(size * predictions, vocabSize),
    maskedWeights: new Float32Array(size * predictions).fill(1),
    nextSentenceLabels: ids(size, 2),
    position: { epoch: 0, index: 0 },
  };
}

/** Median milliseconds of a step after warm-up, on two threads. */
async function millisecondsOf({ layers, hidden, batch: batchSize, backend, traced, dropout }: Case): Promise<number> {
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
  const batch = randomBatch(batchSize);
  const times: number[] = [];
  const repeats = hidden >= 768 ? 8 : 23;
  for (let i = 0; i < repeats; i++) {
    const start = performance.now();
    step.run(batch, { decay: 1e-5, adam: 1e-3 }, i);
    times.push(performance.now() - start);
  }
  step.dispose();
  return median(times.slice(3));
}

const torchTimes = new Map<string, number | undefined>();

function torchMilliseconds({ layers, hidden, batch }: Case): number | undefined {
  const shape = [layers, hidden, batch].join(' ');
  if (!torchTimes.has(shape)) {
    const { status, stdout } = spawnSync(python, [peer, ...shape.split(' ')], { encoding: 'utf8' });
    torchTimes.set(shape, status === 0 ? Number(stdout) : undefined);
  }
  return torchTimes.get(shape);
}

// One case in a process of its own: a backend once opened stays.
const chosen = process.argv[2];
if (chosen !== undefined) {
  console.log((await millisecondsOf(cases[Number(chosen)]!)).toFixed(1));
} else {
  for (const [i, one] of cases.entries()) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [import.meta.filename, String(i)], {
      encoding: 'utf8',
    });
    const name = `${one.layers} × ${one.hidden}, batch ${one.batch}, ${one.backend}${one.traced ? ' traced' : ''}${one.dropout ? ', dropout' : ''}`;
    if (status !== 0) {
      console.log(`${name.padEnd(48)} not measured: ${stderr.match(/DeviceError: (.*)/)?.[1] ?? stderr.trim()}`);
      continue;
    }
    const torch = torchMilliseconds(one);
    const beside =
      torch === undefined ? '' : `PyTorch ${torch.toFixed(1)} ms, ratio ${(Number(stdout) / torch).toFixed(2)}`;
    console.log(`${name.padEnd(48)} ${Number(stdout).toFixed(1).padStart(8)} ms  ${beside}`);
  }
}
