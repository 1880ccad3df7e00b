import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { bestRuns } from '../src/jglue/table/best-runs.ts';
import { published, publishedName } from '../src/jglue/table/published.ts';
import { readResult } from '../src/jglue/table/read-results.ts';
import { renderBrief, renderMarkdown, tableValues } from '../src/jglue/table/render-table.ts';
import { defineStage } from '../src/stage/index.ts';
import { explained } from './explained.ts';

const names = Object.keys(published).join(', ');

export default defineStage({
  name: 'jglue-table',
  version: 1,
  description: "The best of a grid of JGLUE's runs by dev, beside the published results",
  params: z.object({
    reference: z
      .string()
      .refine((name) => publishedName(name) !== undefined, { error: `not a published model: ${names}` })
      .optional()
      .describe(`The published model to compare with: ${names}`),
  }),
  inputs: {
    metrics: { kind: 'file', list: true, description: 'Metrics of the stage jglue' },
  },
  outputs: {
    table: { kind: 'directory', description: 'jglue.md and jglue.json' },
  },
  cost: async () => ({ cpuSeconds: 1, memory: 80e6, outputs: { table: { bytes: 4000 } } }),
  async run({ params, inputs, outputs, log, conclude }) {
    const { markdown, brief } = await explained(async () => {
      const models = bestRuns(await Promise.all(inputs.metrics.map(readResult)));
      const reference = params.reference === undefined ? undefined : publishedName(params.reference);
      const values = tableValues(models, reference);
      const text = renderMarkdown(models, reference);
      await writeFile(join(outputs.table, 'jglue.json'), `${JSON.stringify(values, undefined, 2)}\n`);
      await writeFile(join(outputs.table, 'jglue.md'), text);
      return { markdown: text, brief: renderBrief(models, reference) };
    });
    log(markdown);
    conclude(brief);
  },
});
