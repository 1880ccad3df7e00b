import { stringify } from 'yaml';
import { formatAmount } from '../../ui/quantity.ts';
import type { RunReport } from '../gather/run-report.ts';
import { Facts, Section } from './document.tsx';

/** With what, where and by which workflow. */
export function Provenance({ report }: { readonly report: RunReport }) {
  const { run, facts, workflow, state } = report;
  const environment = Object.entries((facts.environment ?? {}) as Record<string, string | number>);
  const overrides = (facts.overrides ?? []) as readonly string[];
  return (
    <Section title="Made with">
      <Facts
        facts={[
          ['kumiki', state.started?.kumiki ?? '–'],
          ['Machine', run.host],
          ...environment.map(
            ([name, value]) => [name, typeof value === 'number' ? formatAmount(name, value) : value] as const,
          ),
          ['Command', <code key="command">kumiki {run.arguments.join(' ')}</code>],
          ['Changed on the command line', overrides.length > 0 ? overrides.join(', ') : 'nothing'],
        ]}
      />
      <h3>Parameters</h3>
      <pre>{stringify(facts.params ?? {})}</pre>
      {workflow !== undefined && (
        <details>
          <summary>The whole workflow, merged</summary>
          <pre>{stringify(workflow)}</pre>
        </details>
      )}
    </Section>
  );
}
