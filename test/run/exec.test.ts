import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { z } from 'zod';
import { type ExecRequest, execStage } from '../../src/run/exec.ts';
import { defineStage, StageError } from '../../src/stage/define.ts';

const repeat = defineStage({
  name: 'repeat',
  version: 1,
  description: 'Repeats a text',
  params: z.object({
    times: z.number().int().min(1),
    upper: z.boolean().default(false),
    mark: z.string().default(''),
    tags: z.array(z.string()).default([]),
  }),
  inputs: {
    text: { kind: 'file', description: 'what to repeat' },
    more: { kind: 'file', description: 'appended', list: true, optional: true },
  },
  outputs: {
    text: { kind: 'file', description: 'the text' },
    parts: { kind: 'directory', description: 'one file a time' },
  },
  async run({ params, inputs, outputs, progress }) {
    const text = readFileSync(inputs.text, 'utf8');
    const more = (inputs.more ?? []).map((path) => readFileSync(path, 'utf8')).join('');
    if (text === 'bad') throw new StageError('the text is bad');
    for (let time = 0; time < params.times; time++) {
      writeFileSync(join(outputs.parts, `${time}`), text);
      progress(time + 1, params.times, 'times');
    }
    const all = text.repeat(params.times) + more + params.mark + params.tags.join('');
    writeFileSync(outputs.text, params.upper ? all.toUpperCase() : all);
  },
});

function folder(t: TestContext): (name: string) => string {
  const directory = mkdtempSync(join(tmpdir(), 'kumiki-exec-'));
  t.after(() => rmSync(directory, { recursive: true }));
  return (name) => join(directory, name);
}

async function exec(request: ExecRequest): Promise<readonly string[]> {
  const said: string[] = [];
  const say = (line: string) => void said.push(line);
  const progress = (done: number, total: number | undefined) => say(`${done}/${total}`);
  await execStage(
    repeat as never,
    request,
    { progress, metric() {}, holds() {}, log: say, warn: say, conclude: say },
    new AbortController().signal,
  );
  return said;
}

test('one stage runs without a workflow: parameters are read by its schema, outputs put where they are named', async (t) => {
  const at = folder(t);
  writeFileSync(at('in'), 'ab');
  writeFileSync(at('x'), 'x');
  writeFileSync(at('y'), 'y');
  const said = await exec({
    inputs: { text: [at('in')], more: [at('x'), at('y')] },
    params: { times: '2', upper: 'true', mark: '5', tags: '[p, q]' },
    outputs: { text: at('deep/out') },
  });
  assert.equal(readFileSync(at('deep/out'), 'utf8'), 'ABABXY5PQ');
  assert.deepEqual(said, ['1/2', '2/2']);
  assert.ok(statSync(at('deep/out')).mode & 0o200);
  assert.deepEqual(readdirSync(at('deep')), ['out']);
});

test('it always runs, and replaces what was there, directories too', async (t) => {
  const at = folder(t);
  writeFileSync(at('in'), 'ab');
  mkdirSync(at('parts'));
  writeFileSync(at('parts/old'), '');
  writeFileSync(at('out'), 'old');
  const request = {
    inputs: { text: [at('in')] },
    params: { times: '2' },
    outputs: { parts: at('parts'), text: at('out') },
  };
  await exec(request);
  await exec(request);
  assert.deepEqual(readdirSync(at('parts')), ['0', '1']);
  assert.equal(readFileSync(at('out'), 'utf8'), 'abab');
  assert.deepEqual(readdirSync(at('.')).sort(), ['in', 'out', 'parts']);
});

test('a failed stage leaves what was there, and nothing else', async (t) => {
  const at = folder(t);
  writeFileSync(at('in'), 'bad');
  writeFileSync(at('out'), 'old');
  const failed = exec({ inputs: { text: [at('in')] }, params: { times: '2' }, outputs: { text: at('out') } });
  await assert.rejects(failed, { name: 'StageError', message: 'the text is bad' });
  assert.equal(readFileSync(at('out'), 'utf8'), 'old');
  assert.deepEqual(readdirSync(at('.')).sort(), ['in', 'out']);
});

test('a request that does not fit is refused with every reason at once', async (t) => {
  const at = folder(t);
  const request = {
    inputs: { texts: [at('in')], more: [at('nowhere')] },
    params: { time: '2', times: 'many' },
    outputs: { test: at('out') },
  };
  await assert.rejects(exec(request), (error: Error) => {
    assert.equal(error.name, 'ExecRequestError');
    const lines = error.message.split('\n');
    assert.match(lines[0]!, /no input is named texts: did you mean text\?/);
    assert.match(lines[1]!, /no parameter is named time: did you mean times\?/);
    assert.match(lines[2]!, /no output is named test: did you mean text\?/);
    assert.match(lines[3]!, /input text is missing: give --input text=PATH/);
    assert.match(lines[4]!, /nowhere is not there/);
    assert.match(lines[5]!, /parameter times: /);
    return true;
  });
});
