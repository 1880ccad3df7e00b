import { z } from 'zod';
import { collectData } from '../src/jglue/data/collect-data.ts';
import { taskNames } from '../src/jglue/tasks/task.ts';
import { defineStage } from '../src/stage/index.ts';
import { explained } from './explained.ts';

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
