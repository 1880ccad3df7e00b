import { errorAt, type Report } from './diagnostic.ts';
import type { Json } from './json.ts';
import { toJson } from './yaml/node.ts';
import { parseYaml } from './yaml/parse.ts';

/** One axis of a sweep: a path in the workflow, and the values that it takes. */
interface Axis {
  readonly path: string;
  readonly values: readonly Json[];
}

/** The settings of one run of a sweep, each as `--set` takes it, and a short name for them. */
export interface GridPoint {
  readonly settings: readonly string[];
  readonly name: string;
}

/**
 * Every combination of `path=value,value,…`, the last path fastest. Values are read as YAML, so that a list or a text
 * with a comma is written `[1, 2]` or `"a,b"`. Undefined if one could not be read; why was reported.
 */
export function readGrid(settings: readonly string[], report: Report): readonly GridPoint[] | undefined {
  const axes = settings.map((setting) => readAxis(setting, report));
  if (axes.includes(undefined)) return undefined;
  return (axes as Axis[]).reduce<GridPoint[]>(
    (points, { path, values }) =>
      points.flatMap(({ settings: before, name }) =>
        values.map((value) => ({
          settings: [...before, `${path}=${JSON.stringify(value)}`],
          name: [...(name === '' ? [] : [name]), `${lastPart(path)}=${shortText(value)}`].join(','),
        })),
      ),
    [{ settings: [], name: '' }],
  );
}

function readAxis(setting: string, report: Report): Axis | undefined {
  const source = { name: '--set', text: setting };
  const equals = setting.indexOf('=');
  if (equals < 1) {
    const hint = 'write --set path.of.key=value,value, such as --set params.seed=1,2,3';
    report(errorAt({ source, start: 0, end: setting.length }, 'this does not say what to set', hint));
    return undefined;
  }
  const list = { name: '--set', text: `${setting.slice(0, equals + 1)}[${setting.slice(equals + 1)}]` };
  const values = parseYaml(list, report, equals + 1);
  return values && { path: setting.slice(0, equals), values: toJson(values) as readonly Json[] };
}

const lastPart = (path: string) => path.slice(path.lastIndexOf('.') + 1);
const shortText = (value: Json) => (typeof value === 'string' ? value : JSON.stringify(value));
