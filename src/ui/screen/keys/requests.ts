/** What keys ask of the engine. */
import type { ControlRequest } from '../../../run/events.ts';
import type { InstanceState, RunState, Status } from '../../state/run-state.ts';
import type { Row } from '../list/rows.ts';

export interface Question {
  readonly text: string;
  readonly requests: readonly ControlRequest[];
  /** What a no asks for, and what is said then. */
  readonly otherwise?: readonly ControlRequest[];
}

/** What runs elsewhere need not end with the engine. Undefined where nothing does, and for a second Ctrl-C. */
export function interruptQuestion({
  onCluster,
  goingOn,
  interrupted,
}: Pick<RunState, 'onCluster' | 'goingOn' | 'interrupted'>): Question | undefined {
  const machines = Object.values(goingOn);
  const what = [
    ...(onCluster ? ['the jobs on Slurm'] : []),
    ...(machines.length > 1 ? [`${machines[0]} and ${machines.length - 1} more`] : machines),
  ];
  if (what.length === 0 || interrupted > 0) return undefined;
  const [goes, them] = onCluster || machines.length > 1 ? ['they go', 'them'] : ['it goes', 'it'];
  return {
    text: `cancel ${what.join(', ')}? no: ${goes} on, \`kumiki watch\` comes back to ${them}`,
    requests: [{ type: 'interrupt' }],
    otherwise: [{ type: 'interrupt', detach: true }],
  };
}

export function retryRequests(row: Row): ControlRequest[] {
  return instancesThat(row, ['failed', 'cancelled']).map(({ id }) => ({ type: 'retry', instance: id }));
}

export function cancelRequests(row: Row): Extract<ControlRequest, { type: 'cancel' }>[] {
  return instancesThat(row, ['running', 'retrying', 'waiting']).map(({ id }) => ({ type: 'cancel', instance: id }));
}

/** The instance whose log and metrics stand for a row: of many, one that runs, or else one that failed. */
export function shownInstance({ group, instance }: Row): InstanceState | undefined {
  const { counts, instances } = group;
  if (instance) return instance;
  for (const status of ['running', 'failed', 'retrying', 'waiting'] as const)
    if (counts[status] > 0) return instances.find((one) => one.status === status);
  return instances.findLast(({ log }) => log !== undefined) ?? instances[0];
}

function instancesThat({ group, instance }: Row, statuses: readonly Status[]): readonly InstanceState[] {
  return (instance ? [instance] : group.instances).filter(({ status }) => statuses.includes(status));
}
