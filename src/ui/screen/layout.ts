/** How the window is shared out. */
import type { Size } from './use-terminal-size.ts';

export interface Layout {
  readonly width: number;
  readonly header: 1 | 2;
  /** Between header and footer. */
  readonly body: number;
  readonly list: { readonly width: number; readonly height: number };
  /** Beside the list in a wide window, below it otherwise; 0 high where there is no room for one. */
  readonly detail: { readonly width: number; readonly height: number; readonly beside: boolean };
}

/** A window like this has the log beside the list; a taller one below it, where lines are longer. */
const wide = { columns: 140, rows: 30 };
const leastList = 4;
const leastDetail = 4;

export function screenLayout({ columns, rows }: Size, listRows: number): Layout {
  const header = rows >= 14 ? 2 : 1;
  const body = Math.max(1, rows - header - 1);
  const shared = { width: columns, header, body } as const;
  if (columns >= wide.columns && rows < wide.rows) {
    const list = Math.min(100, Math.floor(columns / 2));
    return {
      ...shared,
      list: { width: list, height: body },
      detail: { width: columns - list - 2, height: body, beside: true },
    };
  }
  const wanted = listRows + 1;
  const listHeight = Math.max(leastList, Math.min(wanted, Math.max(Math.ceil(body / 2), body - 14)));
  const detailHeight = body - listHeight;
  const fits = detailHeight >= leastDetail;
  return {
    ...shared,
    list: { width: columns, height: fits ? listHeight : body },
    detail: { width: columns, height: fits ? detailHeight : 0, beside: false },
  };
}
