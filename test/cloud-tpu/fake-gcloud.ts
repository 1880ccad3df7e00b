/**
 * Stands in for `gcloud compute tpus`: nodes are folders, `ssh` runs its command here with the node's folder as home. Every call is noted in
 * FOLDER/calls.jsonl. FOLDER/faults holds a word a line, each of which the call that it concerns takes once:
 * no-capacity, quota, permission, lost-reply (of create; permission also of the list of queued resources) · slow (CREATING for two looks) · drop-ssh, drop-start (of ssh) · away (of describe) · preempt,
 * maintenance, reboot (of ssh, once the trainer behind it has met its fault) · late (create does not answer, and the VM comes after one delete
 * did not find it) · keep (delete fails once) · stuck (delete does not answer).
 */
import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder = '', ...args] = process.argv.slice(2);
appendFileSync(join(folder, 'calls.jsonl'), `${JSON.stringify(args)}\n`);
const nodes = join(folder, 'nodes');
mkdirSync(nodes, { recursive: true });

const words = args.slice(2).filter((arg) => !arg.startsWith('--'));
const flag = (name: string) => args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3);
const [kind, verb, name = ''] = words;
const zone = flag('zone') ?? fail('Failed to find attribute [zone].');
const node = join(nodes, `${zone}.${name}`);
const queue = join(folder, `queue.${zone}.${name}`);
const late = join(folder, `late.${zone}.${name}`);
const path = `projects/p/locations/${zone}/nodes/${name}`;

function fail(message: string, code = 1): never {
  process.stderr.write(`ERROR: (gcloud.compute.tpus.${kind}.${verb}) ${message}\n`);
  process.exit(code);
}

/** Takes a fault if it is there. */
function meets(fault: string): boolean {
  const file = join(folder, 'faults');
  const faults = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
  const at = faults.indexOf(fault);
  if (at >= 0) writeFileSync(file, faults.toSpliced(at, 1).join('\n'));
  return at >= 0;
}

const stateOf = () => readFileSync(join(node, 'state'), 'utf8');
const setState = (state: string) => writeFileSync(join(node, 'state'), state);
const notFound = () => fail(`NOT_FOUND: Resource '${path}' was not found`);

function create(): void {
  if (meets('permission'))
    fail("PERMISSION_DENIED: Permission 'tpu.nodes.create' denied. Authorization: Bearer ya29.secret");
  if (meets('no-capacity')) fail(`{"code": 8, "message": "There is no more capacity in the zone \\"${zone}\\""}`);
  if (meets('quota')) fail("RESOURCE_EXHAUSTED: Quota limit 'TPUV3PreemptiblePerProjectPerZone' has been exceeded.");
  if (existsSync(node)) fail('ALREADY_EXISTS: Resource already exists');
  if (meets('late')) {
    writeFileSync(late, '');
    hang();
    return;
  }
  make();
  setState(meets('slow') ? 'CREATING 2' : 'READY');
  if (meets('lost-reply')) fail('Connection reset by peer');
}

/** Until it is killed. */
function hang(): void {
  setInterval(() => {}, 1000);
}

function make(): void {
  mkdirSync(join(node, 'home'), { recursive: true });
  setState('READY');
}

function describe(): void {
  if (meets('away')) fail('gcloud crashed (TransportError): Max retries exceeded: Network is unreachable');
  if (!existsSync(node)) notFound();
  const [state, left] = stateOf().split(' ');
  if (left !== undefined) setState(Number(left) > 1 ? `CREATING ${Number(left) - 1}` : 'READY');
  const health = state === 'MAINTENANCE' ? { state: 'READY', health: 'UNHEALTHY_MAINTENANCE' } : { state };
  process.stdout.write(JSON.stringify({ name: path, ...health }));
}

/** Ends all that runs on the VM. */
function killAll(): void {
  const trainings = join(node, 'home/kumiki');
  for (const training of existsSync(trainings) ? readdirSync(trainings) : []) {
    try {
      process.kill(-Number(readFileSync(join(trainings, training, 'pid'), 'utf8')), 'SIGKILL');
    } catch {
      // It has ended already.
    }
  }
}

function lose(state: string): never {
  setState(state);
  killAll();
  process.stderr.write('Connection closed by remote host\n');
  process.exit(255);
}

function ssh(): void {
  if (!existsSync(node)) notFound();
  if (stateOf() !== 'READY') fail(`TPU VM is not READY: ${stateOf()}`);
  const command = flag('command')!;
  const starts = command.includes('nohup');
  if (!starts && existsSync(join(folder, 'python/met'))) {
    if (meets('preempt')) lose('PREEMPTED');
    if (meets('maintenance')) lose('MAINTENANCE');
    if (meets('reboot')) killAll();
  }
  if (!starts && meets('drop-ssh')) fail('client_loop: send disconnect: Broken pipe', 255);
  const home = join(node, 'home');
  const PATH = `${join(folder, 'python')}:${process.env.PATH}`;
  const { status } = spawnSync('bash', ['-c', command], { cwd: home, env: { HOME: home, PATH }, stdio: 'inherit' });
  // The trainer is started, but nobody hears of it.
  if (starts && meets('drop-start')) fail('client_loop: send disconnect: Broken pipe', 255);
  process.exit(status ?? 1);
}

function remove(): void {
  if (meets('keep')) fail('INTERNAL: try again');
  if (meets('stuck')) {
    hang();
    return;
  }
  rmSync(queue, { force: true });
  if (existsSync(late)) {
    rmSync(late);
    make();
    notFound();
  }
  if (!existsSync(node)) notFound();
  killAll();
  rmSync(node, { recursive: true });
}

function list(): void {
  const found = readdirSync(nodes).map((entry) => {
    const [, zone, name] = /^([^.]+)\.(.+)$/.exec(entry)!;
    const state = readFileSync(join(nodes, entry, 'state'), 'utf8');
    return {
      name: `projects/p/locations/${zone}/nodes/${name}`,
      state,
      acceleratorType: 'v3-8',
      createTime: '2026-01-01',
    };
  });
  process.stdout.write(JSON.stringify(found));
}

function queued(): void {
  if (verb === 'create') {
    writeFileSync(queue, '2');
  } else if (verb === 'describe') {
    if (!existsSync(queue)) notFound();
    const left = Number(readFileSync(queue, 'utf8'));
    writeFileSync(queue, String(left - 1));
    if (left === 1) create();
    process.stdout.write(left > 1 ? 'WAITING_FOR_RESOURCES\n' : 'ACTIVE\n');
  } else if (verb === 'list') listQueued();
  else remove();
}

function listQueued(): void {
  if (meets('permission')) fail("PERMISSION_DENIED: Permission 'tpu.queuedResources.list' denied.");
  const found = readdirSync(folder).flatMap((entry) => {
    const [, zone, name] = /^queue\.([^.]+)\.(.+)$/.exec(entry) ?? [];
    const state = { state: 'WAITING_FOR_RESOURCES' };
    return zone
      ? [{ name: `projects/p/locations/${zone}/queuedResources/${name}`, state, createTime: '2026-01-01' }]
      : [];
  });
  process.stdout.write(JSON.stringify(found));
}

if (kind === 'queued-resources') queued();
else (({ create, describe, delete: remove, ssh, list }) as Record<string, () => void>)[verb ?? '']?.();
