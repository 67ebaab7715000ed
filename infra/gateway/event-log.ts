import type { Logger } from 'pino';
import type { Roster } from '../../actors/roster.ts';
import type { ActNote, EntrySigner } from '../../bus/ledger.ts';
import { ledgerHeadFile, readLedgerHead } from '../archive/ledger-head.ts';
import type { Config } from '../config/model.ts';
import type { Group } from '../group.ts';
import { keepLedger } from './access-ledger.ts';
import type { Carriers } from './carriers.ts';
import { openLedgerWriter } from './ledger-writer.ts';
import { keepRetention, type Retention } from './retention.ts';

/** What is written down for people to read later: the event log, and beside it who watched what. */
export interface EventLog {
  /** Writes into the access ledger who makes and takes back tokens. */
  note(act: ActNote): Promise<void>;
  /** What can't be helped by forgetting, and what was done to the ledger, for a person. */
  troubles: Retention['troubles'];
  /** Forgets now what a changed configuration keeps no longer. */
  review: Retention['review'];
  close(): void;
}

/** What keeping the log needs of the house. */
export interface EventLogParts {
  group: Group;
  carriers: Carriers;
  roster: Roster;
  /** Signs the ledger. */
  signer: EntrySigner;
  /** The configuration as it stands now: how far back both reach. */
  config(): Pick<Config, 'events' | 'ledger'>;
  log: Logger;
}

/** Writes the access ledger from what viewers tell, and forgets what is older than both shall reach back. */
export async function keepEventLog(parts: EventLogParts): Promise<EventLog> {
  const { group, carriers, roster, signer, config, log } = parts;
  const { journal, facts } = carriers.spool;
  const head = ledgerHeadFile(group.state);
  const writer = await openLedgerWriter({
    ledger: carriers.ledger,
    signer,
    remembered: readLedgerHead(group.state),
    onWritten: head.remember,
  });
  const ledger = keepLedger({
    ledger: carriers.ledger,
    writer,
    facts,
    journal,
    cells: roster,
    onFault: (err) => log.error({ err }, 'the access ledger can’t be written now; it is tried again'),
  });
  const retention = keepRetention({
    journal,
    facts,
    keeper: carriers.keeper,
    leases: carriers.leases,
    node: group.node,
    bounds: () => config().events,
    forgetMore: () => ledger.forgetBefore(Date.now() - config().ledger.keepMs),
    onSwept: (swept) => log[swept.troubles.length > 0 ? 'error' : 'debug'](swept, 'the event log was swept'),
    onFault: (err) => log.error({ err }, 'the event log could not be swept'),
  });
  return {
    note: writer.note,
    troubles: () => [...retention.troubles(), ...writer.troubles()],
    review: retention.review,
    close() {
      retention.close();
      ledger.close();
      head.close();
    },
  };
}
