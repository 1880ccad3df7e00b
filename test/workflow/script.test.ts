import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scanScript } from '../../src/workflow/script/scan.ts';

/** Where the scanner finds each `@` of a script. */
function within(script: string): string[] {
  const spans = Array.from(script.matchAll(/@/g), ({ index }) => ({ start: index, end: index + 1 }));
  return scanScript(script, spans).expressions.map(({ within: found }) => found);
}

for (const [script, expected] of [
  ['cat @ > @', ['word', 'word']],
  ['x=@; (cd @ && ls) | sort', ['word', 'word']],
  ["echo '@' @", ['single quotes', 'word']],
  ['echo "a @ b" @', ['double quotes', 'word']],
  ['echo "\\"@\\"" @', ['double quotes', 'word']],
  ["echo $'it\\'s @' @", ['single quotes', 'word']],
  ['echo $"@"', ['double quotes']],
  ['echo "$(cat @)" "$(cat "@")"', ['word', 'double quotes']],
  ['echo `cat @` @', ['backticks', 'word']],
  ['echo ${x:-@} @', ['parameter expansion', 'word']],
  ['echo "${x:-it\'s}" @ "${y:-it\'s @}"', ['word', 'parameter expansion']],
  ['echo $((1 + @)) @; ((x = @ << 2)); echo @', ['arithmetic', 'word', 'arithmetic', 'word']],
  ["echo hi # it's @\necho @", ['comment', 'word']],
  ['echo a#@ ${#x} $# @', ['word', 'word']],
  ["cat <<EOF > @\nit's @\nEOF\necho @", ['word', 'here-document', 'word']],
  ["cat <<-'EOF' | sort\n\tx @\n\tEOF\necho @", ['here-document', 'word']],
  ['cat <<A <<B\n@\nA\n@\nB\necho @', ['here-document', 'here-document', 'word']],
  ['cat <<< @ && echo @', ['word', 'word']],
  ['echo \\@ $@ \\\\ @', ['escape', 'escape', 'word']],
  ['case @ in a) echo @;; esac; echo @', ['word', 'word', 'word']],
] as const) {
  test(`in ${JSON.stringify(script)} expressions stand in ${expected.join(', ')}`, () => {
    assert.deepEqual(within(script), expected);
  });
}

test('plain words are found with their quotes removed; words with expansions are not', () => {
  const script = 'sort a.txt "b c.txt" \'d.txt\' $x/e.txt f*.txt <g.txt | tee h.txt # i.txt';
  assert.deepEqual(
    scanScript(script, []).words.map(({ text }) => text),
    ['sort', 'a.txt', 'b c.txt', 'd.txt', 'g.txt', 'tee', 'h.txt'],
  );
});
