import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { followEventLines } from '../../src/executors/local/event-lines.ts';

test('lines are taken whole, the last one also without its end, and only the first bad one is warned about', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'kumiki-events-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'events');
  const heard: unknown[] = [];
  const follower = followEventLines(file, {
    progress: (...all) => heard.push(['progress', ...all]),
    metric: (...all) => heard.push(['metric', ...all]),
    warning: (message) => heard.push(['warning', message.slice(0, 12)]),
    conclusion: (text) => heard.push(['conclusion', text]),
    holds: (held) => heard.push(['holds', held]),
  });
  const lines = [
    '{"type":"progress","done":1}',
    '{"type":"progress","done":"1"}',
    '{"type":"metric","name":"損失","value":1e-3}',
    '{"type":"metric","name":"x","value":null}',
    '',
    'x'.repeat(100_000),
    '{"type":"warning","message":"careful"}',
    '{"type":"conclusion","text":"two\\nlines"}',
    '{"type":"holds","held":{"what":"VM a","remedy":"it costs money"}}',
    '{"type":"holds","held":{"what":"VM a"}}',
    '{"type":"holds"}',
    '{"type":"warning","message":"\\u001b[2Jtwo\\r\\nlines"}',
    '{"type":"metric","name":"\\u001b[31mlast","value":2,"step":3}',
  ];
  appendFileSync(file, lines.join('\n'));
  follower.stop();
  assert.deepEqual(heard, [
    ['progress', 1, undefined, ''],
    ['warning', 'a line in $K'],
    ['metric', '損失', 0.001, undefined],
    ['warning', 'careful'],
    ['conclusion', 'two\nlines'],
    ['holds', { what: 'VM a', remedy: 'it costs money' }],
    ['holds', undefined],
    ['warning', 'two lines'],
    ['metric', 'last', 2, 3],
  ]);
});
