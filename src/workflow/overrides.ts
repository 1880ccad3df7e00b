import { errorAt, type Report } from './diagnostic.ts';
import type { MapNode, Node } from './yaml/node.ts';
import { parseYaml } from './yaml/parse.ts';
import type { Place, SourceText } from './yaml/source.ts';

/** `a.b=c` as the tree `{a: {b: c}}`; the value is read as YAML. Undefined if it could not be; why was reported. */
export function parseSetting(setting: string, report: Report): MapNode | undefined {
  const source: SourceText = { name: '--set', text: setting };
  const equals = setting.indexOf('=');
  const keys = equals === -1 ? [] : setting.slice(0, equals).split('.');
  if (keys.length === 0 || keys.some((key) => key.trim() === '' || key === '__proto__')) {
    const whole = { source, start: 0, end: setting.length };
    report(
      errorAt(whole, 'this does not say what to set', 'write --set path.of.key=value, such as --set params.seed=2'),
    );
    return undefined;
  }
  const value = parseYaml(source, report, equals + 1);
  return value && (nest(keys, value, source) as MapNode);
}

function nest(keys: readonly string[], value: Node, source: SourceText): Node {
  let node = value;
  let end = keys.join('.').length;
  for (const key of keys.toReversed()) {
    const place: Place = { source, start: end - key.length, end };
    node = { kind: 'map', entries: new Map([[key, { key: place, value: node }]]), ...place };
    end -= key.length + 1;
  }
  return node;
}
