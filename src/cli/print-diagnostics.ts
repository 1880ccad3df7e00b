import { relative } from 'node:path';
import { wantsColour } from '../ui/index.ts';
import type { Diagnostic } from '../workflow/diagnostic.ts';
import { RequestError } from './request-error.ts';

/** Prints what is wrong or suspicious, with the lines of the workflow, on standard error. */
export async function printDiagnostics(diagnostics: readonly Diagnostic[]): Promise<void> {
  if (diagnostics.length === 0) return;
  const { formatDiagnostics } = await import('../workflow/diagnostic.ts');
  const color = wantsColour(process.stderr, process.env);
  process.stderr.write(`${formatDiagnostics(diagnostics, { color })}\n\n`);
}

export function faultyWorkflow(file: string, diagnostics: readonly Diagnostic[]): RequestError {
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length;
  return new RequestError(`${errors} error${errors === 1 ? '' : 's'} in ${relative('', file)}: nothing was run`);
}
