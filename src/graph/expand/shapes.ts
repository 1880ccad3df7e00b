import { relative, resolve } from 'node:path';
import type { StageCatalogue, StageLoad } from '../../stage/catalogue.ts';
import { checkNames, evaluateNode, type Fault, remembered } from '../../workflow/evaluate-node.ts';
import { type Scope, withContexts } from '../../workflow/expressions/evaluate.ts';
import { didYouMean } from '../../workflow/nearest.ts';
import type { Misshapen } from '../../workflow/validate.ts';
import { entriesOf, type MapNode, type Node } from '../../workflow/yaml/node.ts';
import { readSource } from '../../workflow/yaml/read.ts';
import type { Place } from '../../workflow/yaml/source.ts';
import type { Surroundings } from '../surroundings.ts';
import { siblingHint } from './globals.ts';
import { type Combination, type Expansion, expandMatrix, matrixContext, matrixNames } from './matrix.ts';
import type { OutputKinds, StageDefinition, StageShape } from './stage-shape.ts';

const nothing: Expansion = { axes: [], combinations: [] };

/** Everything that stages may know of each other. After a fault a stage still has its outputs, but no instances. */
export async function describeStages(
  stages: Node | undefined,
  misshapen: Misshapen,
  scope: Scope,
  catalogue: StageCatalogue,
  surroundings: Surroundings,
  fault: Fault,
): Promise<ReadonlyMap<string, StageShape>> {
  const shapes = new Map<string, StageShape>();
  let first = 0;
  for (const [name, { key, value }] of entriesOf(stages)) {
    if (value.kind !== 'map' || misshapen.has(name)) {
      shapes.set(name, misshapenStage(name, key, value, first));
      continue;
    }
    checkKeys(name, key, value, fault);
    const uses = value.entries.get('uses')?.value;
    const definition = uses && (await loadDefinition(uses, catalogue, surroundings, fault));
    const matrix = value.entries.get('matrix')?.value;
    if (matrix) checkNames(matrix, scope, fault);
    const expansion = expandMatrix(matrix, scope, fault);
    const names = matrixNames(expansion ?? nothing);
    const kept = expansion && keepWanted(expansion, names, value.entries.get('if')?.value, scope, fault);
    const outputs = uses ? definedOutputs(definition) : declaredOutputs(value);
    shapes.set(name, {
      ...{ name, key, node: value, first, outputs, matrixNames: names, ...(kept ?? nothing) },
      ...(definition && { definition }),
      ...((!kept || (uses && !definition)) && { faulty: true }),
    });
    first += kept?.combinations.length ?? 0;
  }
  return shapes;
}

/** Stands for a stage that nothing can be said of, so that references to it are not complained about as well. */
function misshapenStage(name: string, key: Place, node: Node, first: number): StageShape {
  const empty: MapNode = { ...node, kind: 'map', entries: new Map() };
  return { name, key, node: empty, first, outputs: new Map(), matrixNames: new Set(), ...nothing, faulty: true };
}

/** The combinations whose `if` is true; undefined after a fault. */
function keepWanted(
  expansion: Expansion,
  names: ReadonlySet<string>,
  condition: Node | undefined,
  scope: Scope,
  fault: Fault,
): Expansion | undefined {
  if (!condition) return expansion;
  const { fault: complain, called: faulty } = remembered(fault);
  const withMatrix = (combination: Combination) => withContexts(scope, { matrix: matrixContext(names, combination) });
  checkNames(condition, withMatrix({}), complain);
  const combinations = expansion.combinations.filter((combination) => {
    if (faulty()) return false;
    const value = evaluateNode(condition, withMatrix(combination), complain);
    if (!faulty() && typeof value !== 'boolean')
      complain(condition, `expected true or false, found ${JSON.stringify(value)}`, 'compare it, as in … == …');
    return value === true;
  });
  return faulty() ? undefined : { ...expansion, combinations };
}

/** Which keys go together. */
function checkKeys(name: string, key: Place, { entries }: MapNode, fault: Fault): void {
  const uses = entries.get('uses');
  const run = entries.get('run');
  if (!uses && !run) fault(key, `the stage '${name}' does nothing`, 'give it run: a script, or uses: a stage');
  if (uses && run)
    fault(
      uses.key,
      `the stage '${name}' has both uses and run`,
      'keep one; in a workflow that extends another, null removes a key',
    );
  if (run && !uses) {
    const parameters = entries.get('with');
    if (parameters)
      fault(
        parameters.key,
        'a script takes no parameters',
        'with belongs to uses; a script can use ${{ params.name }} itself',
      );
  } else if (uses && !run) {
    const outputs = entries.get('outputs');
    if (outputs)
      fault(outputs.key, 'a stage that is used declares its own outputs', 'remove this; outputs belongs to run');
  }
}

function definedOutputs(definition: StageDefinition | undefined): OutputKinds {
  return new Map(Object.entries(definition?.stage.outputs ?? {}).map(([name, { kind }]) => [name, kind]));
}

function declaredOutputs({ entries }: MapNode): OutputKinds {
  const kinds = entriesOf(entries.get('outputs')?.value).map(
    ([name, { value }]) =>
      [name, value.kind === 'scalar' && value.value === 'directory' ? 'directory' : 'file'] as const,
  );
  return new Map(kinds);
}

async function loadDefinition(
  uses: Node,
  catalogue: StageCatalogue,
  surroundings: Surroundings,
  fault: Fault,
): Promise<StageDefinition | undefined> {
  if (uses.kind !== 'scalar' || typeof uses.value !== 'string') return undefined;
  const name = uses.value;
  const isModule = /^\.{0,2}\//.test(name) || /\.[cm]?js$/.test(name);
  if (!isModule && !catalogue.names().includes(name)) {
    const hint =
      didYouMean(name, catalogue.names()) ?? 'a stage module of your own is used by its path: ./my-stage.mjs';
    fault(uses, `there is no stage '${name}'`, hint);
    return undefined;
  }
  const file = isModule ? resolve(surroundings.root, name) : catalogue.file(name);
  const source = readSource(file);
  if (!source.ok) {
    fault(uses, `${name} ${source.message}`, source.missing ? siblingHint(name, surroundings.root) : undefined);
    return undefined;
  }
  surroundings.read({ path: file, digest: source.digest });
  const load: StageLoad = await (isModule ? catalogue.loadModule(file, source.digest) : catalogue.load(name));
  if (!load.ok) {
    fault(uses, `${name} ${load.message}`);
    return undefined;
  }
  return { ...load, module: isModule ? relative(surroundings.root, file) : undefined };
}
