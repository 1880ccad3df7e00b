import { evaluateNode, type Fault, remembered } from '../../workflow/evaluate-node.ts';
import type { Scope } from '../../workflow/expressions/evaluate.ts';
import { Members, toData } from '../../workflow/expressions/values.ts';
import type { Json } from '../../workflow/json.ts';
import { didYouMean } from '../../workflow/nearest.ts';
import { child, entriesOf, type Node } from '../../workflow/yaml/node.ts';

/** Axis values and attributes of one instance. */
export type Combination = Readonly<Record<string, Json>>;

export interface Expansion {
  /** In declared order. */
  readonly axes: readonly string[];
  /** Last axis fastest, then what `include` added. */
  readonly combinations: readonly Combination[];
}

const mostCombinations = 200_000;
const single: Expansion = { axes: [], combinations: [{}] };

/**
 * GitHub's rules: the product of the axes, less `exclude`; each entry of `include` adds its attributes to the
 * combinations whose axes it matches, or is a new combination. A matrix of `include` alone takes as axes the first
 * keys, as many as tell its entries apart. Undefined after a fault.
 */
export function expandMatrix(matrix: Node | undefined, scope: Scope, fault: Fault): Expansion | undefined {
  if (!matrix) return single;
  const axes = entriesOf(matrix).filter(([name]) => name !== 'include' && name !== 'exclude');
  const values = axes.map(([name, { value }]) => axisValues(name, value, scope, fault));
  const exclude = entryList(child(matrix, 'exclude'), scope, fault);
  const include = entryList(child(matrix, 'include'), scope, fault);
  if (values.includes(undefined) || !exclude || !include) return undefined;
  const names = axes.map(([name]) => name);
  const product = productOf(names, values as Json[][]);
  if (product === undefined) {
    fault(matrix, `this matrix has more than ${mostCombinations} combinations`);
    return undefined;
  }
  const { fault: complain, called: faulty } = remembered(fault);
  const kept = without(product, exclude, names, complain);
  const expansion =
    names.length === 0
      ? fromEntries(include, matrix, complain)
      : { axes: names, combinations: withIncluded(kept, include, names, complain) };
  if (!faulty() && expansion.combinations.length === 0) complain(matrix, 'this matrix has no combination left');
  return faulty() ? undefined : expansion;
}

/** Names of axes and of attributes, of whichever combination. */
export function matrixNames({ axes, combinations }: Expansion): ReadonlySet<string> {
  return new Set([...axes, ...combinations.flatMap((combination) => Object.keys(combination))]);
}

/** `matrix` of one combination. Attributes that only other combinations have are null. */
export function matrixContext(names: ReadonlySet<string>, combination: Combination): Members {
  const member = (name: string) => {
    if (Object.hasOwn(combination, name)) return toData(combination[name]!);
    return names.has(name) ? toData(null) : undefined;
  };
  return new Members(() => [...names], member, { json: combination });
}

interface MatrixEntry {
  readonly node: Node;
  readonly values: Combination;
}

/** How a value reads in an id, on one line, and what makes two values the same. */
export const axisText = (value: Json | undefined) =>
  typeof value === 'string' ? value.replace(/\p{Cc}/gu, escaped) : JSON.stringify(value);

/** As in a text of YAML or JSON: a terminal would obey it, and a line end there. */
function escaped(control: string): string {
  const json = JSON.stringify(control).slice(1, -1);
  return json === control ? `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}` : json;
}

function axisValues(name: string, node: Node, scope: Scope, fault: Fault): readonly Json[] | undefined {
  const values = evaluateNode(node, scope, fault);
  if (values === undefined) return undefined;
  if (!Array.isArray(values)) {
    fault(node, `the axis '${name}' is not a list`, 'an axis takes a list of values; write one as [value]');
    return undefined;
  }
  if (values.length === 0) {
    fault(
      node,
      `the axis '${name}' is empty`,
      'a stage without instances makes nothing; remove the stage or give it a value',
    );
    return undefined;
  }
  const odd = values.find((value) => value === null || typeof value === 'object');
  if (odd !== undefined) {
    const hint = 'axes take strings, numbers, true and false; give structured values as attributes in include';
    fault(node, `the axis '${name}' holds ${JSON.stringify(odd)}`, hint);
    return undefined;
  }
  const seen = new Set<string>();
  for (const value of values as Json[]) {
    if (seen.has(axisText(value))) {
      fault(node, `the axis '${name}' holds ${axisText(value)} twice`);
      return undefined;
    }
    seen.add(axisText(value));
  }
  return values;
}

function entryList(node: Node | undefined, scope: Scope, fault: Fault): readonly MatrixEntry[] | undefined {
  if (!node) return [];
  const values = evaluateNode(node, scope, fault);
  if (values === undefined) return undefined;
  if (
    !Array.isArray(values) ||
    values.some((value) => value === null || typeof value !== 'object' || Array.isArray(value))
  ) {
    fault(node, 'expected a list of maps');
    return undefined;
  }
  return values.map((value, i) => ({
    node: (node.kind === 'list' && node.items[i]) || node,
    values: value as Combination,
  }));
}

function productOf(names: readonly string[], values: readonly (readonly Json[])[]): Combination[] | undefined {
  if (values.reduce((size, { length }) => size * length, 1) > mostCombinations) return undefined;
  return names.reduce<Combination[]>(
    (combinations, name, i) => combinations.flatMap((made) => values[i]!.map((value) => ({ ...made, [name]: value }))),
    [{}],
  );
}

const agrees = (combination: Combination, values: Combination, keys: readonly string[]) =>
  keys.every((key) => axisText(combination[key]) === axisText(values[key]));

function without(
  all: Combination[],
  exclude: readonly MatrixEntry[],
  axes: readonly string[],
  fault: Fault,
): Combination[] {
  return exclude.reduce((kept, { node, values }) => {
    const keys = Object.keys(values);
    const unknown = keys.find((key) => !axes.includes(key));
    if (unknown !== undefined) {
      fault(
        entriesOf(node).find(([key]) => key === unknown)?.[1].key ?? node,
        `no axis is called '${unknown}'`,
        didYouMean(unknown, axes),
      );
      return kept;
    }
    const left = kept.filter((combination) => !agrees(combination, values, keys));
    if (left.length === kept.length) fault(node, 'this excludes nothing', 'no combination has these values');
    return left;
  }, all);
}

function withIncluded(
  product: readonly Combination[],
  include: readonly MatrixEntry[],
  axes: readonly string[],
  fault: Fault,
): readonly Combination[] {
  const extended = [...product];
  const added: Combination[] = [];
  for (const { node, values } of include) {
    const keys = axes.filter((axis) => Object.hasOwn(values, axis));
    let matched = false;
    for (const [i, combination] of product.entries()) {
      if (!agrees(combination, values, keys)) continue;
      matched = true;
      extended[i] = { ...extended[i], ...values, ...combination };
    }
    if (matched) continue;
    const missing = axes.find((axis) => !keys.includes(axis));
    if (missing !== undefined)
      fault(node, `this matches no combination, and as a new one it lacks the axis '${missing}'`);
    else if (added.some((other) => agrees(other, values, axes))) fault(node, 'this combination is included twice');
    else added.push({ ...Object.fromEntries(axes.map((axis) => [axis, values[axis]!])), ...values });
  }
  return [...extended, ...added];
}

function fromEntries(include: readonly MatrixEntry[], matrix: Node, fault: Fault): Expansion {
  const combinations = include.map(({ values }) => values);
  const keys = Object.keys(combinations[0] ?? {}).filter((key) =>
    combinations.every(
      (values) => Object.hasOwn(values, key) && (values[key] === null || typeof values[key] !== 'object'),
    ),
  );
  for (let count = 1; count <= keys.length; count++) {
    const axes = keys.slice(0, count);
    const names = combinations.map((values) => JSON.stringify(axes.map((axis) => axisText(values[axis]))));
    if (new Set(names).size === names.length) return { axes, combinations };
  }
  if (combinations.length > 0)
    fault(matrix, 'two entries of include cannot be told apart', 'give all of them a key with differing values');
  return { axes: [], combinations };
}
