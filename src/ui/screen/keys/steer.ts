import type { ControlRequest } from '../../../run/events.ts';
import type { RunState } from '../../state/run-state.ts';
import type { Row } from '../list/rows.ts';
import { cancelRequests, interruptQuestion, type Question, retryRequests } from './requests.ts';
import type { Command } from './use-keys.ts';
import type { Action } from './view.ts';

interface Wheel {
  /** The row under the cursor. */
  readonly row: Row | undefined;
  readonly question: Question | undefined;
  readonly state: RunState;
  send(request: ControlRequest): void;
  leave(): void;
}

/** Does what a command asks of the engine; gives what it changes on the screen. */
export function steer(command: Command, { row, question, state, send, leave }: Wheel): Action {
  switch (command.type) {
    case 'leave':
      leave();
      return { type: 'say', notice: 'leaving' };
    case 'interrupt': {
      const asked = question === undefined ? interruptQuestion(state) : undefined;
      if (asked) return { type: 'ask', question: asked };
      send({ type: 'interrupt' });
      return { type: 'say', notice: 'asked to stop' };
    }
    case 'retry': {
      const requests = row ? retryRequests(row) : [];
      for (const request of requests) send(request);
      return { type: 'say', notice: requests.length > 0 ? `asked to run ${row!.id} again` : 'nothing failed here' };
    }
    case 'cancel': {
      const requests = row ? cancelRequests(row) : [];
      if (requests.length === 0) return { type: 'say', notice: 'nothing runs here' };
      const what = requests.length > 1 ? `${requests.length} of ${row!.id}` : requests[0]!.instance;
      return { type: 'ask', question: { text: `cancel ${what}?`, requests } };
    }
    case 'yes':
      for (const request of question?.requests ?? []) send(request);
      return { type: 'say', notice: question?.otherwise ? 'asked to stop' : 'asked to cancel' };
    case 'no':
      for (const request of question?.otherwise ?? []) send(request);
      if (question?.otherwise) return { type: 'say', notice: 'asked to stop; what runs elsewhere goes on' };
      return { type: 'say' };
    default:
      return command;
  }
}
