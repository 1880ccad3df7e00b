/** The contexts that stand for paths, and what their marks mean. */
import { data } from '@actions/expressions';
import { ReportedFault } from '../../workflow/expressions/fault.ts';
import { StageValue } from '../../workflow/expressions/functions.ts';
import { markOf } from '../../workflow/expressions/path-marks.ts';
import { type Data, listData, Members } from '../../workflow/expressions/values.ts';
import type { Input } from '../plan.ts';
import { type Consumer, checkPick, join, type Picked } from './join.ts';
import { axisText } from './matrix.ts';
import type { OutputKinds, StageShape } from './stage-shape.ts';

/** What a mark in a value stands for. */
export type Reference =
  | { readonly kind: 'result'; readonly group: ResultGroup; readonly item: number }
  | { readonly kind: 'input'; readonly name: string; readonly item: number }
  | { readonly kind: 'output'; readonly name: string };

/** What one mention of `stages.NAME.outputs.OUTPUT` joined. */
export interface ResultGroup {
  readonly label: string;
  readonly output: string;
  readonly outputKind: 'file' | 'directory';
  readonly list: boolean;
  /** Numbers of instances. */
  readonly instances: readonly number[];
}

export type Shapes = ReadonlyMap<string, StageShape>;

/**
 * `stages`: results joined for one consumer. References are added to `references`, the marks are their positions.
 * Without a consumer every output is null: enough to look up names.
 */
export function stagesContext(shapes: Shapes, consumer: Consumer | undefined, references: Reference[]): Members {
  const member = (name: string) => {
    const shape = shapes.get(name);
    return shape && stageValue(shape, consumer, new Map(), references);
  };
  return new Members(() => [...shapes.keys()], member, {
    notValue: 'stages is not a value: name one, and one of its outputs',
  });
}

function stageValue(
  shape: StageShape,
  consumer: Consumer | undefined,
  picked: Picked,
  references: Reference[],
): StageValue {
  const notValue = `a stage is not a value: name one of its outputs, as in stages.${shape.name}.outputs.${exampleOf(shape)}`;
  const output = (name: string): Data | undefined => {
    const outputKind = shape.outputs.get(name);
    if (shape.faulty && (consumer || !outputKind)) throw new ReportedFault();
    if (!outputKind) return undefined;
    if (!consumer) return new data.Null();
    const label = `stages.${shape.name}.outputs.${name}`;
    const group = { label, output: name, outputKind, ...join(shape, consumer, picked) };
    const marks = group.instances.map((_, item) => newMark(references, { kind: 'result', group, item }));
    return group.list ? listData(marks) : marks[0];
  };
  const outputs = () => new Members(() => [...shape.outputs.keys()], output, { notValue });
  return new StageValue(
    () => ['outputs'],
    (name) => (name === 'outputs' ? outputs() : undefined),
    notValue,
    (axis, value) => {
      if (shape.faulty) throw new ReportedFault();
      const alone = !Array.isArray(value);
      const values = (alone ? [value] : value).map(axisText);
      checkPick(shape, axis, values);
      return stageValue(shape, consumer, new Map([...picked, [axis, { values, alone }]]), references);
    },
  );
}

const exampleOf = ({ outputs }: StageShape) => outputs.keys().next().value ?? 'name';

function newMark(references: Reference[], reference: Reference): data.StringData {
  return new data.StringData(markOf(references.push(reference) - 1));
}

/** Inputs by name; null for an optional one that is not given, undefined for one that had a fault. */
export type ResolvedInputs = ReadonlyMap<string, Input | null | undefined>;

/** `inputs` of a stage: paths where they will be read. */
export function inputsContext(inputs: ResolvedInputs, references: Reference[]): Members {
  const member = (name: string) => {
    if (!inputs.has(name)) return undefined;
    const input = inputs.get(name);
    if (input === null) return new data.Null();
    if (!input) throw new ReportedFault();
    const marks = input.sources.map((_, item) => newMark(references, { kind: 'input', name, item }));
    return input.list ? listData(marks) : marks[0];
  };
  return new Members(() => [...inputs.keys()], member, { notValue: 'inputs is not a value: name one' });
}

/** `outputs` of a stage: paths where they will be written. */
export function outputsContext(outputs: OutputKinds, references: Reference[]): Members {
  const member = (name: string) => (outputs.has(name) ? newMark(references, { kind: 'output', name }) : undefined);
  return new Members(() => [...outputs.keys()], member, { notValue: 'outputs is not a value: name one' });
}
