import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { type Diagnostic, errorAt, formatDiagnostics, locate } from '../../src/workflow/diagnostic.ts';
import { compileIn, workspace } from './workspace.ts';

function at(text: string, part: string): Diagnostic {
  const start = text.indexOf(part);
  return errorAt({ source: { name: '/w/a.yaml', text }, start, end: start + part.length }, 'wrong', 'mend it');
}

const format = (diagnostic: Diagnostic, color = false) => formatDiagnostics([diagnostic], { color, from: '/w' });

test('a diagnostic shows its place, the line, a caret under the range, and the hint', () => {
  assert.equal(
    format(at('one\n  two three\n', 'three')),
    ['a.yaml:2:7: error: wrong', '  2 |   two three', '    |       ^^^^^', '  = mend it'].join('\n'),
  );
});

test('the caret stands under the range after full-width characters and tabs', () => {
  assert.match(format(at('名前: x', 'x')), /\n {2}1 \| 名前: x\n {4}\| {7}\^\n/);
  assert.match(format(at('ﾊﾝｶｸ: 日本', '日本')), /\n {4}\| {7}\^\^\^\^\n/);
  assert.match(format(at('\ta: x', 'x')), /\n {4}\| \t {3}\^\n/);
});

test('a range over several lines is marked up to the end of its first', () => {
  assert.match(format(at('ab cd\r\nef', 'cd\r\nef')), /\n {2}1 \| ab cd\n {4}\| {4}\^\^\n/);
});

test('colour is added only when asked for', () => {
  const diagnostic = at('x', 'x');
  assert.equal(format(diagnostic).includes('\u001b'), false);
  assert.notEqual(format(diagnostic, true), format(diagnostic));
  assert.equal(stripVTControlCharacters(format(diagnostic, true)), format(diagnostic));
});

test('a circle shows every reference that closes it', async () => {
  const root = workspace({
    'workflow.yaml': `stages:
  a:
    run: cat \${{ stages.c.outputs.out }} > \${{ outputs.out }}
    outputs: {out: file}
  b:
    run: cat \${{ stages.a.outputs.out }} > \${{ outputs.out }}
    outputs: {out: file}
  c:
    inputs: {b: "\${{ stages.b.outputs.out }}"}
    run: cat \${{ inputs.b }} > \${{ outputs.out }}
    outputs: {out: file}
`,
  });
  const compiled = await compileIn(root);
  assert.ok(!compiled.ok);
  const text = formatDiagnostics(compiled.diagnostics, { color: false, from: root });
  assert.match(text, /^workflow\.yaml:3:18: error: stages read each other in a circle: a → c → b → a$/m);
  assert.match(text, /^workflow\.yaml:9:22: c reads b here$/m);
  assert.match(text, /^workflow\.yaml:6:18: b reads a here$/m);
});

test('a diagnostic is plain JSON', () => {
  const diagnostic = at('x', 'x');
  assert.deepEqual(JSON.parse(JSON.stringify(diagnostic)), diagnostic);
  assert.equal(locate({ source: { name: join('/w', 'b'), text: '' }, start: 0, end: 0 }).line, 1);
});
