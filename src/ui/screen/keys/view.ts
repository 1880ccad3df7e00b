/** What the person at the screen looks at, and how keys change it. */
import type { RunState } from '../../state/run-state.ts';
import { listRows, type Row, type Rows } from '../list/rows.ts';
import { type Question, shownInstance } from './requests.ts';

export interface View {
  /** Row that the cursor is on; none while it follows what runs. */
  readonly cursor?: string;
  readonly unfolded: ReadonlySet<string>;
  readonly pane: 'list' | 'log' | 'help';
  /** Whose log is open: it stays that one's when another takes its place in the list. */
  readonly logOf?: string;
  /** Where the log was scrolled to: it stands still meanwhile. */
  readonly scrolled?: { readonly log: readonly string[]; readonly below: number };
  /** Asked before anything is sent. */
  readonly question?: Question;
  /** Said in the last line until the next key. */
  readonly notice?: string;
}

export type Action =
  | { readonly type: 'move'; readonly by: number }
  | { readonly type: 'scroll'; readonly by: number; readonly log: readonly string[]; readonly height: number }
  | { readonly type: 'fold' | 'unfold' | 'toggle' | 'next-failed' | 'log' | 'help' | 'back' }
  | { readonly type: 'ask'; readonly question: Question }
  | { readonly type: 'say'; readonly notice?: string };

export const firstView: View = { unfolded: new Set(), pane: 'list' };

export function changeView(view: View, action: Action, state: RunState): View {
  const { question: _question, notice: _notice, ...rest } = view;
  const rows = listRows(state, view.unfolded);
  const selected = selectedIndex(view, rows, state);
  switch (action.type) {
    case 'move':
      return { ...listView(rest), ...cursorAt(rows, selected + action.by) };
    case 'next-failed':
      return { ...listView(rest), ...cursorAt(rows, nextFailed(selected, rows)) };
    case 'toggle':
    case 'fold':
    case 'unfold':
      return { ...listView(rest), ...foldAt(view, action.type, rows.at(selected)) };
    case 'scroll':
      return { ...rest, scrolled: scrollBy(view, action) };
    case 'log':
      return view.pane === 'log' ? listView(rest) : { ...listView(rest), pane: 'log', ...logAt(rows.at(selected)) };
    case 'help':
      return view.pane === 'help' ? listView(rest) : { ...listView(rest), pane: 'help' };
    case 'back':
      return listView(rest);
    case 'ask':
      return { ...rest, question: action.question };
    case 'say':
      return action.notice === undefined ? rest : { ...rest, notice: action.notice };
  }
}

/** Where nothing was chosen: the first stage that runs, or else that failed, or else the last that began. */
export function selectedIndex({ cursor }: View, rows: Rows, { groups }: RunState): number {
  const chosen = cursor === undefined ? -1 : rows.indexOf(cursor);
  if (chosen >= 0) return chosen;
  const shown =
    groups.find(({ counts }) => counts.running > 0) ??
    groups.find(({ counts }) => counts.failed > 0) ??
    groups.findLast(({ startedAt }) => startedAt !== undefined);
  return shown ? rows.indexOf(shown.stage) : 0;
}

function listView({ cursor, unfolded }: View): View {
  return { unfolded, pane: 'list', ...(cursor !== undefined && { cursor }) };
}

function logAt(row: Row | undefined): Pick<View, 'logOf'> {
  const instance = row && shownInstance(row);
  return instance ? { logOf: instance.id } : {};
}

/** Back at its end it follows what is written. */
function scrollBy({ scrolled }: View, { by, log, height }: Extract<Action, { type: 'scroll' }>): View['scrolled'] {
  const still = scrolled?.log ?? log;
  const below = Math.max(0, Math.min(still.length - height, (scrolled?.below ?? 0) - by));
  return below > 0 ? { log: still, below } : undefined;
}

function cursorAt(rows: Rows, index: number): Pick<View, 'cursor'> {
  const row = rows.at(Math.max(0, Math.min(rows.count - 1, index)));
  return row ? { cursor: row.id } : {};
}

/** Folding from within moves the cursor to the stage. */
function foldAt(view: View, how: 'fold' | 'unfold' | 'toggle', row: Row | undefined): Partial<View> {
  if (!row) return {};
  const { stage } = row.group;
  const unfolded = new Set(view.unfolded);
  if (row.fold === 'folded' && how !== 'fold') unfolded.add(stage);
  else if (row.fold !== 'folded' && how !== 'unfold') unfolded.delete(stage);
  return { unfolded, cursor: unfolded.has(stage) ? row.id : stage };
}

/** The next row whose instance failed, or whose folded stage has one; the same row if there is none. */
function nextFailed(from: number, rows: Rows): number {
  for (let step = 1; step <= rows.count; step++) {
    const index = (from + step) % rows.count;
    if (hasFailed(rows.at(index)!)) return index;
  }
  return from;
}

function hasFailed({ instance, group, fold }: Row): boolean {
  return instance ? instance.status === 'failed' : fold === 'folded' && group.counts.failed > 0;
}
