import type { Manifest } from '../../store/result.ts';
import { formatBytes, formatDuration } from '../../ui/quantity.ts';
import type { RunReport, StageReport } from '../gather/run-report.ts';
import { type Column, Table } from './document.tsx';

const columns: readonly Column[] = [
  { name: 'stage' },
  { name: 'instances', number: true },
  { name: 'run here', number: true },
  { name: 'time', number: true },
  { name: 'CPU time', number: true },
  { name: 'peak memory', number: true },
  { name: 'bytes', number: true },
];

/** What each stage cost, in whichever run it was made. */
export function Costs({ report }: { readonly report: RunReport }) {
  const here = (stage: string) => report.state.groups.find((group) => group.stage === stage)?.counts.built ?? 0;
  const rows = report.stages.map((stage) => ({ name: stage.stage, here: here(stage.stage), ...costOf([stage]) }));
  const total = { name: 'all', here: rows.reduce((sum, row) => sum + row.here, 0), ...costOf(report.stages) };
  return (
    <>
      <p className="key">
        <b className="built">made in this run</b> · <b className="cached">found in the store</b> ·{' '}
        <b className="failed">failed</b> · dashed: not reached. Times and memory are those of the attempt that made a
        result, in this run or an earlier one.
      </p>
      <Table
        columns={columns}
        rows={[...rows, total].map(({ name, instances, here: made, seconds, cpuSeconds, peakMemory, bytes }) => [
          name,
          instances,
          made,
          formatDuration(seconds),
          formatDuration(cpuSeconds),
          peakMemory > 0 ? formatBytes(peakMemory) : '–',
          formatBytes(bytes),
        ])}
      />
    </>
  );
}

interface Cost {
  readonly instances: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Of the largest instance. */
  readonly peakMemory: number;
  readonly bytes: number;
}

/** Of instances with equal keys the one result counts once. */
export function costOf(stages: readonly StageReport[]): Cost {
  const instances = stages.flatMap((stage) => stage.instances);
  const results = new Map(instances.flatMap(({ manifest }) => (manifest ? [[manifest.key, manifest]] : [])));
  const sum = (of: (manifest: Manifest) => number) => [...results.values()].reduce((all, one) => all + of(one), 0);
  return {
    instances: instances.length,
    seconds: sum(({ seconds }) => seconds),
    cpuSeconds: sum(({ cpuSeconds }) => cpuSeconds ?? 0),
    peakMemory: Math.max(0, ...[...results.values()].map(({ peakMemory }) => peakMemory ?? 0)),
    bytes: sum(({ outputs }) => Object.values(outputs).reduce((all, { size }) => all + size, 0)),
  };
}
