import assert from 'node:assert/strict';
import { test } from 'node:test';
import { selectInstances } from '../../src/graph/select.ts';
import { planOf } from './plan-of.ts';

const shards = ['wordpiece', 'character'].flatMap((subword) => [1, 2, 3].map((shard) => ({ subword, shard })));
const plan = planOf({
  corpus: {},
  'train-tokenizer': { after: ['corpus'] },
  data: { after: ['train-tokenizer'], matrix: shards },
  'train-model': { after: ['data[subword=wordpiece,shard=1]', 'data[subword=wordpiece,shard=2]'] },
  convert: { after: ['train-model'] },
  vocabulary: { matrix: [{ name: 'a,b' }, { name: 'a=b' }] },
});

function selected(...patterns: string[]): string[] {
  const selection = selectInstances(plan, patterns);
  assert.ok(selection.ok);
  return [...selection.instances].sort((a, b) => a - b).map((index) => plan.instances[index]!.id);
}

function refusal(pattern: string): string {
  const selection = selectInstances(plan, [pattern]);
  assert.ok(!selection.ok);
  assert.equal(selection.messages.length, 1);
  return selection.messages[0]!;
}

test('a stage stands for all of its instances, and for nothing else', () => {
  assert.deepEqual(selected('corpus'), ['corpus']);
  assert.equal(selected('data').length, 6);
});

test('a glob stands for every stage whose name it matches as a whole', () => {
  assert.deepEqual(selected('train-*'), ['train-tokenizer', 'train-model']);
  assert.deepEqual(selected('c*'), ['corpus', 'convert']);
  assert.deepEqual(selected('?orpus'), ['corpus']);
});

test('brackets choose among the instances of a matrix, in any order of the axes', () => {
  assert.deepEqual(selected('data[shard=3]'), ['data[subword=wordpiece,shard=3]', 'data[subword=character,shard=3]']);
  assert.deepEqual(selected('data[shard=2,subword=char*]'), ['data[subword=character,shard=2]']);
  assert.deepEqual(selected('*[shard=1]').length, 2);
});

test('a value may hold commas and equals signs', () => {
  assert.deepEqual(selected('vocabulary[name=a,b]'), ['vocabulary[name=a,b]']);
  assert.deepEqual(selected('vocabulary[name=a=b]'), ['vocabulary[name=a=b]']);
});

test('a plus in front adds all that follows', () => {
  assert.deepEqual(selected('+train-model'), ['train-model', 'convert']);
  assert.deepEqual(selected('+data[subword=wordpiece,shard=2]'), [
    'data[subword=wordpiece,shard=2]',
    'train-model',
    'convert',
  ]);
});

test('several patterns are joined', () => {
  assert.deepEqual(selected('corpus', 'convert', 'corpus'), ['corpus', 'convert']);
});

test('a stage that is not there is answered with the nearest name', () => {
  assert.equal(refusal('convret'), 'no stage convret in example: did you mean convert?');
  assert.match(refusal('zzzzzzzzzz'), /^no stage zzzzzzzzzz in example: `kumiki graph .*` lists them$/);
});

test('an axis or a value that is not there is answered with those that are', () => {
  assert.equal(refusal('data[part=1]'), 'data has no axis part: it has subword, shard');
  assert.equal(refusal('corpus[shard=1]'), 'corpus has no matrix: ask for corpus alone');
  assert.equal(
    refusal('data[shard=9]'),
    'no instance data[shard=9]: there are 6, from data[subword=wordpiece,shard=1] to data[subword=character,shard=3]',
  );
});

test('all that stands for nothing is told at once', () => {
  const selection = selectInstances(plan, ['corpus', 'x1', 'x2']);
  assert.equal(selection.ok ? 0 : selection.messages.length, 2);
});
