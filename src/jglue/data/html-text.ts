import { Parser } from 'htmlparser2';

/**
 * The text of HTML as Beautiful Soup's `get_text` gives it: tags and comments gone with nothing in their place, character references
 * resolved, white space alone between tags as one space or line feed.
 */
export function htmlText(html: string): string {
  let text = '';
  let run = '';
  let hidden = 0;
  const endRun = () => {
    text += /^[\t\n\f\r ]+$/.test(run) ? (run.includes('\n') ? '\n' : ' ') : run;
    run = '';
  };
  const isHidden = (name: string) => name === 'script' || name === 'style';
  const parser = new Parser({
    ontext: (piece) => {
      if (hidden === 0) run += piece;
    },
    oncomment: endRun,
    onopentag: (name) => {
      endRun();
      if (isHidden(name)) hidden++;
    },
    onclosetag: (name) => {
      endRun();
      if (isHidden(name)) hidden--;
    },
  });
  parser.write(html);
  parser.end();
  endRun();
  return text;
}
