export type { Content, Cost, CostQuestion, Rate } from './cost.ts';
export type { GcsAccess, InputDeclaration, OutputDeclaration, Stage, StageContext } from './define.ts';
export { defineStage, StageError } from './define.ts';
export type { Held } from './held.ts';
export type { Completion, MadeResult, PublishedCopy } from './published-copy.ts';
