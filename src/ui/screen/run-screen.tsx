import { Box } from 'ink';
import { useState } from 'react';
import type { ControlRequest } from '../../run/events.ts';
import type { RunState } from '../state.ts';
import { detailLines } from './detail-lines.ts';
import { Footer } from './footer.tsx';
import { Header } from './header.tsx';
import { Help } from './help.tsx';
import { screenLayout } from './layout.ts';
import { Lines } from './lines.tsx';
import { LogPane, scrollLimit } from './log-pane.tsx';
import { cancelRequests, retryRequests, shownInstance } from './requests.ts';
import { listRows } from './rows.ts';
import { StageList } from './stage-list.tsx';
import { useFrame, useLogTail } from './use-frame.ts';
import { type Command, useKeys } from './use-keys.ts';
import { useTerminalSize } from './use-terminal-size.ts';
import { type Action, changeView, firstView, selectedIndex } from './view.ts';

interface RunScreenProps {
  readonly feed: { readonly state: RunState };
  send(request: ControlRequest): void;
  leave(): void;
}

const paneBytes = 16 * 1024;
const logBytes = 512 * 1024;

/** A run that is going on, and the keys to look around in it and to steer it. */
export function RunScreen({ feed, send, leave }: RunScreenProps) {
  const frame = useFrame(feed);
  const { state, now } = frame;
  const [view, setView] = useState(firstView);
  const rows = listRows(state, view.unfolded);
  const selected = selectedIndex(view, rows, state);
  const row = rows.at(selected);
  const instance = row && shownInstance(row);
  const log = useLogTail(instance?.log, view.pane === 'log' ? logBytes : paneBytes);
  const { width, header, body, list, detail } = screenLayout(useTerminalSize(), rows.count);
  const change = (action: Action) => setView((last) => changeView(last, action, state));

  const run = (command: Command) => {
    switch (command.type) {
      case 'leave':
        leave();
        break;
      case 'interrupt':
        send({ type: 'interrupt' });
        change({ type: 'say', notice: 'asked to stop' });
        break;
      case 'retry': {
        const requests = row ? retryRequests(row) : [];
        for (const request of requests) send(request);
        change({ type: 'say', notice: requests.length > 0 ? `asked to run ${row!.id} again` : 'nothing failed here' });
        break;
      }
      case 'cancel': {
        const requests = row ? cancelRequests(row) : [];
        const text = requests.length > 1 ? `cancel ${requests.length} of ${row!.id}?` : `cancel ${row?.id}?`;
        change(
          requests.length > 0
            ? { type: 'ask', question: { text, requests } }
            : { type: 'say', notice: 'nothing runs here' },
        );
        break;
      }
      case 'yes':
        for (const request of view.question?.requests ?? []) send(request);
        change({ type: 'say', notice: 'asked to cancel' });
        break;
      case 'no':
        change({ type: 'say' });
        break;
      case 'move':
        if (view.pane !== 'log') change(command);
        else change({ type: 'scroll', to: Math.max(0, Math.min(scrollLimit(log, body), view.scroll - command.by)) });
        break;
      default:
        change(command);
    }
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
          log={log}
          scroll={view.scroll}
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
