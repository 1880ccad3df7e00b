/**
 * Reads CSV as Python's csv module does and calls back with the first field of each row that is not blank. Feed the
 * text in pieces, and `undefined` at its end. A quotation mark opens a quoted field only at its very beginning.
 */
export function csvFirstFields(visit: (field: string) => void): (text: string | undefined) => void {
  let field = '';
  let column = 0;
  let place: 'start' | 'plain' | 'quoted' | 'behind quote' = 'start';

  function endRow(): void {
    if (column > 0 || place !== 'start') visit(field);
    field = '';
    column = 0;
    place = 'start';
  }

  return (text) => {
    if (text === undefined) return endRow();
    let kept = 0;
    const keep = (to: number) => {
      if (column === 0) field += text.slice(kept, to);
    };
    for (let i = 0; i < text.length; i++) {
      const c = text[i];
      if (place === 'quoted') {
        if (c !== '"') continue;
        keep(i);
        place = 'behind quote';
        kept = i + 1;
      } else if (c === '"' && place !== 'plain') {
        // Opens a field, or is the second of two that stand for one.
        kept = place === 'start' ? i + 1 : i;
        place = 'quoted';
      } else if (c === ',' || c === '\n' || c === '\r') {
        keep(i);
        if (c === ',') {
          column++;
          place = 'start';
        } else endRow();
        kept = i + 1;
      } else place = 'plain';
    }
    keep(text.length);
  };
}
