/** Reads tab-separated values as Python's csv module does (not strict). Feed the text in pieces, and `undefined` at its end. */
import { JglueError } from '../jglue-error.ts';

/** Python's module refuses longer fields where MARC-ja is made: an unclosed quotation mark would take the rest of the file. */
const longestField = 1_000_000;

/** Calls back with the fields of each row of the file `path` that is not blank, and the line, from 1, on which it begins. */
export function tabSeparated(
  path: string,
  visit: (fields: readonly string[], line: number) => void,
): (text: string | undefined) => void {
  let fields: string[] = [];
  let field = '';
  let place: 'start' | 'plain' | 'quoted' | 'behind quote' = 'start';
  let [line, begin] = [1, 1];
  let endsInReturn = false;

  function endRow(): void {
    if (fields.length > 0 || place !== 'start') visit([...fields, field], begin);
    fields = [];
    field = '';
    place = 'start';
    begin = line;
  }

  function take(text: string): void {
    for (const piece of text.match(/[\t\n"]|[^\t\n"]+/g) ?? []) {
      if (piece === '\n') line++;
      if (place === 'quoted') {
        if (piece === '"') place = 'behind quote';
        else field += piece;
      } else if (piece === '"' && place !== 'plain') {
        // Opens a field, or is the second of two that stand for one.
        if (place === 'behind quote') field += piece;
        place = 'quoted';
      } else if (piece === '\t') {
        fields.push(field);
        field = '';
        place = 'start';
      } else if (piece === '\n') endRow();
      else {
        field += piece;
        place = 'plain';
      }
      if (field.length > longestField) {
        throw new JglueError(
          `${path}:${begin}: a field of more than ${longestField} characters: is a quotation mark not closed?`,
        );
      }
    }
  }

  return (text) => {
    if (text === undefined) {
      take(endsInReturn ? '\n' : '');
      return endRow();
    }
    // A line ends at LF, CR LF or a lone CR, and is LF from there on.
    const whole = (endsInReturn ? '\r' : '') + text;
    endsInReturn = whole.endsWith('\r');
    take((endsInReturn ? whole.slice(0, -1) : whole).replace(/\r\n?/g, '\n'));
  };
}
