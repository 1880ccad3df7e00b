import type { CST, ErrorCode, ParsedNode, Scalar, YAMLError, YAMLMap } from 'yaml';
import { type Alias, Composer, type Document, isAlias, isMap, isScalar, isSeq, Parser } from 'yaml';
import { errorAt, type Report } from '../diagnostic.ts';
import type { Entry, MapNode, Node } from './node.ts';
import type { Place, SourceText } from './source.ts';

const deepest = 64;
/** Values after aliases are expanded; ten thousand stages come to about a hundred thousand. */
const mostValues = 2_000_000;
/** Characters of text after aliases are expanded. */
const mostText = 64 * 1024 * 1024;

/** One YAML 1.2 (or JSON) document, from an offset on, as a tree with places. Undefined if it could not be read; why was reported. */
export function parseYaml(source: SourceText, report: Report, from = 0): Node | undefined {
  const text = from === 0 ? source.text : ' '.repeat(from) + source.text.slice(from);
  const place = (start: number, end: number): Place => ({ source, start, end: Math.max(start, end) });
  const tokens = Array.from(new Parser().parse(text));
  const tooDeep = deeperThan(tokens, deepest);
  if (tooDeep !== undefined) {
    report(errorAt(place(tooDeep, tooDeep + 1), `nested more than ${deepest} levels deep`));
    return undefined;
  }
  const options = { uniqueKeys: false, prettyErrors: false, merge: false } as const;
  const documents = Array.from(new Composer(options).compose(tokens, true, text.length));
  const [document, second] = documents;
  for (const { errors, warnings } of documents) {
    for (const { message, pos, code } of upToConfusion([...errors, ...warnings])) {
      report(errorAt(place(...pos), yamlMessage(message), yamlHints[code]));
    }
    if (errors.length + warnings.length > 0) return undefined;
  }
  if (second) {
    report(
      errorAt(
        place(second.range[0], second.range[0] + 3),
        'a second document in one file',
        'keep one document; remove the `---`',
      ),
    );
    return undefined;
  }
  if (!document?.contents) return { kind: 'scalar', value: null, ...place(0, 0) };
  return new Conversion(document as Document.Parsed, source, report).root();
}

/** Mistakes of a single value, after which the reader still knows where it is. */
const harmless: ReadonlySet<ErrorCode> = new Set(['BAD_ALIAS', 'BAD_DQ_ESCAPE', 'TAG_RESOLVE_FAILED']);

const yamlHints: { readonly [code in ErrorCode]?: string } = {
  MISSING_CHAR: 'a text that begins with { or [ has to be quoted, or written below a |',
};

/** What comes after the first mistake of structure is only the reader's confusion about it. */
function upToConfusion(errors: readonly YAMLError[]): readonly YAMLError[] {
  const sorted = errors.toSorted((a, b) => a.pos[0] - b.pos[0]);
  const lost = sorted.findIndex(({ code }) => !harmless.has(code));
  return lost < 0 ? sorted : sorted.slice(0, lost + 1);
}

/** The library's messages carry their own position and excerpt on further lines. */
function yamlMessage(message: string): string {
  const first = message.split('\n', 1)[0]!.replace(/ at line \d+, column \d+:?$/, '');
  return `${first.charAt(0).toLowerCase()}${first.slice(1)}`;
}

/** Offset of the first collection below that many levels. Without recursion: the depth is the attacker's. */
function deeperThan(tokens: readonly CST.Token[], limit: number): number | undefined {
  const stack: { token: CST.Token; depth: number }[] = tokens.map((token) => ({ token, depth: 0 }));
  for (let next = stack.pop(); next; next = stack.pop()) {
    const { token, depth } = next;
    if (token.type === 'document' && token.value) stack.push({ token: token.value, depth });
    if (!('items' in token)) continue;
    if (depth >= limit) return token.offset;
    for (const { key, value } of token.items) {
      if (key) stack.push({ token: key, depth: depth + 1 });
      if (value) stack.push({ token: value, depth: depth + 1 });
    }
  }
  return undefined;
}

interface Weight {
  readonly values: number;
  readonly text: number;
}

/** Aliases share one node, so a bomb costs nothing here; it is refused for what it would weigh when written out. */
class Conversion {
  private readonly document: Document.Parsed;
  private readonly source: SourceText;
  private readonly report: Report;
  private readonly converted = new Map<ParsedNode, Node>();
  private readonly open = new Set<ParsedNode>();
  private readonly weights = new Map<Node, Weight>();
  private failed = false;

  constructor(document: Document.Parsed, source: SourceText, report: Report) {
    this.document = document;
    this.source = source;
    this.report = report;
  }

  root(): Node | undefined {
    const root = this.node(this.document.contents!);
    return this.failed ? undefined : root;
  }

  private fail(place: Place, message: string, hint?: string): void {
    this.failed = true;
    this.report(errorAt(place, message, hint));
  }

  private place(parsed: { range?: readonly number[] | null }): Place {
    const [start = 0, end = start] = parsed.range ?? [];
    return { source: this.source, start, end };
  }

  private node(parsed: ParsedNode | null): Node {
    if (parsed === null) return { kind: 'scalar', value: null, source: this.source, start: 0, end: 0 };
    if (isAlias(parsed)) return this.alias(parsed);
    const known = this.converted.get(parsed);
    if (known) return known;
    this.open.add(parsed);
    const node = this.convert(parsed);
    this.open.delete(parsed);
    this.converted.set(parsed, node);
    this.weigh(node);
    return node;
  }

  private convert(parsed: ParsedNode): Node {
    const place = this.place(parsed);
    if (isMap(parsed)) return this.map(parsed, place);
    if (isSeq(parsed))
      return { kind: 'list', items: parsed.items.map((item) => this.node(item as ParsedNode)), ...place };
    return { kind: 'scalar', value: this.scalarValue(parsed as Scalar.Parsed, place), ...place };
  }

  private scalarValue({ value }: Scalar.Parsed, place: Place): null | boolean | number | string {
    if (typeof value === 'number') {
      if (!Number.isFinite(value)) this.fail(place, 'not a number that JSON can hold', 'quote it to make it a string');
      else if (Number.isInteger(value) && !Number.isSafeInteger(value) && /^[-+]?\d+$/.test(this.textOf(place))) {
        this.fail(place, 'this whole number is too large to be kept exactly', 'quote it to make it a string');
      }
    }
    if (typeof value === 'string' && value.includes('\0'))
      this.fail(place, 'a NUL character cannot be part of a workflow');
    return value as null | boolean | number | string;
  }

  private textOf({ start, end }: Place): string {
    return this.source.text.slice(start, end);
  }

  private alias(alias: Alias): Node {
    const target = alias.resolve(this.document) as ParsedNode | undefined;
    const place = this.place(alias);
    if (!target || this.open.has(target)) {
      const message = target
        ? `*${alias.source} stands inside what it names`
        : `no anchor &${alias.source} before this alias`;
      this.fail(place, message);
      return { kind: 'scalar', value: null, ...place };
    }
    return this.node(target);
  }

  private map(parsed: YAMLMap.Parsed, place: Place): MapNode {
    const own = new Map<string, Entry>();
    const merged: Node[] = [];
    for (const pair of parsed.items) {
      const key = pair.key as ParsedNode | null;
      const keyPlace = key ? this.place(key) : place;
      const value = pair.value ? this.node(pair.value as ParsedNode) : emptyAfter(keyPlace);
      const name = this.keyName(key, keyPlace);
      if (name === undefined) continue;
      if (name === '<<' && isScalar(key) && key.type === 'PLAIN') merged.push(...this.mergeSources(value, keyPlace));
      else if (own.has(name))
        this.fail(keyPlace, `'${name}' is given twice`, `the first is on line ${this.line(own.get(name)!.key)}`);
      else own.set(name, { key: keyPlace, value });
    }
    const entries = new Map<string, Entry>(own);
    for (const from of merged) {
      if (from.kind !== 'map') continue;
      for (const [name, entry] of from.entries) if (!entries.has(name)) entries.set(name, entry);
    }
    return { kind: 'map', entries, ...place };
  }

  private line({ start }: Place): number {
    return this.source.text.slice(0, start).split('\n').length;
  }

  private keyName(key: ParsedNode | null, place: Place): string | undefined {
    if (!isScalar(key)) {
      this.fail(place, 'a key must be a plain word');
      return undefined;
    }
    const name =
      key.value === null ? (key.source ?? '') : String(key.type === 'PLAIN' ? (key.source ?? key.value) : key.value);
    if (name === '__proto__') {
      this.fail(place, "'__proto__' cannot be a key");
      return undefined;
    }
    return name;
  }

  private mergeSources(value: Node, place: Place): readonly Node[] {
    const sources = value.kind === 'list' ? value.items : [value];
    if (sources.some(({ kind }) => kind !== 'map')) this.fail(place, '<< takes a map or a list of maps');
    return sources;
  }

  private weigh(node: Node): void {
    const children =
      node.kind === 'map'
        ? Array.from(node.entries.values(), ({ value }) => value)
        : node.kind === 'list'
          ? node.items
          : [];
    let values = 1;
    let text = node.kind === 'scalar' && typeof node.value === 'string' ? node.value.length : 0;
    for (const item of children) {
      const weight = this.weights.get(item);
      values += weight?.values ?? 1;
      text += weight?.text ?? 0;
    }
    this.weights.set(node, { values, text });
    if (!this.failed && (values > mostValues || text > mostText)) {
      const what = values > mostValues ? `${mostValues} values` : `${mostText / 1024 / 1024} MiB of text`;
      this.fail(node, `aliases make this more than ${what}`, 'write it without aliases of aliases');
    }
  }
}

const emptyAfter = (key: Place): Node => ({
  kind: 'scalar',
  value: null,
  source: key.source,
  start: key.start,
  end: key.end,
});
