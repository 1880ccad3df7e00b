import { data, Evaluator } from '@actions/expressions';
import {
  Binary,
  ContextAccess,
  type Expr,
  FunctionCall,
  Grouping,
  IndexAccess,
  Literal,
  Logical,
  Star,
  Unary,
} from '@actions/expressions/ast';
import { FilteredArray } from '@actions/expressions/filtered_array';
import type { FunctionDefinition } from '@actions/expressions/funcs/info';
import { TokenType } from '@actions/expressions/lexer';
import type { Json } from '../json.ts';
import { didYouMean } from '../nearest.ts';
import { ExpressionFault, faultsAt, ReportedFault } from './fault.ts';
import { isPath } from './functions.ts';
import type { ContextName } from './parse-expression.ts';
import type { Expression, Template } from './template.ts';
import { type Data, fromData, Members, toText } from './values.ts';

export interface Scope {
  /** Those that may be used here. */
  readonly contexts: Readonly<Partial<Record<ContextName, Data>>>;
  readonly functions: Map<string, FunctionDefinition>;
}

/** With more names to read, or others in their place. */
export function withContexts(scope: Scope, contexts: Scope['contexts']): Scope {
  return { contexts: { ...scope.contexts, ...contexts }, functions: scope.functions };
}

/** The value of a text with expressions: of one that is nothing but an expression, with its type. Throws faults. */
export function evaluateTemplate(template: Template, scope: Scope): Json {
  const [only] = template;
  if (template.length === 1) return typeof only === 'string' ? only : evaluateExpression(only!, scope);
  return template
    .map((part) => {
      if (typeof part === 'string') return part;
      return faultsAt(part.outer, () => toText(evaluateExpression(part, scope)));
    })
    .join('');
}

/** As `evaluateTemplate`, but a list that text follows gives a text for each of its items: `${{ list }}/below`. */
export function evaluateEach(template: Template, scope: Scope): Json {
  const [first, ...rest] = template;
  if (rest.length === 0 || first === undefined || typeof first === 'string') return evaluateTemplate(template, scope);
  const items = evaluateExpression(first, scope);
  if (!Array.isArray(items)) return evaluateTemplate(template, scope);
  const below = toText(evaluateTemplate(rest, scope));
  return items.map((item) => faultsAt(first.outer, () => toText(item)) + below);
}

export function evaluateExpression(expression: Expression, scope: Scope): Json {
  return faultsAt(expression.outer, () => fromData(new StrictEvaluator(expression, scope).evaluate()));
}

/**
 * Looks up every name that is written out, also in branches that are not taken, so that all mistakes show at once.
 * `scope` should give null for what only taken branches may ask.
 */
export function* unknownNames(expression: Expression, scope: Scope): Generator<ExpressionFault> {
  const evaluator = new StrictEvaluator(expression, scope, 'names only');
  for (const chain of writtenOut(expression.tree)) {
    try {
      evaluator.look(chain);
    } catch (error) {
      if (!(error instanceof ExpressionFault)) throw error;
      if (error instanceof ReportedFault) continue;
      error.range ??= expression.outer;
      yield error;
    }
  }
}

/** The longest parts of an expression that are a context and members by name. */
function writtenOut(tree: Expr): Expr[] {
  if (tree instanceof ContextAccess) return [tree];
  if (tree instanceof IndexAccess) {
    const inner = writtenOut(tree.expr);
    if (!(tree.index instanceof Literal)) return [...inner, ...writtenOut(tree.index)];
    return inner.length === 1 && inner[0] === tree.expr ? [tree] : inner;
  }
  if (tree instanceof FunctionCall || tree instanceof Logical) return tree.args.flatMap(writtenOut);
  if (tree instanceof Binary) return [tree.left, tree.right].flatMap(writtenOut);
  if (tree instanceof Unary) return writtenOut(tree.expr);
  if (tree instanceof Grouping) return writtenOut(tree.group);
  return [];
}

/** GitHub's rules, but what GitHub quietly turns into null is a fault: an unknown name, an index out of range. */
class StrictEvaluator extends Evaluator {
  private readonly expression: Expression;
  private readonly scope: Scope;
  private readonly namesOnly: boolean;

  constructor(expression: Expression, scope: Scope, mode?: 'names only') {
    super(expression.tree, new data.Dictionary(), scope.functions);
    this.expression = expression;
    this.scope = scope;
    this.namesOnly = mode === 'names only';
  }

  look(part: Expr): void {
    this.eval(part);
  }

  override visitContextAccess(access: ContextAccess): Data {
    const name = access.name.lexeme;
    const context = this.scope.contexts[name as ContextName];
    if (context) return context;
    const here = Object.keys(this.scope.contexts);
    throw new ExpressionFault(
      `${name} cannot be used here`,
      here.length > 0 ? `this place knows ${here.join(', ')}` : undefined,
      this.rangeOf(access),
    );
  }

  override visitIndexAccess(access: IndexAccess): Data {
    const target = this.eval(access.expr);
    const range = this.rangeOf(access.index);
    if (access.index instanceof Star) {
      if (target instanceof Members && target.json === undefined) {
        throw new ExpressionFault(`${this.textOf(access.expr)}.* is not a value`, undefined, this.rangeOf(access.expr));
      }
      return super.visitIndexAccess(new IndexAccess(known(target), access.index));
    }
    const index = this.eval(access.index);
    if (target instanceof FilteredArray) return super.visitIndexAccess(new IndexAccess(known(target), known(index)));
    if (target instanceof Members) return faultsAt(range, () => this.memberOf(target, index, access));
    if (target instanceof data.Array) return faultsAt(range, () => this.itemOf(target, index, access));
    if (this.namesOnly) return new data.Null();
    const what = target.kind === data.Kind.Null ? 'null' : isPath(target) ? 'a path' : `'${target.coerceString()}'`;
    throw new ExpressionFault(`${this.textOf(access.expr)} is ${what} and has no members`, undefined, range);
  }

  private memberOf(target: Members, index: Data, access: IndexAccess): Data {
    const name = toText(fromData(index));
    const member = target.get(name);
    if (member) return member;
    throw new ExpressionFault(`${this.textOf(access.expr)} has no '${name}'`, didYouMean(name, target.names()));
  }

  private itemOf(target: data.Array, index: Data, access: IndexAccess): Data {
    const at = index.number();
    const item = Number.isInteger(at) ? target.get(at) : undefined;
    if (item) return item;
    const { length } = target.values();
    throw new ExpressionFault(
      `${this.textOf(access.expr)} has no item ${index.coerceString()}`,
      length === 0 ? 'it is an empty list' : `it is a list; its items are 0 to ${length - 1}`,
    );
  }

  override visitBinary(binary: Binary): Data {
    const value = (side: Expr): Literal => {
      const evaluated = this.eval(side);
      if (!isPath(evaluated)) return known(evaluated);
      throw new ExpressionFault(
        'the path of an output or input cannot be compared',
        'where it lies is only known while the stage runs; compare what decides it, such as a matrix value',
        this.rangeOf(side),
      );
    };
    return super.visitBinary(new Binary(value(binary.left), binary.operator, value(binary.right)));
  }

  override visitFunctionCall(call: FunctionCall): Data {
    return faultsAt(this.rangeOf(call), () => {
      try {
        return super.visitFunctionCall(call);
      } catch (error) {
        if (error instanceof ExpressionFault || !(error instanceof Error)) throw error;
        const message = error.message.charAt(0).toLowerCase() + error.message.slice(1);
        throw new ExpressionFault(`${call.functionName.lexeme}(): ${message}`);
      }
    });
  }

  /** Offsets in the scalar's value. */
  private rangeOf(part: Expr): [number, number] {
    const [start, end] = spanOf(part, this.expression) ?? [0, this.expression.text.length];
    return [this.expression.start + start, this.expression.start + end];
  }

  private textOf(part: Expr): string {
    const [start, end] = spanOf(part, this.expression) ?? [0, this.expression.text.length];
    return this.expression.text.slice(start, end).trim();
  }
}

/** A part that was evaluated, so that the library does not do it again (nested ones would double each time). */
function known(value: Data): Literal {
  return new Literal(value, { type: TokenType.UNKNOWN, lexeme: '', range: nowhere });
}

const nowhere = { start: { line: 0, column: 0 }, end: { line: 0, column: 0 } };

/** From the first token of a part to its last, as far as the tree keeps them (it drops closing brackets). */
function spanOf(part: Expr, expression: Expression): [number, number] | undefined {
  const token = (at: { lexeme: string }): [number, number] | undefined => {
    const offset = expression.offsetOf(at);
    return offset === undefined ? undefined : [offset, offset + at.lexeme.length];
  };
  const around = (parts: readonly Expr[]): [number, number] | undefined => {
    const spans = parts.map((inner) => spanOf(inner, expression)).filter((span) => span !== undefined);
    if (spans.length === 0) return undefined;
    return [Math.min(...spans.map(([start]) => start)), Math.max(...spans.map(([, end]) => end))];
  };
  if (part instanceof Literal) return token(part.token);
  if (part instanceof ContextAccess) return token(part.name);
  if (part instanceof FunctionCall) return token(part.functionName);
  if (part instanceof Unary) return around([part.expr]);
  if (part instanceof Grouping) return around([part.group]);
  if (part instanceof Logical) return around(part.args);
  if (part instanceof Binary) return around([part.left, part.right]);
  if (part instanceof IndexAccess) return around(part.index instanceof Star ? [part.expr] : [part.expr, part.index]);
  return undefined;
}
