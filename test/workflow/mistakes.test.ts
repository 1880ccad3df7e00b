/** What a person gets wrong, and what they are told: the message, the place (between « and »), and the hint. */
import assert from 'node:assert/strict';
import { basename } from 'node:path';
import { test } from 'node:test';
import { compileText, type Files, type Options } from './workspace.ts';

interface Mistake {
  readonly what: string;
  /** A whole workflow, or the body of `stages:` if it does not say so. */
  readonly text: string;
  readonly message: string | RegExp;
  readonly hint?: string | RegExp;
  readonly files?: Files;
  readonly options?: Options;
  /** The file that is wrong, if it is not the workflow; the marks are then in it. */
  readonly in?: string;
}

const copy = 'inputs: {text: a.txt}\n    run: cp ${{ inputs.text }} ${{ outputs.out }}\n    outputs: {out: file}';
const data = `data:\n    matrix: {shard: [1, 2, 3]}\n    run: seq 3 > \${{ outputs.out }}\n    outputs: {out: file, folder: directory}`;

const mistakes: readonly Mistake[] = [
  // The file as YAML.
  { what: 'a bracket that is not closed', text: 'stages: {a: {run: x}\n«»', message: /flow map/i },
  {
    what: 'a key given twice',
    text: `stages:\n  a: {run: x}\n  «a»: {run: y}`,
    message: "'a' is given twice",
    hint: 'the first is on line 2',
  },
  { what: 'a tab that indents', text: 'stages:\n«\t»a: {run: x}', message: /tab/i },
  {
    what: 'an anchor that is not there',
    text: 'stages:\n  a: «*base»',
    message: /unresolved alias.*base|no anchor &base/i,
  },
  { what: 'an unknown tag', text: 'stages:\n  a: {run: «!shell» x}', message: 'unresolved tag: !shell' },
  {
    what: 'a number that JSON cannot hold',
    text: 'params: {x: «.inf»}\nstages: {a: {run: x}}',
    message: 'not a number that JSON can hold',
    hint: 'quote it to make it a string',
  },
  {
    what: 'a whole number that would be rounded',
    text: 'params: {x: «12345678901234567890»}\nstages: {a: {run: x}}',
    message: 'this whole number is too large to be kept exactly',
    hint: 'quote it to make it a string',
  },
  {
    what: 'a second document',
    text: 'stages: {a: {run: x}}\n«---»\nstages: {}',
    message: 'a second document in one file',
    hint: 'keep one document; remove the `---`',
  },
  {
    what: 'the key __proto__',
    text: 'params: {«__proto__»: 1}\nstages: {a: {run: x}}',
    message: "'__proto__' cannot be a key",
  },
  {
    what: 'a NUL character',
    text: 'params: {x: «"a\\0b"»}\nstages: {a: {run: x}}',
    message: 'a NUL character cannot be part of a workflow',
  },
  { what: 'a list where the workflow should be', text: '«- a»', message: 'a workflow is a map with the key stages' },

  // The shape.
  {
    what: 'no stages',
    text: '«n»ame: x',
    message: 'this workflow has no stages',
    hint: 'list them below the key stages',
  },
  {
    what: 'an unknown key of the workflow',
    text: '«stagse»: {}\nstages: {a: {run: x}}',
    message: "unknown key 'stagse'",
    hint: "did you mean 'stages'?",
  },
  {
    what: 'an unknown key of a stage',
    text: 'a:\n    run: x\n    «ouputs»: {out: file}',
    message: "unknown key 'ouputs'",
    hint: "did you mean 'outputs'?",
  },
  {
    what: 'an unknown key of retry',
    text: 'a: {run: x, retry: {attempts: 2, «dely»: 1s}}',
    message: "unknown key 'dely'",
    hint: "did you mean 'delay'?",
  },
  {
    what: 'a number where a map belongs',
    text: 'a: {run: x, inputs: «3»}',
    message: 'expected a map, found the number 3',
  },
  { what: 'a list where a script belongs', text: 'a: {run: «[echo, hi]»}', message: 'expected a text, found a list' },
  {
    what: 'an output that is neither file nor directory',
    text: 'a: {run: x, outputs: {out: «folder»}}',
    message: "expected 'file' or 'directory', found 'folder'",
  },
  {
    what: 'a stage name with a dot',
    text: '«a.b»: {run: x}',
    message: "'a.b' cannot be a name here: a name starts with a letter or _ and goes on with letters, digits, _ and -",
  },
  {
    what: 'a variable that no environment can hold',
    text: 'a: {run: x, env: {«MY-VAR»: 1}}',
    message: "'MY-VAR' cannot be a name here: the environment has names of letters, digits and _, the first no digit",
  },
  {
    what: 'a timeout without a unit',
    text: 'a: {run: x, timeout: «90»}',
    message: 'expected a duration with its unit, such as 90s, 10m or 12h, found the number 90',
  },
  {
    what: 'a size that is none',
    text: 'a: {run: x, resources: {memory: «lots»}}',
    message: "expected a number that is not negative, or a size such as 2GiB, found 'lots'",
  },
  {
    what: 'no attempt at all',
    text: 'a: {run: x, retry: {attempts: «0»}}',
    message: 'expected a whole number from 1, found the number 0',
  },
  {
    what: 'retry without attempts',
    text: 'a: {run: x, «retry»: {delay: 1s}}',
    message: "the key 'attempts' is missing",
  },
  {
    what: 'a stage that does nothing',
    text: '«a»: {outputs: {out: file}}',
    message: "the stage 'a' does nothing",
    hint: 'give it run: a script, or uses: a stage',
  },
  {
    what: 'both uses and run',
    text: 'a: {«uses»: download, run: x, with: {url: y}}',
    message: "the stage 'a' has both uses and run",
    hint: /null removes a key/,
  },
  {
    what: 'with beside run',
    text: 'a: {run: x, «with»: {seed: 1}}',
    message: 'a script takes no parameters',
    hint: /with belongs to uses/,
  },
  {
    what: 'outputs beside uses',
    text: 'a: {uses: download, with: {url: x}, «outputs»: {file: file}}',
    message: 'a stage that is used declares its own outputs',
    hint: 'remove this; outputs belongs to run',
  },
  {
    what: 'frozen and always',
    text: 'a: {run: x, frozen: «true», always: true}',
    message: 'frozen and always contradict each other',
    hint: 'frozen never runs, always runs each time',
  },
  {
    what: 'an own variable with our name',
    text: 'a: {run: x, env: {«KUMIKI_SCRATCH»: /tmp}}',
    message: 'KUMIKI_SCRATCH is set by kumiki',
  },

  // Expressions.
  {
    what: 'an expression that is not closed',
    text: 'a: {run: "echo «${{» params.x"}',
    message: 'this expression is not closed',
    hint: 'end it with }}',
  },
  { what: 'an empty expression', text: 'a: {run: "echo «${{ }}»"}', message: 'this expression is empty' },
  {
    what: 'double quotes in an expression',
    text: 'a: {run: \'echo ${{ format(«"x"») }}\'}',
    message: `'"x"' has no meaning in an expression`,
    hint: "strings in expressions take single quotes: 'text'",
  },
  {
    what: 'a string that is not closed',
    text: "a:\n    run: echo «${{» 'abc }}",
    message: 'this expression is not closed',
    hint: 'end it with }}',
  },
  {
    what: 'an unknown context',
    text: 'a: {run: "echo ${{ «parms».x }}"}',
    message: "no context is called 'parms'",
    hint: "did you mean 'params'?",
  },
  {
    what: 'an unknown function',
    text: 'a: {run: "echo ${{ «fromat»(\'{0}\', 1) }}"}',
    message: "no function is called 'fromat'",
    hint: "did you mean 'format'?",
  },
  { what: 'too few arguments', text: 'a: {run: "echo ${{ «range»(1) }}"}', message: 'range() has too few arguments' },
  {
    what: 'an operator without its right side',
    text: 'a: {run: "echo ${{ params.x «==» }}"}',
    message: 'this expression ends too early',
  },
  {
    what: 'an unknown parameter',
    text: 'params: {layers: 2}\nstages:\n  a: {run: "echo ${{ params.«layer» }}"}',
    message: "params has no 'layer'",
    hint: "did you mean 'layers'?",
  },
  {
    what: 'an unknown member further down',
    text: 'params: {model: {hidden: 2}}\nstages:\n  a: {run: "echo ${{ params.model.«hiden» }}"}',
    message: "params.model has no 'hiden'",
    hint: "did you mean 'hidden'?",
  },
  {
    what: 'a member of a number',
    text: 'params: {x: 2}\nstages:\n  a: {run: "echo ${{ params.x.«y» }}"}',
    message: "params.x is '2' and has no members",
  },
  {
    what: 'an item past the end',
    text: 'params: {x: [1, 2]}\nstages:\n  a: {run: "echo ${{ params.x[«2»] }}"}',
    message: 'params.x has no item 2',
    hint: 'it is a list; its items are 0 to 1',
  },
  {
    what: 'an unknown stage',
    text: `${data}\n  a: {run: "cat \${{ stages.«dta».outputs.out }}"}`,
    message: "stages has no 'dta'",
    hint: "did you mean 'data'?",
  },
  {
    what: 'an unknown output',
    text: `${data}\n  a: {run: "cat \${{ stages.data.outputs.«outt» }}"}`,
    message: "stages.data.outputs has no 'outt'",
    hint: "did you mean 'out'?",
  },
  {
    what: 'outputs left out',
    text: `${data}\n  a: {run: "cat \${{ stages.data.«out» }}"}`,
    message: "stages.data has no 'out'",
    hint: 'known: outputs',
  },
  {
    what: 'a mistake in a branch that is not taken',
    text: `${data}\n  a: {run: "cat \${{ true && 'x' || stages.data.outputs.«nothing» }}"}`,
    message: "stages.data.outputs has no 'nothing'",
    hint: 'known: out, folder',
  },
  {
    what: 'a stage as a value',
    text: `${data}\n  a: {run: "cat «\${{ stages.data }}»"}`,
    message: 'a stage is not a value: name one of its outputs, as in stages.data.outputs.out',
  },
  {
    what: 'a path that is compared',
    text: `${data}\n  a: {run: "cat \${{ «pick(stages.data, 'shard', 1).outputs.out» == 'x' }}"}`,
    message: 'the path of an output or input cannot be compared',
    hint: /compare what decides it/,
  },
  {
    what: 'a path that is searched',
    text: `${data}\n  a: {run: "cat \${{ «contains»(outputs.x, 'y') }}", outputs: {x: file}}`,
    message: 'contains() cannot look into the path of an output or input',
    hint: /only known while the stage runs/,
  },
  {
    what: 'matrix where there is none',
    text: 'a: {run: "echo ${{ matrix.«shard» }}"}',
    message: "matrix has no 'shard'",
  },
  {
    what: 'outputs in inputs',
    text: 'a: {run: x, inputs: {x: "${{ «outputs».y }}"}, outputs: {y: file}}',
    message: 'outputs cannot be used here',
    hint: 'this place knows params, configs, matrix, stages',
  },
  {
    what: 'a variable that is not set',
    text: 'a: {run: "echo ${{ «env»(\'NOPE\') }}"}',
    message: 'the environment has no variable NOPE',
    hint: "set it, or give a default: env('NOPE', 'default')",
  },
  {
    what: 'a pattern that matches nothing',
    text: 'a: {run: x, inputs: {x: "${{ «glob»(\'*.csv\') }}"}}',
    message: 'no file matches *.csv',
    hint: /^patterns start from the workspace root/,
  },
  {
    what: 'text that is no JSON',
    text: 'a: {run: "echo ${{ «fromJSON»(\'{\') }}"}',
    message: /^fromJSON\(\) was given no JSON/,
  },
  {
    what: 'a format with too few values',
    text: 'a: {run: "echo ${{ «format»(\'{1}\', 1) }}"}',
    message: /^format\(\): the following format string references more arguments/,
  },
  {
    what: 'a list in a text',
    text: 'params: {x: [1, 2]}\nstages:\n  a: {run: x, env: {X: "a-«${{ params.x }}»"}}',
    message: 'a list cannot be part of a text',
    hint: 'write it with join(…) or toJSON(…)',
  },
  {
    what: 'a path below the outputs of several instances',
    text: `${data}\n  a: {run: x, env: {X: "«\${{ stages.data.outputs.folder }}»/file"}}`,
    message: 'a list cannot be part of a text',
    hint: /several instances; choose one: pick\(/,
  },
  {
    what: 'params in a circle',
    text: 'params: {x: "${{ params.y }}", y: "${{ params.«x» }}"}\nstages: {a: {run: x}}',
    message: 'params refer to each other in a circle: x → y → x',
  },

  // Scripts.
  {
    what: 'an expression in double quotes',
    text: 'params: {x: 1}\nstages:\n  a:\n    run: cat "dir/«${{ params.x }}».txt"',
    message: 'this expression is inside double quotes',
    hint: 'its value arrives quoted; write it outside: "dir/"${{ params.x }}".txt"',
  },
  {
    what: 'an expression in single quotes',
    text: "params: {x: 1}\nstages:\n  a:\n    run: echo '«${{ params.x }}»'",
    message: 'this expression is inside single quotes',
    hint: 'its value arrives quoted; write it outside: ${{ params.x }}',
  },
  {
    what: 'an expression in a here-document',
    text: 'params: {x: 1}\nstages:\n  a:\n    run: |\n      cat <<EOF\n      x «${{ params.x }}»\n      EOF',
    message: 'this expression is inside a here-document',
    hint: /printf/,
  },
  {
    what: 'an expression in backticks',
    text: 'params: {x: 1}\nstages:\n  a:\n    run: echo `cat «${{ params.x }}»`',
    message: 'this expression is inside backticks',
    hint: 'write $(…) instead, as in $(cat ${{ params.x }})',
  },
  {
    what: 'an expression in arithmetic',
    text: 'params: {x: 1}\nstages:\n  a:\n    run: echo $(( «${{ params.x }}» + 1 ))',
    message: 'this expression is inside arithmetic',
    hint: 'assign it first: value=${{ params.x }}',
  },
  {
    what: 'an expression after a dollar sign',
    text: 'params: {x: 1}\nstages:\n  a:\n    run: echo $«${{ params.x }}»',
    message: 'this expression follows a backslash or a dollar sign',
    hint: /remove that character/,
  },
  {
    what: 'a list inside a word',
    text: `${data}\n  a:\n    run: cat x«\${{ stages.data.outputs.out }}»`,
    message: 'a list is part of a word here',
    hint: /join/,
  },
  {
    what: 'an object as a word',
    text: 'params: {x: {y: 1}}\nstages:\n  a:\n    run: echo «${{ params.x }}»',
    message: 'an object cannot be a word of a script',
    hint: 'write one of its members, or toJSON(…)',
  },

  // Matrices and joins.
  {
    what: 'an axis that is no list',
    text: 'params: {x: 1}\nstages:\n  a: {run: x, matrix: {i: «"${{ params.x }}"»}}',
    message: "the axis 'i' is not a list",
    hint: 'an axis takes a list of values; write one as [value]',
  },
  {
    what: 'an empty axis',
    text: 'a: {run: x, matrix: {i: «"${{ range(2, 1) }}"»}}',
    message: "the axis 'i' is empty",
    hint: /a stage without instances/,
  },
  { what: 'a value twice', text: 'a: {run: x, matrix: {i: «[1, 2, 1]»}}', message: "the axis 'i' holds 1 twice" },
  {
    what: 'an axis that excludes cannot know',
    text: 'a: {run: x, matrix: {shard: [1, 2], exclude: [{«shrd»: 1}]}}',
    message: "no axis is called 'shrd'",
    hint: "did you mean 'shard'?",
  },
  {
    what: 'an exclude without effect',
    text: 'a: {run: x, matrix: {shard: [1, 2], exclude: [«{shard: 7}»]}}',
    message: 'this excludes nothing',
    hint: 'no combination has these values',
  },
  {
    what: 'a matrix of which all is excluded',
    text: 'a: {run: x, matrix: «{i: [1], exclude: [{i: 1}]}»}',
    message: 'this matrix has no combination left',
  },
  {
    what: 'a new combination without an axis',
    text: 'a: {run: x, matrix: {i: [1], j: [1], include: [«{i: 2}»]}}',
    message: "this matches no combination, and as a new one it lacks the axis 'j'",
  },
  {
    what: 'a value that the producer lacks',
    text: `${data}\n  a: {matrix: {shard: [4]}, run: "cat \${{ stages.data.outputs.«out» }}"}`,
    message: 'stages.data has no instance with shard=4 (in a[shard=4])',
    hint: "its values of shard: 1, 2, 3; narrow it with pick(stages.data, 'shard', …)",
  },
  {
    what: 'an axis to pick that is not there',
    text: `${data}\n  a: {run: "cat \${{ «pick»(stages.data, 'sard', 1).outputs.out }}"}`,
    message: "stages.data has no axis 'sard'",
    hint: "did you mean 'shard'?",
  },
  {
    what: 'a value to pick that is not there',
    text: `${data}\n  a: {run: "cat \${{ «pick»(stages.data, 'shard', 9).outputs.out }}"}`,
    message: 'stages.data has no shard=9',
    hint: 'its values of shard: 1, 2, 3',
  },

  // Inputs.
  {
    what: 'a missing file',
    text: 'a: {run: x, inputs: {x: «texts/corpus.text»}}',
    files: { 'texts/corpus.txt': '' },
    message: 'texts/corpus.text does not exist',
    hint: "did you mean 'corpus.txt'?",
  },
  {
    what: 'a path below a file that is there',
    text: 'a: {run: x, inputs: {x: «texts/corpus.txt/part»}}',
    files: { 'texts/corpus.txt': '' },
    message: 'texts/corpus.txt/part does not exist',
  },
  {
    what: 'a path two below a file that is there',
    text: 'a: {run: x, inputs: {x: «texts/corpus.txt/part/1»}}',
    files: { 'texts/corpus.txt': '' },
    message: 'texts/corpus.txt/part/1 does not exist',
  },
  {
    what: 'a device',
    text: 'a: {run: x, inputs: {x: «/dev/null»}}',
    message: '/dev/null is neither a file nor a directory',
  },
  {
    what: 'a value of the wrong kind within a list that is right',
    text: 'a: {run: x, inputs: {x: [texts, «{y: 1}»]}}',
    message: 'expected a text, found a map',
  },
  {
    what: 'nothing as a value of an axis',
    text: 'a: {run: x, matrix: {x: [1, «null»]}}',
    message: 'expected a string, a number, true or false, found nothing',
  },
  {
    what: 'a value in the place of an included combination',
    text: 'a: {run: x, matrix: {include: [«1», {x: 2}]}}',
    message: 'expected a map, found the number 1',
  },
  {
    what: 'a number as a path',
    text: 'params: {x: 3}\nstages:\n  a: {run: x, inputs: {x: «"${{ params.x }}"»}}',
    message: 'expected a path, found 3',
  },
  {
    what: 'a path below a file',
    text: `${data}\n  a: {run: x, matrix: {shard: [1]}, inputs: {x: «"\${{ stages.data.outputs.out }}/y"»}}`,
    message: 'stages.data.outputs.out is a file; nothing lies below it (in a[shard=1])',
  },
  {
    what: 'a path that leaves its directory',
    text: `${data}\n  a: {run: x, matrix: {shard: [1]}, inputs: {x: «"\${{ stages.data.outputs.folder }}/../y"»}}`,
    message: 'this path leaves stages.data.outputs.folder (in a[shard=1])',
  },
  {
    what: 'an output in the middle of a path',
    text: `${data}\n  a: {run: x, matrix: {shard: [1]}, inputs: {x: «"x/\${{ stages.data.outputs.folder }}"»}}`,
    message: 'the output of a stage does not stand at the start of this path (in a[shard=1])',
    hint: /an input is one path/,
  },

  // Stages that are used.
  {
    what: 'an unknown stage to use',
    text: 'a: {uses: «trian»}',
    message: "there is no stage 'trian'",
    hint: "did you mean 'train'?",
  },
  {
    what: 'a module that is not there',
    text: 'a: {uses: «./stage.mjs»}',
    message: './stage.mjs does not exist',
    hint: /paths start from/,
  },
  {
    what: 'a module without a stage',
    text: 'a: {uses: «./stage.mjs»}',
    files: { 'stage.mjs': 'export default 3;' },
    message: './stage.mjs exports no stage; use defineStage()',
  },
  {
    what: 'a missing input of a stage',
    text: '«a»: {uses: train, with: {steps: 1}}',
    message: "train needs the input 'records'",
    hint: 'records: Training records (file)',
  },
  {
    what: 'an unknown input of a stage',
    text: 'a: {uses: train, with: {steps: 1}, inputs: {records: a.txt, «vocab»: a.txt}}',
    message: "train has no input 'vocab'",
    hint: /known: records/,
  },
  {
    what: 'a directory where a file belongs',
    text: 'a: {uses: train, with: {steps: 1}, inputs: {records: «dir»}}',
    files: { 'dir/x': '' },
    message: 'expected a file; dir is a directory',
  },
  {
    what: 'a file output where a directory belongs',
    text: `${data}\n  a: {uses: train, matrix: {shard: [1]}, with: {steps: 1}, inputs: {records: a.txt, data: «"\${{ stages.data.outputs.out }}"»}}`,
    message: 'expected a directory; stages.data.outputs.out is a file (in a[shard=1])',
  },
  {
    what: 'a list where one belongs',
    text: `${data}\n  a: {uses: train, with: {steps: 1}, inputs: {records: a.txt, vocabulary: «"\${{ stages.data.outputs.out }}"»}}`,
    message: "the input 'vocabulary' takes one file, and this is a list of 3",
    hint: /pick/,
  },
  {
    what: 'an unknown parameter of a stage',
    text: 'a: {uses: train, with: {steps: 1, «stepz»: 1}, inputs: {records: a.txt}}',
    message: "train has no parameter 'stepz'",
    hint: "did you mean 'steps'?",
  },
  {
    what: 'a missing parameter of a stage',
    text: '«a»: {uses: train, inputs: {records: a.txt}}',
    message: "train needs the parameter 'steps'",
    hint: 'How many steps to take',
  },
  {
    what: 'a parameter of the wrong type',
    text: 'a: {uses: train, with: {steps: «many»}, inputs: {records: a.txt}}',
    message: "steps: expected a number, found 'many'",
  },
  {
    what: 'a parameter of the wrong type further down',
    text: 'a: {uses: train, with: {steps: 1, schedule: {warmup: «soon»}}, inputs: {records: a.txt}}',
    message: "schedule.warmup: expected a number, found 'soon'",
  },
  {
    what: 'a choice that is none',
    text: 'a: {uses: train, with: {steps: 1, optimizer: «lamb»}, inputs: {records: a.txt}}',
    message: "optimizer: expected adam or sgd, found 'lamb'",
  },

  // Pools, publishing, circles.
  {
    what: 'a request above its pool',
    text: 'limits: {memory: 4GiB}\nstages:\n  a: {run: x, resources: {memory: «8GiB»}}',
    message: 'this asks for 8 GiB memory; limits.memory is 4 GiB',
    hint: 'lower it, or raise limits.memory',
  },
  {
    what: 'a pool that is not there',
    text: 'limits: {tpus: 1}\nstages:\n  a: {run: x, resources: {«tpu»: 1}}',
    message: "limits has no pool 'tpu'",
    hint: "did you mean 'tpus'?",
  },
  {
    what: 'one destination for many',
    text: `publish: {«out»: "\${{ stages.data.outputs.out }}"}\nstages:\n  ${data}`,
    message: 'several instances would be published to out',
    hint: 'name their axes in it, as in out/${{ matrix.axis }}',
  },
  {
    what: 'one destination twice',
    text: `publish: {out: "\${{ stages.a.outputs.out }}", «./out»: "\${{ stages.a.outputs.out }}"}\nstages:\n  a:\n    ${copy}`,
    message: 'out is published twice',
  },
  {
    what: 'a destination inside another',
    text: `publish: {out: "\${{ stages.a.outputs.out }}", «out/a»: "\${{ stages.a.outputs.out }}"}\nstages:\n  a:\n    ${copy}`,
    message: 'out/a lies inside out, which is published too',
  },
  {
    what: 'a destination outside the workspace',
    text: `publish: {«../out»: "\${{ stages.a.outputs.out }}"}\nstages:\n  a:\n    ${copy}`,
    message: "'../out' does not lie below the workspace root",
    hint: 'publish to a relative path, or to gs://bucket/path',
  },
  {
    what: 'something else to publish',
    text: `publish: {out: «a.txt»}\nstages:\n  a:\n    ${copy}`,
    message: 'expected an output of a stage',
    hint: 'write destination: ${{ stages.name.outputs.output }}',
  },
  {
    what: 'a destination that is read',
    text: `publish: {«a.txt»: "\${{ stages.a.outputs.out }}"}\nstages:\n  a:\n    ${copy}`,
    message: 'a.txt is read by a; publishing to it would change that input',
  },
  {
    what: 'stages in a circle',
    text: 'a: {run: "cat ${{ «stages.b».outputs.out }}", outputs: {out: file}}\n  b: {run: "cat ${{ stages.a.outputs.out }}", outputs: {out: file}}',
    message: 'stages read each other in a circle: a → b → a',
    hint: /remove one of the references/,
  },
  {
    what: 'a stage that reads itself',
    text: 'a: {run: "cat ${{ «stages.a».outputs.out }}", outputs: {out: file}}',
    message: 'stages read each other in a circle: a → a',
    hint: /remove one of the references/,
  },

  // Other files.
  {
    what: 'a missing config',
    text: 'configs: {base: «configs/bsae.yaml»}\nstages: {a: {run: x}}',
    files: { 'configs/base.yaml': '' },
    message: 'configs/bsae.yaml does not exist',
    hint: "did you mean 'base.yaml'?",
  },
  {
    what: 'a config that does not parse',
    text: 'configs: {base: base.yaml}\nstages: {a: {run: x}}',
    files: { 'base.yaml': 'x: 1\n«x»: 2\n' },
    in: 'base.yaml',
    message: "'x' is given twice",
    hint: 'the first is on line 1',
  },
  {
    what: 'an unknown config',
    text: 'configs: {base: a.txt}\nstages:\n  a: {run: x, inputs: {m: "${{ configs.«bsae» }}"}}',
    message: "configs has no 'bsae'",
    hint: "did you mean 'base'?",
  },
  {
    what: 'a missing base',
    text: 'extends: «basis.yaml»\nstages: {a: {run: x}}',
    files: { 'base.yaml': '' },
    message: /basis\.yaml does not exist$/,
    hint: "did you mean 'base.yaml'?",
  },
  {
    what: 'a mistake in the base',
    text: 'extends: base.yaml\nstages: {b: {run: y}}',
    files: { 'base.yaml': 'stages: {a: {«rnu»: x, run: y}}' },
    in: 'base.yaml',
    message: "unknown key 'rnu'",
    hint: "did you mean 'run'?",
  },
  {
    what: 'extends in a circle',
    text: 'extends: base.yaml\nstages: {}',
    files: { 'base.yaml': 'extends: «workflow.yaml»\n' },
    in: 'base.yaml',
    message: 'extends goes round in a circle: workflow.yaml → base.yaml → workflow.yaml',
  },
  {
    what: 'a --set without a value',
    text: 'stages: {a: {run: x}}',
    options: { set: ['«params.x»'] },
    in: '--set',
    message: 'this does not say what to set',
    hint: /--set params.seed=2/,
  },
  {
    what: 'a --set of an unknown key',
    text: 'stages: {a: {run: x}}',
    options: { set: ['«param».x=1'] },
    in: '--set',
    message: "unknown key 'param'",
    hint: "did you mean 'params'?",
  },
  {
    what: 'a --set of the wrong type',
    text: 'stages: {a: {run: x}}',
    options: { set: ['stages.a.timeout=«5»'] },
    in: '--set',
    message: /^expected a duration/,
  },
  {
    what: 'a --set of an item of a list',
    text: 'params: {sizes: [1, 2]}\nstages: {a: {run: x}}',
    options: { set: ['params.«sizes».0=3'] },
    in: '--set',
    message: 'params.sizes is a list, which has no members by name',
    hint: "give all of it, as in --set 'params.sizes=…'",
  },
  {
    what: 'a --set below a number',
    text: 'params: {model: {layers: 2}}\nstages: {a: {run: x}}',
    options: { set: ['params.model.«layers».first=3'] },
    in: '--set',
    message: 'params.model.layers is a single value, which has no members by name',
    hint: "give all of it, as in --set 'params.model.layers=…'",
  },
  {
    what: 'a --config that the workflow lacks',
    text: 'configs: {base: a.txt}\nstages: {a: {run: x}}',
    options: { config: ['«bass»=b.yaml'] },
    in: '--config',
    message: "the workflow has no config 'bass'",
    hint: "did you mean 'base'?",
  },
  {
    what: 'a --config without its file',
    text: 'configs: {base: a.txt}\nstages: {a: {run: x}}',
    options: { config: ['base=«b.yaml»'] },
    in: '--config',
    message: 'b.yaml does not exist',
    hint: /paths start from/,
  },
];

const wholeWorkflow = /^(stages|stagse|params|limits|configs|publish|name|extends|-)/;

const unmark = (text: string) => text.replace(/[«»]/g, '');

for (const mistake of mistakes) {
  test(`${mistake.what} is reported where it stands`, async () => {
    const workflow = wholeWorkflow.test(unmark(mistake.text)) ? mistake.text : `stages:\n  ${mistake.text}`;
    const files = { 'a.txt': '', ...mistake.files };
    const { set = [], config = [], env } = mistake.options ?? {};
    const marked = [workflow, ...Object.values(files), ...set, ...config].find((text) => text.includes('«'))!;
    const compiled = await compileText(unmark(workflow), mapValues(files, unmark), {
      set: set.map(unmark),
      config: config.map(unmark),
      ...(env && { env }),
    });
    assert.ok(!compiled.ok, 'it compiled');
    const [diagnostic, ...others] = compiled.diagnostics;
    assert.deepEqual(
      others.map(({ message }) => message),
      [],
    );
    const { message, hint, at } = diagnostic!;
    if (typeof mistake.message === 'string') assert.equal(message, mistake.message);
    else assert.match(message, mistake.message);
    if (mistake.hint instanceof RegExp) assert.match(hint ?? '', mistake.hint);
    else if (mistake.hint !== undefined) assert.equal(hint, mistake.hint);
    const lines = marked.slice(0, marked.indexOf('«')).split('\n');
    const range = marked.slice(marked.indexOf('«') + 1, marked.indexOf('»'));
    assert.deepEqual(
      {
        file: basename(at.file),
        line: at.line,
        column: at.column,
        range: at.excerpt.text.slice(at.excerpt.start, at.excerpt.start + at.excerpt.length),
      },
      {
        file: mistake.in ?? 'workflow.yaml',
        line: lines.length,
        column: lines.at(-1)!.length + 1,
        range: range || at.excerpt.text.slice(at.excerpt.start, at.excerpt.start + at.excerpt.length),
      },
    );
  });
}

function mapValues(files: Files, change: (text: string) => string): Files {
  return Object.fromEntries(Object.entries(files).map(([name, text]) => [name, change(text)]));
}

test('all mistakes of a workflow are reported at once', async () => {
  const compiled = await compileText(`stages:
  a: {run: "echo \${{ params.x }}"}
  b: {run: "cat \${{ stages.c.outputs.out }}", inputs: {x: missing.txt}}
  d: {uses: nothing}
`);
  assert.ok(!compiled.ok);
  assert.deepEqual(
    compiled.diagnostics.map(({ message, at }) => `${at.line}: ${message}`),
    ["2: params has no 'x'", "3: stages has no 'c'", '3: missing.txt does not exist', "4: there is no stage 'nothing'"],
  );
});

test('a mistake of shape hides no other: keys, types, references, files and circles are told of together', async () => {
  const compiled = await compileText(`stages:
  a: {rnu: x, outputs: {text: file}}
  b: {run: "cat \${{ stages.nope.outputs.text }} \${{ stages.a.outputs.text }}", unknown: 1}
  c: {run: 7}
  d: {run: "cat \${{ stages.c.outputs.text }}", inputs: {x: missing.txt}}
  e: {run: "cat \${{ stages.f.outputs.text }}", outputs: {text: file}}
  f: {run: "cat \${{ stages.e.outputs.text }}", outputs: {text: file}}
extra: 1
`);
  assert.ok(!compiled.ok);
  assert.deepEqual(
    compiled.diagnostics.map(({ message, at }) => `${at.line}: ${message}`),
    [
      "2: unknown key 'rnu'",
      "3: stages has no 'nope'",
      "3: unknown key 'unknown'",
      '4: expected a text, found the number 7',
      '5: missing.txt does not exist',
      '6: stages read each other in a circle: e → f → e',
      "8: unknown key 'extra'",
    ],
  );
});

test('what depends on something that was reported is not complained of', async () => {
  const compiled = await compileText(
    `params: {bad: "\${{ nope }}", good: 1}
configs: {model: missing.yaml, other: "\${{ params.bad }}.yaml"}
stages:
  axis: {matrix: {i: "\${{ params.bad }}"}, run: "echo \${{ matrix.i }} \${{ matrix.more }}", outputs: {out: file}}
  unknown: {uses: nothing}
  readers:
    inputs: {a: "\${{ stages.axis.outputs.out }}", b: "\${{ stages.unknown.outputs.x }}", c: "\${{ configs.model.n }}", d: absent.txt}
    env: {X: "\${{ configs.other }}"}
    run: cat \${{ inputs.a }} \${{ inputs.b }} \${{ inputs.c }} \${{ inputs.d }} \${{ params.bad.x }} \${{ pick(stages.axis, 'i', 1).outputs.out }}
publish: {out: "\${{ stages.axis.outputs.out }}"}
`,
  );
  assert.ok(!compiled.ok);
  assert.deepEqual(
    compiled.diagnostics.map(({ message }) => message),
    [
      "no context is called 'nope'",
      'missing.yaml does not exist',
      "there is no stage 'nothing'",
      'absent.txt does not exist',
    ],
  );
});

test('a wrong reference does not hide a missing file of the same stage; matrix or not, each is told once', async () => {
  for (const matrix of ['', 'matrix: {i: [1, 2]}, ']) {
    const compiled = await compileText(
      `stages: {a: {${matrix}inputs: {x: absent.txt, y: "\${{ stages.nope.outputs.z }}"}, run: "cat \${{ inputs.w }}"}}`,
    );
    assert.ok(!compiled.ok);
    assert.deepEqual(compiled.diagnostics.map(({ message }) => message.replace(' (in a[i=1])', '')).toSorted(), [
      'absent.txt does not exist',
      "inputs has no 'w'",
      "stages has no 'nope'",
    ]);
  }
});

test('a mistake of many instances is reported once, with one of them', async () => {
  const compiled = await compileText(
    'stages: {a: {matrix: {i: [1, 2, 3]}, run: x, inputs: {x: "in/${{ matrix.i }}", y: absent.txt}}}',
  );
  assert.ok(!compiled.ok);
  assert.deepEqual(
    compiled.diagnostics.map(({ message }) => message),
    [
      'in/1 does not exist (in a[i=1])',
      'in/2 does not exist (in a[i=2])',
      'in/3 does not exist (in a[i=3])',
      'absent.txt does not exist (in a[i=1])',
    ],
  );
});
