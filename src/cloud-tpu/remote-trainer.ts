/** The trainer on the VM: started once, detached from the connection that starts it, and asked how it does. */
import { shellQuote } from '../shell-quote.ts';
import { type GcloudAnswer, gcloudTpus } from './gcloud.ts';
import type { TpuNode } from './tpu-node.ts';

export interface RemoteTrainer {
  readonly node: TpuNode;
  readonly project: string | undefined;
  /** Names its folder in the VM's home. */
  readonly id: string;
  /** Folder on the VM with Model Garden's `official`. */
  readonly models: string;
  readonly flags: readonly string[];
  readonly signal: AbortSignal;
}

export type TrainerState =
  | { readonly kind: 'running' | 'gone' | 'absent' }
  | { readonly kind: 'ended'; readonly exitCode: number }
  /** The connection did not come about, or broke. */
  | { readonly kind: 'unreachable'; readonly why: string };

/** Starts the trainer unless it runs already. False if the connection failed, which says nothing of the trainer. */
export async function startTrainer(trainer: RemoteTrainer): Promise<boolean> {
  const { id, models, flags } = trainer;
  const train = ['python3', 'official/nlp/train.py', ...flags].map(shellQuote).join(' ');
  const job = [
    `cd ${shellQuote(models)} && { [ ! -f official/requirements.txt ] || pip3 install -q -r official/requirements.txt; }`,
    `&& PYTHONPATH=${shellQuote(models)} ${train}`,
    '; echo $? > "$0/exit.part"; mv "$0/exit.part" "$0/exit"',
  ].join(' ');
  const script = [
    `d="$HOME/kumiki/${id}"; mkdir -p "$d"`,
    `if [ -e "$d/pid" ] && kill -0 "$(cat "$d/pid")" 2>/dev/null; then exit 0; fi`,
    `if [ -e "$d/exit" ] && [ "$(cat "$d/exit")" = 0 ]; then exit 0; fi`,
    `rm -f "$d/exit"`,
    `nohup setsid bash -c ${shellQuote(job)} "$d" >> "$d/log" 2>&1 < /dev/null & echo $! > "$d/pid"`,
  ].join('\n');
  return (await ssh(trainer, script)).ok;
}

/** How it does, and what its log has from `offset` on. */
export async function askTrainer(
  trainer: RemoteTrainer,
  offset: number,
): Promise<{ state: TrainerState; log: string }> {
  const script = [
    `cd "$HOME/kumiki/${trainer.id}" 2>/dev/null || { echo absent; exit 0; }`,
    'if kill -0 "$(cat pid)" 2>/dev/null; then echo running; elif [ -e exit ]; then echo "ended $(cat exit)"; else echo gone; fi',
    `tail -c +${offset + 1} log 2>/dev/null | head -c 1000000`,
  ].join('\n');
  const answer = await ssh(trainer, script);
  const [, first, log = ''] = /^([^\n]*)(?:\n(.*))?$/s.exec(answer.stdout) ?? [];
  const [kind, exitCode] = (first ?? '').split(' ');
  if (kind === 'ended') return { state: { kind, exitCode: Number(exitCode) }, log };
  if (kind === 'running' || kind === 'gone' || kind === 'absent') return { state: { kind }, log };
  return { state: { kind: 'unreachable', why: answer.stderr.trim().split('\n').at(-1) ?? '' }, log: '' };
}

function ssh({ node, project, signal }: RemoteTrainer, script: string): Promise<GcloudAnswer> {
  const args = ['tpu-vm', 'ssh', node.name, `--zone=${node.zone}`, '--worker=0', `--command=${script}`];
  return gcloudTpus(args, project, signal);
}
