import { evaluateEach, evaluateTemplate, type Scope, unknownNames } from './expressions/evaluate.ts';
import { ExpressionFault, ReportedFault } from './expressions/fault.ts';
import { hasExpression, parseTemplate, type Template } from './expressions/template.ts';
import type { Json } from './json.ts';
import { type Node, placeWithin, type ScalarNode, toJson } from './yaml/node.ts';
import type { Place } from './yaml/source.ts';

/** Called with what is wrong where; the caller knows what it says about which instance. */
export type Fault = (place: Place, message: string, hint?: string) => void;

/** A `fault` that remembers whether it was called. */
export function remembered(fault: Fault): { readonly fault: Fault; called(): boolean } {
  let called = false;
  return {
    fault: (...parts) => {
      called = true;
      fault(...parts);
    },
    called: () => called,
  };
}

const constants = new WeakMap<Node, boolean>();

/** No expression in it. */
function isConstant(node: Node): boolean {
  if (node.kind === 'scalar') return typeof node.value !== 'string' || !hasExpression(node.value);
  let constant = constants.get(node);
  if (constant === undefined) {
    constant = childrenOf(node).every(isConstant);
    constants.set(node, constant);
  }
  return constant;
}

function childrenOf(node: Node): readonly Node[] {
  if (node.kind === 'scalar') return [];
  return node.kind === 'list' ? node.items : Array.from(node.entries.values(), ({ value }) => value);
}

const templates = new WeakMap<ScalarNode, Template>();

/** The text cut at its expressions; undefined if one does not parse, which was told to `fault`. */
export function templateOf(node: ScalarNode, fault: Fault): Template | undefined {
  const known = templates.get(node);
  if (known) return known;
  return catchFault(node, fault, () => {
    const template = parseTemplate(String(node.value ?? ''));
    templates.set(node, template);
    return template;
  });
}

/** The node's value with every expression replaced by its own; undefined if one had a fault, which was told to `fault`. */
export function evaluateNode(node: Node, scope: Scope, fault: Fault): Json | undefined {
  if (isConstant(node)) return toJson(node);
  if (node.kind === 'scalar') {
    const template = templateOf(node, fault);
    return template && catchFault(node, fault, () => evaluateTemplate(template, scope));
  }
  if (node.kind === 'list') {
    const items = node.items.map((item) => evaluateNode(item, scope, fault));
    return items.includes(undefined) ? undefined : (items as Json[]);
  }
  const members = Array.from(node.entries, ([key, { value }]) => [key, evaluateNode(value, scope, fault)] as const);
  if (members.some(([, value]) => value === undefined)) return undefined;
  return Object.fromEntries(members) as Json;
}

/** As `evaluateNode`, for an input: the path after a list of directories is looked up in each of them. */
export function evaluatePaths(node: Node, scope: Scope, fault: Fault): Json | undefined {
  if (node.kind !== 'scalar' || isConstant(node)) return evaluateNode(node, scope, fault);
  const template = templateOf(node, fault);
  return template && catchFault(node, fault, () => evaluateEach(template, scope));
}

/** Reports every expression below the node that does not parse, and every name in them that does not exist. */
export function checkNames(node: Node, scope: Scope, fault: Fault): void {
  if (isConstant(node)) return;
  if (node.kind !== 'scalar') {
    for (const item of childrenOf(node)) checkNames(item, scope, fault);
    return;
  }
  for (const part of templateOf(node, fault) ?? []) {
    if (typeof part === 'string') continue;
    for (const { message, hint, range } of unknownNames(part, scope))
      fault(placeWithin(node, ...range!), message, hint);
  }
}

/** The result of `evaluate`; undefined after an expression's fault, which is told with its place in the file unless it was before. */
export function catchFault<T>(node: ScalarNode, fault: Fault, evaluate: () => T): T | undefined {
  try {
    return evaluate();
  } catch (error) {
    if (!(error instanceof ExpressionFault)) throw error;
    if (error instanceof ReportedFault) return undefined;
    fault(error.range ? placeWithin(node, ...error.range) : node, error.message, error.hint);
    return undefined;
  }
}
