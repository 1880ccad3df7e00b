/** Any text in a cell of a Markdown table: it ends neither cell nor row, and begins no HTML. */
export function tableCell(text: string): string {
  return text
    .replace(/[\r\n]+/g, ' ')
    .replaceAll('|', '\\|')
    .replaceAll('<', '&lt;');
}
