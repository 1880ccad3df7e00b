import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  formatBytes,
  formatClock,
  formatCount,
  formatDuration,
  formatPercent,
  formatRate,
  formatValue,
} from '../../src/ui/quantity.ts';
import { sparkline } from '../../src/ui/screen/detail/sparkline.ts';
import { listColumns } from '../../src/ui/screen/list/columns.ts';
import { stageTree } from '../../src/ui/screen/list/stage-tree.ts';
import { fitWidth, textWidth, truncate, truncateStart, wrapWidth } from '../../src/ui/text-width.ts';

test('a stage stands below the dependency at the end of the longest chain', () => {
  const edges = [
    ['dictionary', 'alphabet'],
    ['corpus', 'alphabet'],
    ['alphabet', 'tokenizer'],
    ['corpus', 'data'],
    ['tokenizer', 'data'],
    ['tokenizer', 'characters'],
    ['elsewhere', 'data'],
  ] as const;
  const tree = stageTree(['dictionary', 'corpus', 'alphabet', 'tokenizer', 'characters', 'data'], edges);
  assert.deepEqual(
    tree.map(({ branch, stage }) => branch + stage),
    ['dictionary', 'corpus', '└ alphabet', '  └ tokenizer', '    ├ characters', '    └ data'],
  );
});

test('branches that go on below are drawn through', () => {
  const tree = stageTree(
    ['a', 'b', 'c', 'd'],
    [
      ['a', 'b'],
      ['b', 'c'],
      ['a', 'd'],
    ],
  );
  assert.deepEqual(
    tree.map(({ branch, stage }) => branch + stage),
    ['a', '├ b', '│ └ c', '└ d'],
  );
});

test('full-width characters take two cells, and are never cut in half', () => {
  assert.equal(textWidth('形態素 a'), 8);
  assert.equal(truncate('形態素解析', 6), '形態…');
  assert.equal(truncateStart('/家/道/log', 7), '…道/log');
  assert.equal(fitWidth('形態素', 8), '形態素  ');
  const text = fc.string({ unit: fc.constantFrom('a', ' ', '語', 'é', '👩‍🔬', '━') });
  fc.assert(fc.property(text, fc.nat(30), (some, width) => textWidth(fitWidth(some, width)) === width));
});

test('wrapped lines fit, and lose nothing but spaces', () => {
  assert.deepEqual(wrapWidth('one two three', 7), ['one two', 'three']);
  assert.deepEqual(wrapWidth('文書を読み文に分ける', 8), ['文書を読', 'み文に分', 'ける']);
});

test('quantities read short', () => {
  assert.deepEqual([0.04, 12.34, 252, 11_040, 183_600].map(formatDuration), [
    '0.0s',
    '12.3s',
    '4m12s',
    '3h04m',
    '2d03h',
  ]);
  assert.deepEqual([0, 59.99, 60].map(formatClock), ['0s', '59s', '1m00s']);
  assert.deepEqual([0, 812, 1024 ** 3 * 1.25, 1024 ** 4].map(formatBytes), ['0 B', '812 B', '1.3 GiB', '1 TiB']);
  assert.deepEqual([7, 1234, 45_678, 3.4e6].map(formatCount), ['7', '1,234', '46k', '3.4M']);
  assert.deepEqual([1200, 0.2, 0.001].map(formatRate), ['1,200/s', '12/min', '3.6/h']);
  assert.deepEqual([0, 0.001, 0.5, 0.999, 1].map(formatPercent), ['0%', '1%', '50%', '99%', '100%']);
  assert.deepEqual([0, 2.34567, 1e-4, 1234.5].map(formatValue), ['0', '2.346', '1.00e-4', '1235']);
});

test('a sparkline spans its lowest to its highest value, in as many cells as it has', () => {
  assert.equal(sparkline([0, 1, 2, 3, 4, 5, 6, 7], 8), '▁▂▃▄▅▆▇█');
  assert.equal(sparkline([5, 5], 8), '▄▄');
  const long = Array.from({ length: 100 }, (_, index) => index);
  assert.equal(sparkline(long, 10).length, 10);
  assert.match(sparkline(long, 10), /^▁.*█$/);
});

test('columns never take more than there is, and every wider list shows at least what a narrower one did', () => {
  for (let width = 38; width <= 200; width++) {
    const columns = Object.values(listColumns(width, 30)).filter((cells) => cells > 0);
    assert.ok(columns.reduce((sum, cells) => sum + cells + 1, -1) <= width);
    assert.ok(columns.length >= Object.values(listColumns(width - 1, 30)).filter((cells) => cells > 0).length);
  }
});
