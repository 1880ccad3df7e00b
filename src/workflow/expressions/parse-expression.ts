import { ExpressionError, Lexer, Parser } from '@actions/expressions';
import type { FunctionInfo } from '@actions/expressions/funcs/info';
import { type Token, TokenType } from '@actions/expressions/lexer';
import { didYouMean } from '../nearest.ts';
import { ExpressionFault } from './fault.ts';
import { functionNames, functionSignatures } from './functions.ts';
import type { Expression } from './template.ts';

const contextNames = ['params', 'configs', 'matrix', 'stages', 'inputs', 'outputs'] as const;
export type ContextName = (typeof contextNames)[number];

const longest = 20_000;

/** Parses one expression. `start`: where it lies in the scalar's value, so that faults count from there. */
export function parseExpression(text: string, start: number): Expression {
  const outer = [start - 3, start + text.length + 2] as const;
  if (text.trim() === '') throw new ExpressionFault('this expression is empty', undefined, outer);
  if (text.length > longest)
    throw new ExpressionFault(`an expression may have ${longest} characters`, undefined, outer);
  const tokens = lex(text, start);
  const offsets = tokenOffsets(tokens, text);
  try {
    const parser = new Parser(tokens, [...contextNames], functionSignatures as FunctionInfo[]);
    return { tree: parser.parse(), text, start, outer, offsetOf: (token) => offsets.get(token) };
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    const token = tokens.find(({ range }) => range.start === error.pos)!;
    const at = start + offsets.get(token)!;
    throw new ExpressionFault(...parseFault(error, token.lexeme), [at, at + Math.max(1, token.lexeme.length)]);
  }
}

/** The lexer undoubles only the first '' of a string; the rest is done here. */
function lex(text: string, start: number): Token[] {
  try {
    const { tokens } = new Lexer(text).lex();
    for (const token of tokens) {
      if (token.type === TokenType.STRING) token.value = token.lexeme.slice(1, -1).replaceAll("''", "'");
    }
    return tokens;
  } catch (error) {
    const found = /^Unexpected symbol: '(.*)'\. Located at position (\d+) /s.exec((error as Error).message);
    if (!found) throw error;
    const [, symbol = '', position = '1'] = found;
    const at = start + Number(position) - 1;
    const unclosed = symbol.startsWith("'");
    const hint = symbol.startsWith('"') ? "strings in expressions take single quotes: 'text'" : undefined;
    const message = unclosed ? 'this string is not closed' : `'${symbol}' has no meaning in an expression`;
    throw new ExpressionFault(message, hint, [at, at + symbol.length]);
  }
}

/** Tokens follow each other with nothing but white space between them. (Their own columns go wrong after a line break.) */
function tokenOffsets(tokens: readonly Token[], text: string): Map<object, number> {
  const offsets = new Map<object, number>();
  let at = 0;
  for (const token of tokens) {
    while (at < text.length && /\s/.test(text[at]!)) at++;
    offsets.set(token, at);
    at += token.lexeme.length;
  }
  return offsets;
}

function parseFault(error: ExpressionError, name: string): [message: string, hint: string | undefined] {
  const kind = error.message.slice(0, error.message.indexOf(':'));
  switch (kind) {
    case 'Unrecognized named-value':
      return [`no context is called '${name}'`, didYouMean(name, contextNames)];
    case 'Unrecognized function':
      return [`no function is called '${name}'`, didYouMean(name, functionNames)];
    case 'Too few parameters supplied':
    case 'Too many parameters supplied':
      return [`${name}() has too ${kind.includes('few') ? 'few' : 'many'} arguments`, undefined];
    case 'Unexpected end of expression':
      return ['this expression ends too early', undefined];
    case 'Unexpected symbol':
      return [name === '' ? 'this expression ends too early' : `'${name}' is not expected here`, undefined];
    default:
      return [error.message.charAt(0).toLowerCase() + error.message.slice(1), undefined];
  }
}
