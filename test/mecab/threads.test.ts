import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { createTagger, loadDictionary, tokenizeText } from '../../src/mecab/index.ts';
import { sampleText } from '../../src/mecab/search/sample-text.ts';
import { embeddedIpadic } from '../embedded-ipadic.ts';

const dictionary = await loadDictionary(await embeddedIpadic());

test('worker threads share one dictionary and parse at the same time', async () => {
  const lines = sampleText.split('\n');
  const tagger = createTagger(dictionary);
  const expected = lines.map((line) => tokenizeText(tagger, line));
  const script = `
    const { workerData, parentPort } = require('node:worker_threads');
    import(workerData.module).then(({ createTagger, tokenizeText }) => {
      const tagger = createTagger(workerData.dictionary);
      for (let round = 0; round < 20; round++) workerData.lines.forEach((line) => tokenizeText(tagger, line));
      parentPort.postMessage(workerData.lines.map((line) => tokenizeText(tagger, line)));
    });`;
  const module = import.meta.resolve('../../src/mecab/index.js');
  const workers = Array.from(
    { length: 3 },
    () => new Worker(script, { eval: true, workerData: { module, dictionary, lines } }),
  );
  const results = await Promise.all(workers.map((worker) => once(worker, 'message')));
  for (const [result] of results) assert.deepEqual(result, expected);
});

test('lines of any length are parsed', () => {
  const tagger = createTagger(dictionary);
  const short = '猫の手も借りたい。';
  const one = tokenizeText(tagger, short);
  for (const times of [1000, 40000]) {
    const tokens = tokenizeText(tagger, short.repeat(times));
    assert.equal(tokens.length, one.length * times);
    assert.deepEqual(tokens.slice(-one.length), one);
  }
  assert.deepEqual(tokenizeText(tagger, short), one);
});
