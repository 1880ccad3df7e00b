import { formatDuration } from '../../ui/quantity.ts';
import type { RunReport } from '../gather/run-report.ts';
import { Facts } from './document.tsx';

const outcomes = {
  done: 'done',
  failed: 'failed',
  interrupted: 'interrupted',
  running: 'still running',
  died: 'the engine died',
} as const;

/** What ran, how it ended, and what went wrong. */
export function Summary({ report }: { readonly report: RunReport }) {
  const { run, state, stages } = report;
  const counts = Object.entries(state.counts).filter(([, count]) => count > 0);
  const failures = state.groups.flatMap(({ instances }) => instances.filter(({ status }) => status === 'failed'));
  return (
    <header>
      <h1>{run.name ?? workflowTitle(report)}</h1>
      <p className="soft">
        <span className={`state ${run.state}`}>{outcomes[run.state]}</span> · run {run.id}
      </p>
      <Facts
        facts={[
          ['Started', `${run.started.slice(0, 19).replace('T', ' ')} UTC`],
          ['Took', formatDuration((state.time - state.startedAt) / 1000)],
          ['Stages', `${stages.length}`],
          ['Instances', counts.map(([what, count]) => `${count} ${what}`).join(', ')],
          ['Workflow', workflowName(run.workflow)],
          ['Published', state.published.join(', ') || '–'],
        ]}
      />
      {failures.map(({ id, failure }) => (
        <div key={id} className="problem">
          <b>{id}</b>: {failure?.message ?? 'failed'}
          {failure?.tail && failure.tail.length > 0 && <pre>{failure.tail.join('\n')}</pre>}
        </div>
      ))}
      {Object.entries(state.conclusions).map(([instance, text]) => (
        <pre key={instance}>{text.trimEnd()}</pre>
      ))}
      {state.warnings.map(({ instance, message }) => (
        <p key={`${instance} ${message}`} className="soft">
          Warning{instance ? ` of ${instance}` : ''}: {message}
        </p>
      ))}
    </header>
  );
}

/** What the workflow calls itself, else its file. */
function workflowTitle({ workflow, run }: RunReport): string {
  const name = typeof workflow === 'object' && workflow !== null && 'name' in workflow ? workflow.name : undefined;
  return typeof name === 'string' ? name : workflowName(run.workflow);
}

const workflowName = (path: string) => path.split('/').slice(-2).join('/');
