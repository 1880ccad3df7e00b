import { Box } from 'ink';
import { useState } from 'react';
import type { ControlRequest } from '../../run/events.ts';
import { findInstance, type RunState } from '../state/run-state.ts';
import { detailLines } from './detail/detail-lines.ts';
import { LogPane } from './detail/log-pane.tsx';
import { Footer } from './footer.tsx';
import { Header } from './header.tsx';
import { Help } from './help.tsx';
import { shownInstance } from './keys/requests.ts';
import { steer } from './keys/steer.ts';
import { type Command, useKeys } from './keys/use-keys.ts';
import { type Action, changeView, firstView, selectedIndex } from './keys/view.ts';
import { screenLayout } from './layout.ts';
import { Lines } from './lines.tsx';
import { listRows } from './list/rows.ts';
import { StageList } from './list/stage-list.tsx';
import { useFrame, useLogTail } from './use-frame.ts';
import { useTerminalSize } from './use-terminal-size.ts';

interface RunScreenProps {
  readonly feed: { readonly state: RunState };
  send(request: ControlRequest): void;
  leave(): void;
}

const paneBytes = 16 * 1024;
const logBytes = 512 * 1024;

/** A run that is going on, and the keys to look around in it and to steer it. */
export function RunScreen({ feed, send, leave }: RunScreenProps) {
  const size = useTerminalSize();
  const frame = useFrame(feed, size);
  const { state, now } = frame;
  const [view, setView] = useState(firstView);
  const rows = listRows(state, view.unfolded);
  const selected = selectedIndex(view, rows, state);
  const row = rows.at(selected);
  const instance = view.logOf === undefined ? row && shownInstance(row) : findInstance(state, view.logOf);
  const log = useLogTail(instance?.log, view.pane === 'log' ? logBytes : paneBytes);
  const { width, header, body, list, detail } = screenLayout(size, rows.count);
  const change = (action: Action) => setView((last) => changeView(last, action, state));

  const run = (command: Command) => {
    if (command.type === 'move' && view.pane === 'log')
      change({ type: 'scroll', by: command.by, log, height: body - 1 });
    else change(steer(command, { row, question: view.question, state, send, leave }));
  };
  useKeys(Math.max(1, (view.pane === 'log' ? body : list.height) - 2), view.question !== undefined, run);

  return (
    <Box flexDirection="column" width={width}>
      <Header frame={frame} width={width} lines={header} />
      {view.pane === 'help' && <Help width={width} height={body} />}
      {view.pane === 'log' && (
        <LogPane
          title={instance?.id ?? ''}
          path={instance?.log ?? 'nothing written yet'}
          log={view.scrolled?.log ?? log}
          below={view.scrolled?.below ?? 0}
          width={width}
          height={body}
        />
      )}
      {view.pane === 'list' && (
        <Box flexDirection={detail.beside ? 'row' : 'column'} gap={detail.beside ? 2 : 0} height={body}>
          <StageList rows={rows} selected={selected} now={now} {...list} />
          {detail.height > 0 && (
            <Lines
              lines={row && instance ? detailLines({ row, instance, state, log }, detail.width, detail.height) : []}
              {...detail}
            />
          )}
        </Box>
      )}
      <Footer view={view} width={width} />
    </Box>
  );
}
