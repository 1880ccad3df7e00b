import { relative } from 'node:path';
import { formatDuration } from '../../ui/quantity.ts';
import type { RunReport } from '../gather/run-report.ts';
import { heldOverTime, poolPlot } from '../plots/pool-plot.ts';
import { timelinePlot } from '../plots/timeline-plot.ts';
import { Made, Section, Table } from './document.tsx';

/** When attempts ran, what they held of the pools, and their logs. */
export function Timeline({ report, beside }: { readonly report: RunReport; readonly beside: string }) {
  const { attempts, state } = report;
  if (attempts.length === 0) {
    return (
      <Section title="Timeline">
        <p className="soft">Nothing had to run.</p>
      </Section>
    );
  }
  const pools = Object.entries(state.started?.limits ?? {}).filter(
    ([pool]) => heldOverTime(pool, attempts, state.startedAt).length > 0,
  );
  return (
    <Section title="Timeline">
      <Made className="figure" markup={timelinePlot(attempts, state.startedAt)} />
      <div className="grid">
        {pools.map(([pool, limit]) => (
          <Made key={pool} className="figure" markup={poolPlot(pool, limit, attempts, state.startedAt)} />
        ))}
      </div>
      <details>
        <summary>
          {attempts.length} {attempts.length === 1 ? 'attempt' : 'attempts'} with their logs
        </summary>
        <Table
          columns={[
            { name: 'instance' },
            { name: 'attempt', number: true },
            { name: 'outcome' },
            { name: 'time', number: true },
            { name: 'log' },
          ]}
          rows={attempts.map(({ instance, attempt, outcome, started, finished, log }) => [
            instance,
            attempt,
            outcome,
            formatDuration((finished - started) / 1000),
            <a key="log" href={encodeURI(relative(beside, log))}>
              log
            </a>,
          ])}
        />
      </details>
    </Section>
  );
}
