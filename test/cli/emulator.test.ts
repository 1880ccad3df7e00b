/** Two machines through the public emulator, where it is installed. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Workspace } from '../e2e/rig.ts';
import { emulatorProgram, startEmulator } from '../objects/emulator.ts';

const workflow = {
  name: 'emulated',
  publish: { 'gs://lab/out/all': '${{ stages.all.outputs.d }}' },
  stages: {
    large: { run: 'head -c 20000000 /dev/zero | tr "\\0" x > ${{ outputs.text }}', outputs: { text: 'file' } },
    all: {
      inputs: { large: '${{ stages.large.outputs.text }}' },
      run: 'for i in $(seq 200); do echo $i > ${{ outputs.d }}/$i; done; wc -c < ${{ inputs.large }} > ${{ outputs.d }}/bytes',
      outputs: { d: 'directory' },
    },
  },
};

test('what one machine made the other does not run, and the published copy is an input of a third', {
  skip: emulatorProgram === undefined && 'fake-gcs-server is not installed',
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'kumiki-emulator-'));
  const emulator = await startEmulator(folder);
  t.after(() => {
    emulator.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const env = { GCS_API_ENDPOINT: emulator.endpoint };
  const files = { 'workflow.yaml': workflow, 'kumiki.yaml': 'remote: gs://lab/kumiki\n' };
  await using one = new Workspace(files);
  assert.match((await one.kumiki(['run'], { env })).stdout, /pushed 2 results[\s\S]* 2 built\n/);
  await using two = new Workspace(files);
  assert.match((await two.kumiki(['run'], { env })).stdout, /pulled 1 result [\s\S]* 2 cached\n/);
  const pull = await two.kumiki(['cache', 'pull', '--json'], { env });
  assert.equal(JSON.parse(pull.stdout).moved.length, 1);
  const count = {
    inputs: { folder: 'gs://lab/out/all' },
    run: 'ls ${{ inputs.folder }} | wc -l > ${{ outputs.text }}; cat ${{ inputs.folder }}/bytes',
    outputs: { text: 'file' },
  };
  await using three = new Workspace({ 'workflow.yaml': { name: 'third', stages: { count } } });
  const { stdout, stderr } = await three.kumiki(['run'], { env });
  assert.match(stdout, / 1 built\n/, stdout + stderr);
  assert.match((await three.kumiki(['logs', 'count'])).stdout, /20000000/);
});
