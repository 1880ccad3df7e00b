import { dirname } from 'node:path';
import { z } from 'zod';
import { parsePlace } from '../objects/object-url.ts';
import { type Diagnostic, errorAt, tidy } from './diagnostic.ts';
import { clusterSchema } from './schema.ts';
import type { SettingsRead } from './settings.ts';
import { reportIssues } from './validate.ts';
import { child, type Node, toJson } from './yaml/node.ts';
import { parseYaml } from './yaml/parse.ts';
import { readSource } from './yaml/read.ts';

const place = z.string({ error: 'expected gs://bucket/prefix, file:///path or a path' });

const remoteSchema = z.strictObject({
  url: place,
  pull: z.boolean().default(true),
  push: z.boolean().default(true),
  parallel: z.int().min(1).max(256, { error: 'expected a whole number from 1 to 256' }).optional(),
});

const price = z
  .number({ error: 'expected a price per hour, such as 8.80' })
  .nonnegative({ error: 'a price is not negative' });

const tpuPriceSchema = z.strictObject({ onDemand: price.optional(), spot: price.optional() });

const pricesSchema = z.strictObject({
  currency: z
    .string({ error: 'expected a currency, such as USD' })
    .min(1, { error: 'expected a currency, such as USD' }),
  tpu: z
    .record(
      z.string().regex(/^[a-z]\w*-\d+$/, {
        error: 'accelerator types are written as gcloud has them, such as v3-8 or v5litepod-8',
      }),
      tpuPriceSchema,
    )
    .optional(),
  slurm: z.record(z.string(), z.record(z.string(), price)).optional(),
});

const settingsSchema = z.strictObject({
  remote: z
    .union([place.transform((url) => ({ url, pull: true, push: true })), remoteSchema], {
      error: 'expected gs://bucket/prefix, file:///path or a path, or a map with url',
    })
    .optional(),
  slurm: clusterSchema.optional(),
  prices: pricesSchema.optional(),
  gcs: z
    .strictObject({
      endpoint: z.url({ protocol: /^https?$/, error: 'expected a URL such as http://127.0.0.1:4443' }).optional(),
      billingProject: z.string().optional(),
    })
    .optional(),
});

const keysAt = (path: readonly PropertyKey[]): readonly string[] => {
  if (path.length === 0) return Object.keys(settingsSchema.shape);
  if (path[0] === 'slurm') return Object.keys(clusterSchema.shape);
  if (path[0] === 'prices') return Object.keys((path.length === 1 ? pricesSchema : tpuPriceSchema).shape);
  return path[0] === 'remote' ? Object.keys(remoteSchema.shape) : ['endpoint', 'billingProject'];
};

/** Reads `kumiki.yaml`; all that is wrong with it, each with its place. */
export function parseSettings(file: string): SettingsRead {
  const diagnostics: Diagnostic[] = [];
  const report = (diagnostic: Diagnostic) => void diagnostics.push(diagnostic);
  const failed = (): SettingsRead => ({ ok: false, file, diagnostics: tidy(diagnostics) });
  const read = readSource(file);
  if (!read.ok) {
    report(errorAt({ source: { name: file, text: '' }, start: 0, end: 0 }, `${file} ${read.message}`));
    return failed();
  }
  const node: Node | undefined = parseYaml(read.source, report);
  if (node === undefined) return failed();
  const parsed = settingsSchema.safeParse(toJson(node));
  // A map is held against the schema of a map: a union would only say that neither fits.
  const remote = child(node, 'remote');
  const issues =
    remote?.kind === 'map' ? issuesOfMap(parsed.error?.issues ?? [], toJson(remote)) : parsed.error?.issues;
  reportIssues(issues ?? [], node, report, keysAt);
  const url = parsed.data?.remote?.url;
  const problem = url === undefined ? undefined : parsePlace(url, dirname(file));
  if (typeof problem === 'string') report(errorAt(child(remote, 'url') ?? remote ?? node, problem));
  return parsed.success && diagnostics.length === 0 ? { ok: true, settings: parsed.data } : failed();
}

function issuesOfMap(issues: readonly z.core.$ZodIssue[], remote: unknown): z.core.$ZodIssue[] {
  const own = remoteSchema.safeParse(remote).error?.issues ?? [];
  const others = issues.filter(({ path }) => path[0] !== 'remote');
  return [...others, ...own.map((issue) => ({ ...issue, path: ['remote', ...issue.path] }))];
}
