import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { workflowJsonSchema } from '../../src/workflow/schema.ts';

test('workflow.schema.json is what the schemas say (npm run schema)', () => {
  const file = join(import.meta.dirname, '../../../workflow.schema.json');
  assert.equal(readFileSync(file, 'utf8'), workflowJsonSchema());
});

test('the schema lets editors accept typed values, expressions, and null for what is inherited', () => {
  const schema = JSON.parse(workflowJsonSchema());
  const stage = schema.properties.stages.anyOf[0].additionalProperties;
  const [timeout, nothing] = stage.properties.timeout.anyOf;
  assert.deepEqual(nothing, { type: 'null' });
  const patterns = timeout.anyOf.map(({ pattern }: { pattern: string }) => new RegExp(pattern));
  const accepts = (text: string) => patterns.some((pattern: RegExp) => pattern.test(text));
  assert.deepEqual(['12h', '${{ params.patience }}', 'soon'].map(accepts), [true, true, false]);
  assert.equal(stage.additionalProperties, false);
});
