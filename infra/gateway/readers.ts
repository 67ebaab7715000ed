import type { Cells } from '../../actors/cells.ts';
import type { Envelope } from '../../bus/envelope.ts';
import type { Facts } from '../../bus/ports/facts.ts';
import type { Readers } from '../../bus/ports/readers.ts';
import type { Subscription } from '../../bus/ports/subscription.ts';
import type { Caller } from '../http/door.ts';
import { denied, Refusal, refusalFor } from '../http/errors.ts';
import { mayHear, type ZoneNow, zonesBy } from '../http/hearing.ts';
import { pageAfter, resume, wantedOf } from '../http/resuming.ts';
import { limiter } from '../http/socket.ts';
import { isOver, zoneOf } from '../http/views.ts';
import { isWanted } from '../http/wanted.ts';
import { camerasHeard, hearsAll, OF_A_CAMERA, type ReaderScope } from '../nats/accounts.ts';

/** What answering readers needs. */
export interface ReaderParts {
  readers: Readers;
  facts: Pick<Facts, 'range' | 'read'>;
  cells: Cells;
  /** Whose facts a reader hears, as the configuration says it now; undefined: there is no such reader. */
  scopeOf(reader: string): ReaderScope | undefined;
}

/** How often a reader may ask one gateway, and how often at once. */
const ASKS_PER_SECOND = 5;
const ASKS_AT_ONCE = 20;

/**
 * Whether a reader may hear a fact: what NATS would have let it hear of its cameras, where an event stream would tell it
 * to somebody who operates them.
 */
function hears(scope: ReaderScope, zoneNow: ZoneNow): (fact: Envelope) => boolean {
  if (hearsAll(scope)) return () => true;
  const { cameras = [], zones = [] } = scope;
  const rights: Caller = { sub: '', role: 'operator', cameras: [...cameras], zones: [...zones], iat: 0, exp: 0 };
  return (fact) => {
    const [kind] = fact.subject.split('/');
    if (!OF_A_CAMERA.some((one) => one === kind)) return false;
    return mayHear(rights, fact, zoneNow);
  };
}

/** In which zone each camera is that there is. */
const placed = (cells: Pick<Cells, 'list'>) =>
  new Map(cells.list('camera').flatMap((view) => (isOver(view) ? [] : [[view.id, zoneOf(view)]])));

/**
 * Answers readers of facts over NATS that were away: what they missed, page by page, each fact judged by what the reader
 * may hear as it asks.
 */
export function answerReaders({ readers, facts, cells, scopeOf }: ReaderParts): Promise<Subscription> {
  const zoneNow = zonesBy({ cells });
  const pace = new Map<string, () => boolean>();
  const mayAsk = (reader: string): boolean => {
    const known = pace.get(reader) ?? limiter(ASKS_PER_SECOND, ASKS_AT_ONCE);
    pace.set(reader, known);
    return known();
  };
  const answer = async (reader: string, body: unknown) => {
    const scope = scopeOf(reader);
    if (!scope) throw denied('no-reader');
    if (!mayAsk(reader)) {
      throw new Refusal(429, 'too-many', `${reader} asks more than ${ASKS_PER_SECOND} times a second: wait for one.`);
    }
    const asked = resume.parse(body);
    const wanted = wantedOf(asked);
    const mayHear = hears(scope, zoneNow);
    const page = await pageAfter(facts, asked.after, (fact) => isWanted(wanted, fact) && mayHear(fact));
    const cameras = camerasHeard(scope, placed(cells));
    return { ...page, ...(cameras ? { cameras } : {}) };
  };
  return readers.answer((reader, body) =>
    answer(reader, body).catch((error) => {
      throw refusalFor(error) ?? error;
    }),
  );
}
