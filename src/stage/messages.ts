/** What the engine and a stage's child process tell each other over IPC. */
import type { GcsAccess } from './define.ts';
import type { Held } from './held.ts';

/** What an attempt of a stage gets; paths are absolute. */
export interface StageRequest {
  readonly params: unknown;
  readonly inputs: Readonly<Record<string, string | readonly string[]>>;
  readonly outputs: Readonly<Record<string, string>>;
  readonly scratch: string;
  readonly resources: Readonly<Record<string, number>>;
  readonly gcs?: GcsAccess;
}

export interface ParentMessage {
  readonly type: 'start';
  /** Absolute path of the stage's module. */
  readonly module: string;
  readonly request: StageRequest;
}

export type ChildMessage =
  | { readonly type: 'progress'; readonly done: number; readonly total?: number; readonly unit: string }
  | { readonly type: 'metric'; readonly name: string; readonly value: number; readonly step?: number }
  | { readonly type: 'warning'; readonly message: string }
  | { readonly type: 'conclusion'; readonly text: string }
  | { readonly type: 'holds'; readonly held?: Held }
  /** An expected failure, with the sentence to show. */
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'usage'; readonly cpuSeconds: number; readonly peakMemory: number };
