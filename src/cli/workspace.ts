import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { workspaceRoot } from '../workflow/workspace-root.ts';
import { RequestError } from './request-error.ts';

/** Where results are kept: `KUMIKI_CACHE`, else `cache` in the workspace root. */
export function cacheFolder(root: string): string {
  return process.env.KUMIKI_CACHE ? resolve(process.env.KUMIKI_CACHE) : join(root, 'cache');
}

/** Root of the workspace that we stand in: that of its workflow, if it has only one. */
export function rootHere(): string {
  const [single, ...others] = workflowsHere();
  return workspaceRoot(others.length === 0 && single ? single : join(process.cwd(), 'workflow.yaml'));
}

/** The cache of the workspace that we stand in. */
export function cacheHere(): string {
  return cacheFolder(rootHere());
}

/** Absolute path of the workflow that is meant: the named one, else the only one there is. */
export function findWorkflow(name: string | undefined): string {
  if (name === undefined) return onlyWorkflow();
  const file = resolve(name);
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) throw new RequestError(`there is no workflow ${name}`);
  return file;
}

function onlyWorkflow(): string {
  const [single, ...others] = workflowsHere();
  if (!single)
    throw new RequestError('there is no workflow.yaml here: name a workflow, or make one with `kumiki init`');
  if (others.length === 0) return single;
  const names = [single, ...others].map((file) => relative('', file)).join(', ');
  throw new RequestError(`name one of the workflows: ${names}`);
}

/** `workflow.yaml` here or in the workspace root, else all that lies in `workflows/`. */
function workflowsHere(): readonly string[] {
  const root = workspaceRoot(join(process.cwd(), 'workflow.yaml'));
  const single = [process.cwd(), root].map((folder) => join(folder, 'workflow.yaml')).find((file) => existsSync(file));
  return single ? [single] : workflowsBelow(join(root, 'workflows'));
}

function workflowsBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => /\.ya?ml$/.test(name));
  return names.sort().map((name) => join(folder, name));
}
