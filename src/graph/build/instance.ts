import type { Report } from '../../workflow/diagnostic.ts';
import { evaluateNode, type Fault, remembered } from '../../workflow/evaluate-node.ts';
import { type Scope, withContexts } from '../../workflow/expressions/evaluate.ts';
import { toText } from '../../workflow/expressions/values.ts';
import type { SlurmSettings } from '../../workflow/settings.ts';
import { child, entriesOf, type ScalarNode, toJson } from '../../workflow/yaml/node.ts';
import { type Combination, matrixContext } from '../expand/matrix.ts';
import { inputsContext, outputsContext, type Reference, type Shapes, stagesContext } from '../expand/references.ts';
import { instanceId, type StageShape } from '../expand/stage-shape.ts';
import type { Hole, Input, Instance } from '../plan.ts';
import type { Surroundings } from '../surroundings.ts';
import { resolveInputs } from './inputs.ts';
import { type Parameters, readParameters } from './parameters.ts';
import { decisive, resumeOf, scriptRecipe, stageRecipe } from './recipe.ts';
import { type CutScript, evaluateScript } from './script.ts';
import { readSettings } from './settings.ts';
import { gatherMentions, type Mentions } from './texts.ts';

/** An instance whose place in the order is not known yet; its sources name others by their numbers in declared order. */
export type Draft = Omit<Instance, 'index' | 'dependsOn' | 'promised'>;

/** What all instances of a workflow are made with. */
export interface Workshop {
  readonly shapes: Shapes;
  /** `params`, `configs`, and all functions. */
  readonly globals: Scope;
  readonly limits: Readonly<Record<string, number>>;
  /** Of the workflow; a stage's own settings come before. */
  readonly slurm: SlurmSettings | undefined;
  readonly surroundings: Surroundings;
  readonly report: Report;
}

/** One combination of a stage's matrix; undefined after a fault. `script` is the cut text of a stage that runs one. */
export function draftInstance(
  shape: StageShape,
  combination: Combination,
  script: CutScript | undefined,
  workshop: Workshop,
  fault: Fault,
): Draft | undefined {
  const { fault: complain, called: faulty } = remembered(fault);
  const references: Reference[] = [];
  const matrix = matrixContext(shape.matrixNames, combination);
  const settingsScope = withContexts(workshop.globals, { matrix });
  const stages = stagesContext(workshop.shapes, { axes: shape.axes, combination }, references);
  const inputScope = withContexts(settingsScope, { stages });
  const inputs = resolveInputs(shape, { ...workshop, scope: inputScope, references, fault: complain });
  const scope = withContexts(inputScope, {
    inputs: inputsContext(inputs, references),
    outputs: outputsContext(shape.outputs, references),
  });
  const env = evaluateEnv(shape, scope, complain);
  const body = shape.definition
    ? { parameters: readParameters(shape, shape.definition.stage, scope, complain) }
    : { words: script && evaluateScript(child(shape.node, 'run') as ScalarNode, script, scope, complain) };
  const settings = readSettings(shape.node, shape.definition?.stage, workshop.limits, settingsScope, complain);
  const slurm = { ...workshop.slurm, ...settings.slurm };
  const declared = Array.from(inputs.values()).filter((input) => input !== null);
  if (faulty() || declared.includes(undefined) || (shape.definition ? !body.parameters : !body.words)) return undefined;

  const mentions = gatherMentions(
    [env, body.parameters ?? {}, body.words?.filter((part) => Array.isArray(part)) ?? []],
    references,
  );
  const common = {
    id: instanceId(shape, combination),
    stage: shape.name,
    matrix: combination,
    inputs: [...(declared as Input[]), ...mentions.inputs],
    env: Object.fromEntries(Object.entries(env).map(([name, text]) => [name, mentions.text(text)])),
    passEnv: passedEnv(shape),
    outputs: Object.fromEntries(shape.outputs),
    ...settings,
    ...((workshop.slurm || settings.slurm) && { slurm }),
  };
  if (body.parameters) return { ...common, ...stageBody(shape, body.parameters, mentions, common) };
  return { ...common, ...scriptBody(shape, body.words ?? [], mentions, common) };
}

function evaluateEnv(shape: StageShape, scope: Scope, fault: Fault): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, { key, value }] of entriesOf(child(shape.node, 'env'))) {
    if (name.startsWith('KUMIKI_')) fault(key, `${name} is set by kumiki`);
    const text = evaluateNode(value, scope, fault);
    if (text === undefined) continue;
    if (text !== null && typeof text === 'object')
      fault(value, `expected a text for ${name}, found ${JSON.stringify(text)}`, 'write it with join(…) or toJSON(…)');
    else env[name] = toText(text);
  }
  return env;
}

function passedEnv(shape: StageShape): readonly string[] {
  const node = child(shape.node, 'passEnv');
  return node ? (toJson(node) as readonly string[]) : [];
}

type Common = Pick<Instance, 'env' | 'outputs'> & { readonly inputs: readonly Input[] };

function scriptBody(shape: StageShape, words: readonly (string | string[])[], mentions: Mentions, common: Common) {
  const script = words.map((part): string | Hole =>
    typeof part === 'string' ? part : { words: part.map(mentions.text) },
  );
  const holes = script.filter((part) => typeof part !== 'string');
  const text = String((child(shape.node, 'run') as ScalarNode).value);
  return { action: { kind: 'run' as const, script }, with: {}, recipe: scriptRecipe(text, holes, common) };
}

function stageBody(shape: StageShape, parameters: Parameters, mentions: Mentions, common: Common) {
  const { stage, module } = shape.definition!;
  const values = mentions.value(parameters) as Instance['with'];
  const resume = resumeOf(stage, values);
  const moduleInput: Input | undefined =
    module === undefined
      ? undefined
      : { name: '@module', list: false, kind: 'file', sources: [{ kind: 'path', path: module }] };
  return {
    action:
      module === undefined ? { kind: 'builtin' as const, name: stage.name } : { kind: 'module' as const, path: module },
    with: values,
    inputs: moduleInput ? [...common.inputs, moduleInput] : common.inputs,
    recipe: stageRecipe(stage, mentions.value(decisive(stage, parameters)), common),
    ...(resume && { resume }),
  };
}
