/** The shape of a workflow file, as zod schemas: what `validate` checks and `workflow.schema.json` is made from. */
import { z } from 'zod';
import { durationPattern, parseDuration, sizePattern } from './units.ts';

const namePattern = /^[A-Za-z_][A-Za-z0-9_-]*$/;
const badName = 'a name starts with a letter or _ and goes on with letters, digits, _ and -';
const name = z.string().regex(namePattern, { error: badName });

function orExpression<T extends z.ZodType>(schema: T, what: string) {
  const error = `expected ${what}`;
  const expression = z
    .string()
    .regex(/\$\{\{[\s\S]*\}\}/, { error })
    .describe('An expression: ${{ … }}');
  return z.union([schema, expression], { error });
}

const text = z.union([z.string(), z.number(), z.boolean()], { error: 'expected a text' });
const size = z.string().regex(sizePattern);
const duration = orExpression(z.string().regex(durationPattern), 'a duration with its unit, such as 90s, 10m or 12h');
const amount = orExpression(
  z.union([z.number().nonnegative(), size]),
  'a number that is not negative, or a size such as 2GiB',
);
const flag = orExpression(z.boolean(), 'true or false');
const scalar = z.union([z.string(), z.number(), z.boolean()], { error: 'expected a string, a number, true or false' });
const combinations = orExpression(z.array(z.record(name, z.json())), 'a list of maps');

const matrix = z
  .object({
    include: combinations.optional().describe('Combinations to add, or attributes to add to those that match'),
    exclude: combinations.optional().describe('Combinations to leave out'),
  })
  .catchall(orExpression(z.array(scalar), 'a list of values'))
  .describe('One instance for each combination of the axes: each key a list of values');

const retry = z
  .strictObject({
    attempts: orExpression(
      z.int().min(1, { error: 'expected a whole number from 1' }),
      'a whole number from 1',
    ).describe('How often to try, the first time included'),
    delay: duration.optional().describe('How long to wait before the second attempt'),
    backoff: orExpression(z.number().min(1, { error: 'expected a number from 1' }), 'a number from 1')
      .optional()
      .describe('Each wait is this many times the one before'),
  })
  .describe('What to do when an attempt fails');

const input = z
  .union([z.string(), z.array(z.string())], { error: 'expected a path, an expression, or a list of them' })
  .describe('A path from the workspace root, an output of a stage, or an entry of configs; or a list');

const slurmWord = z.string().regex(/^[\w.,:@+&|()*[\]-]+$/, { error: 'expected one word as Slurm names it' });
/** What Kumiki itself tells sbatch, or needs to be as it is. */
const ownFlags =
  /^--(array|job-name|output|error|input|open-mode|chdir|signal|wrap|parsable|test-only|requeue|no-requeue|wait|export|export-file|ntasks|partition|account|qos|constraint|cpus-per-task|mem|time)(=|$)/;

const arrayLimit = z
  .int({ error: 'expected a whole number from 1' })
  .min(1, { error: 'expected a whole number from 1' })
  .optional()
  .describe('How many jobs of a stage may run at a time');
const slurmFlags = z
  .array(
    z
      .string()
      .regex(/^--[a-z][a-z-]*(=[^\n\0]*)?$/, {
        error: 'expected a long option of sbatch in one word: --name=value',
      })
      .refine((flag) => !ownFlags.test(flag), {
        error: 'kumiki sets this option itself, from resources, timeout or slurm',
      }),
  )
  .optional()
  .describe('Further options of sbatch: --exclusive, --gres=gpu:a100:1');

/** What `kumiki.yaml` says of the cluster, where no expression is known. */
export const clusterSchema = z.strictObject({
  partition: slurmWord.optional(),
  account: slurmWord.optional(),
  qos: slurmWord.optional(),
  constraint: slurmWord.optional(),
  arrayLimit,
  flags: slurmFlags,
  pollInterval: z
    .string()
    .transform(parseDuration)
    .refine((ms) => ms !== undefined && ms >= 500, { error: 'expected a duration of at least 500ms, such as 5s' })
    .optional(),
});

const slurm = z
  .strictObject({
    partition: orExpression(slurmWord, 'a name').optional().describe('Partition, or several with commas'),
    account: orExpression(slurmWord, 'a name').optional().describe('Account to charge'),
    qos: orExpression(slurmWord, 'a name').optional().describe('Quality of service'),
    constraint: orExpression(slurmWord, 'features of nodes').optional().describe('Features that the node must have'),
    arrayLimit,
    flags: slurmFlags,
  })
  .describe('How jobs are submitted to a Slurm cluster; resources and timeout are mapped besides');

export const stageSchema = z.strictObject({
  uses: z.string().optional().describe('A built-in stage, or the path of a stage module: ./my-stage.mjs'),
  run: z.string().optional().describe('A bash script; every ${{ }} arrives as quoted words'),
  if: flag.optional().describe('Whether the workflow has this stage, or this combination of its matrix'),
  inputs: z.record(name, input).optional().describe('What the stage reads'),
  outputs: z
    .record(name, z.enum(['file', 'directory'], { error: "expected 'file' or 'directory'" }))
    .optional()
    .describe('What a script writes: each name a file or a directory'),
  with: z.record(z.string(), z.json()).optional().describe('Parameters of the stage'),
  matrix: matrix.optional(),
  env: z
    .record(
      z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, {
        error: 'the environment has names of letters, digits and _, the first no digit',
      }),
      text,
    )
    .optional()
    .describe('Environment variables; part of the key'),
  passEnv: z
    .array(z.string())
    .optional()
    .describe('Names of environment variables to hand through; never part of the key'),
  resources: z
    .record(name, amount)
    .optional()
    .describe('What an attempt takes from the pools: cpu, memory, and any other'),
  retry: retry.optional(),
  timeout: duration.optional().describe('How long an attempt may take'),
  temp: flag.optional().describe('Remove the outputs once all that read them are done'),
  frozen: flag.optional().describe('Use the result that exists; never run'),
  always: flag.optional().describe('Run each time'),
  executor: z.string().optional().describe('Where to run: local, slurm, tpu-vm'),
  slurm: slurm.optional(),
});

export const workflowSchema = z
  .strictObject({
    $schema: z.string().optional(),
    name: z.string().optional().describe('For people; the file name unless given'),
    extends: z
      .string()
      .optional()
      .describe('A workflow to start from: maps merge, lists and scalars replace, null removes'),
    params: z.record(z.string(), z.json()).optional().describe('Values for expressions: ${{ params.name }}'),
    configs: z
      .record(z.string(), z.string())
      .optional()
      .describe('YAML or JSON files by name, swapped with --config NAME=FILE'),
    limits: z
      .record(name, amount)
      .optional()
      .describe('Size of each pool: cpu, memory, and any other that resources name'),
    publish: z.record(z.string(), z.string()).optional().describe('Destination: output to copy there after a run'),
    slurm: slurm.optional(),
    stages: z.record(name, stageSchema).optional().describe('The stages by name'),
  })
  .describe('A Kumiki workflow');

/** JSON Schema for editors, as the text of `workflow.schema.json`. A key may be null, to remove it from what is extended. */
export function workflowJsonSchema(): string {
  const schema = z.toJSONSchema(workflowSchema, {
    io: 'input',
    target: 'draft-7',
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema !== stageSchema && zodSchema !== workflowSchema) return;
      const removable = Object.entries(jsonSchema.properties ?? {}).map(([key, property]) => [key, orNull(property)]);
      jsonSchema.properties = Object.fromEntries(removable);
    },
  });
  return `${JSON.stringify(schema, null, 2)}\n`;
}

type Property = z.core.JSONSchema._JSONSchema;

function orNull(property: Property): Property {
  if (typeof property === 'boolean') return property;
  const { description, ...rest } = property;
  return { ...(description !== undefined && { description }), anyOf: [rest, { type: 'null' }] };
}
