import { statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { z } from 'zod';
import { collectData } from '../src/jglue/data/collect-data.ts';
import { findTasks } from '../src/jglue/data/find-tasks.ts';
import { type TaskName, taskNames, tasks } from '../src/jglue/tasks/task.ts';
import { type Content, defineStage } from '../src/stage/index.ts';
import { explained } from './explained.ts';
import { rates } from './rates.ts';

export default defineStage({
  name: 'jglue-data',
  version: 1,
  description: "JGLUE's data, checked and in one place; MARC-ja made from its source corpus by JGLUE's rules",
  params: z.object({
    tasks: z
      .array(z.enum(taskNames))
      .min(1)
      .default([...taskNames])
      .describe('Which tasks'),
  }),
  inputs: {
    source: { kind: 'any', description: 'A checkout of yahoojapan/JGLUE, or a tar or zip archive of it' },
    marc_ja: { kind: 'file', optional: true, description: 'amazon_reviews_multilingual_JP_v1_00.tsv.gz, for MARC-ja' },
  },
  outputs: {
    data: { kind: 'directory', description: 'TASK/train.json, dev.json and, where JGLUE has one, test.json' },
  },
  async cost({ params, inputs: { source, marc_ja }, rate }) {
    const there = source.path !== undefined && (await stat(source.path)).isDirectory() ? source.path : undefined;
    const found = there === undefined ? undefined : findTasks(there).tasks;
    const sizeOf = (task: TaskName, part: 'train' | 'dev') => {
      const file = found?.get(task)?.files[part];
      if (file !== undefined) return statSync(file).size;
      return part === 'train' ? tasks[task].published.trainBytes : tasks[task].published.trainBytes / 8;
    };
    const below = (path: string): Content | undefined => {
      const [, name, part] = /^(\w+)\/(train|dev)\.json$/.exec(path) ?? [];
      const task = taskNames.find((each) => each === name);
      return task && { bytes: sizeOf(task, part as 'train' | 'dev') };
    };
    const bytes = params.tasks.reduce((sum, task) => sum + sizeOf(task, 'train') + sizeOf(task, 'dev'), 0);
    const read = source.bytes + (marc_ja?.bytes ?? 0);
    return {
      cpuSeconds: 0.5 + (5 * (bytes + read)) / rate(rates.copy),
      memory: 300e6,
      outputs: { data: { bytes, below } },
    };
  },
  async run({ params, inputs, outputs, scratch, progress, log, warn, signal }) {
    await explained(() =>
      collectData({
        source: inputs.source,
        marcJa: inputs.marc_ja,
        tasks: params.tasks,
        target: outputs.data,
        scratch,
        signal,
        progress: (done, total) => progress(done, total, 'B'),
        log,
        warn,
      }),
    );
  },
});
