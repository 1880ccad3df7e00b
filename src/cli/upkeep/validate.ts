import type { Command } from 'commander';
import { compile } from '../../graph/compile.ts';
import { workspaceRoot } from '../../workflow/workspace-root.ts';
import { openObjects } from '../open-objects.ts';
import { settingsOf } from '../open-remote.ts';
import { compileOptions } from '../open-workflow.ts';
import { print, printJson } from '../print.ts';
import { faultyWorkflow, printDiagnostics } from '../print-diagnostics.ts';
import { addWorkflowOptions, type WorkflowOptions } from '../workflow-options.ts';
import { cacheFolder, findWorkflow } from '../workspace.ts';

export function define(command: Command): void {
  addWorkflowOptions(command)
    .argument('[workflow]')
    .option('--json', 'print the findings as JSON')
    .addHelpText('after', '\nThe exit code is 2 when the workflow cannot run; warnings alone are no fault.')
    .action(validate);
}

async function validate(word: string | undefined, options: WorkflowOptions & { json?: true }): Promise<void> {
  const file = findWorkflow(word ?? options.workflow);
  const root = workspaceRoot(file);
  const { kindOf } = openObjects(await settingsOf(root));
  const compiled = await compile(file, { ...compileOptions(options, cacheFolder(root)), kindOfObject: kindOf });
  const diagnostics = compiled.ok ? compiled.warnings : compiled.diagnostics;
  if (options.json) {
    printJson({ workflow: file, ok: compiled.ok, diagnostics });
    process.exitCode = compiled.ok ? 0 : 2;
    return;
  }
  await printDiagnostics(diagnostics);
  if (!compiled.ok) throw faultyWorkflow(file, diagnostics);
  const { name, instances } = compiled.plan;
  const stages = new Set(instances.map(({ stage }) => stage)).size;
  print(`${name} is valid: ${stages} stage${stages === 1 ? '' : 's'}, ${instances.length} to run at most`);
}
