import type { Command } from 'commander';
import { toJSONSchema } from 'zod';
import type { JSONSchema } from 'zod/v4/core';
import type { Stage } from '../../stage/define.ts';
import { builtinStages } from '../builtin-stages.ts';
import { loadStage } from '../load-stage.ts';
import { print, printJson } from '../print.ts';
import { formatTable } from '../table.ts';

export function define(command: Command): void {
  command
    .argument('[name]', 'a built-in stage, or the path of a module; left out: the list')
    .option('--json', 'print it as JSON, parameters as a JSON schema')
    .action(async (name: string | undefined, { json = false }: { json?: boolean }) => {
      if (name === undefined) await list(json);
      else await describe(name, json);
    });
}

async function list(json: boolean): Promise<void> {
  const stages = await loadBuiltinStages();
  if (json) printJson(stages.map(asJson));
  else print(formatTable(stages.map(({ name, description }) => [name, firstSentence(description)])));
}

export const loadBuiltinStages = () => Promise.all(builtinStages.names().map(loadStage));

async function describe(name: string, json: boolean): Promise<void> {
  const stage = await loadStage(name);
  if (json) printJson(asJson(stage));
  else print(asText(stage));
}

function asJson({ name, version, description, params, how = [], inputs, outputs }: Stage): object {
  return { name, version, description, inputs, outputs, params: toJSONSchema(params, { io: 'input' }), how };
}

/** Inputs, parameters and outputs as aligned columns. */
export function asText({ name, version, description, params, how = [], inputs, outputs }: Stage): string {
  const taken = Object.entries(inputs).map(([input, { kind, list, optional, description: about }]) => [
    `  ${input}`,
    [optional && 'optional', kind, list && 'list'].filter(Boolean).join(' '),
    about,
  ]);
  const given = Object.entries(outputs).map(([output, { kind, description: about }]) => [`  ${output}`, kind, about]);
  const { properties = {}, required = [] } = toJSONSchema(params, { io: 'input' });
  const parameters = Object.entries(properties).map(([parameter, schema]) => [
    `  ${parameter}`,
    typeText(schema),
    defaultText(schema, required.includes(parameter)),
    [aboutText(schema), how.includes(parameter) && '(not part of the key)'].filter(Boolean).join(' '),
  ]);
  return [
    `${name} (version ${version})\n${description}\n`,
    section('inputs', taken),
    section('with', parameters),
    section('outputs', given),
  ].join('');
}

function section(heading: string, rows: readonly (readonly string[])[]): string {
  return rows.length === 0 ? '' : `\n${heading}:\n${formatTable(rows)}`;
}

type Schema = boolean | JSONSchema.BaseSchema;

function typeText(schema: Schema): string {
  if (typeof schema === 'boolean') return 'anything';
  const { enum: choices, anyOf, type, items } = schema;
  if (choices) return choices.map(String).join('|');
  if (anyOf) return anyOf.map(typeText).join(' or ');
  if (type === 'array' && items && !Array.isArray(items)) return `list of ${typeText(items)}`;
  return [type ?? 'anything'].flat().join(' or ');
}

function defaultText(schema: Schema, isRequired: boolean): string {
  const value = typeof schema === 'boolean' ? undefined : schema.default;
  if (value !== undefined) return `default ${JSON.stringify(value)}`;
  return isRequired ? 'required' : 'optional';
}

function aboutText(schema: Schema): string {
  return typeof schema === 'boolean' ? '' : (schema.description ?? '');
}

function firstSentence(text: string): string {
  return text.split(/(?<=\.)\s/)[0]!.replace(/\.$/, '');
}
