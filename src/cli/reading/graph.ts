import { type Command, Option } from 'commander';
import { instanceOutline, stageOutline } from '../../graph/outline.ts';
import { type GraphFormat, graphFormats, renderGraph } from '../../graph/render.ts';
import { openWorkflow } from '../open-workflow.ts';
import { print } from '../print.ts';
import { addWorkflowOptions, type WorkflowOptions } from '../workflow-options.ts';
import { writeOutput } from '../write-output.ts';

interface GraphOptions extends WorkflowOptions {
  readonly format: GraphFormat;
  readonly instances?: true;
  readonly output?: string;
}

export function define(command: Command): void {
  addWorkflowOptions(command)
    .argument('[workflow]')
    .addOption(new Option('-f, --format <format>', 'how to draw it').choices(graphFormats).default('text'))
    .option('--instances', 'draw each instance of a matrix')
    .option('-o, --output <file>', 'write to a file')
    .action(draw);
}

async function draw(file: string | undefined, options: GraphOptions): Promise<void> {
  await using workflow = await openWorkflow({ ...options, ...(file !== undefined && { workflow: file }) });
  const outline = (options.instances ? instanceOutline : stageOutline)(workflow.plan);
  const drawing = await renderGraph(outline, options.format);
  if (options.output === undefined) print(drawing);
  else writeOutput(options.output, drawing);
}
