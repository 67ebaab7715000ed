import { BadId, type Id, id, isId } from './identity.ts';

/** The kinds of cell there are; the second token of every subject names one. */
export const KINDS = [
  ...(['camera', 'viewer', 'relay', 'broadcast', 'incident'] as const),
  ...(['rendition', 'recording', 'ptz', 'sound', 'alarm'] as const),
] as const;
export type Kind = (typeof KINDS)[number];

const ROOT = 'sbx.v1';

/** The address of one cell. */
export interface Address {
  kind: Kind;
  id: Id;
}

/** Where a cell is asked: `sbx.v1.ask.<kind>.<id>.<verb>` (request and reply). */
export const askSubject = (to: Address, verb: string): string => `${ROOT}.ask.${to.kind}.${id(to.id)}.${id(verb)}`;

/** Where every ask to any cell of a kind arrives. */
export const everyAsk = (kind: Kind): string => `${ROOT}.ask.${kind}.*.*`;

/** Where a cell's fact is told: `sbx.v1.fact.<kind>.<id>.<event>`. */
export const factSubject = (from: Address, event: string): string =>
  `${ROOT}.fact.${from.kind}.${id(from.id)}.${id(event)}`;

/** The same with `{id}` in the place of the cell's, for documents. */
export const factTemplate = (kind: Kind, event: string): string => `${ROOT}.fact.${kind}.{id}.${event}`;
export const askTemplate = (kind: Kind, verb: string): string => `${ROOT}.ask.${kind}.{id}.${verb}`;

/** Every fact there is; the subjects of the facts stream. */
export const EVERY_FACT = `${ROOT}.fact.>`;

/** Every fact of one cell. */
export const factsOf = (from: Address): string => `${ROOT}.fact.${from.kind}.${id(from.id)}.*`;

/** Every fact of one kind of cell. */
export const factsOfKind = (kind: Kind): string => `${ROOT}.fact.${kind}.>`;

/**
 * Where facts are told again once they are stored: `sbx.v1.told.<kind>.<id>.<event>`, in the order of the stream, each
 * once, with its sequence in the header `Nats-Sequence`.
 */
export const EVERY_TOLD = `${ROOT}.told.>`;

/** The same of one cell. */
export const toldOf = (from: Address): string => `${ROOT}.told.${from.kind}.${id(from.id)}.*`;

/** The same for documents. */
export const TOLD_TEMPLATE = `${ROOT}.told.{kind}.{id}.{event}`;

const RESUME = `${ROOT}.resume.`;

/** Where a reader of facts asks for those that it missed. Nobody else is let ask there, so the name can be believed. */
export const resumeSubject = (reader: string): string => `${RESUME}${id(reader)}`;
export const RESUME_TEMPLATE = `${RESUME}{reader}`;

/** Where all of them ask. */
export const EVERY_RESUME = `${RESUME}*`;

/** Who asks on such a subject. @throws BadId */
export const readerOfSubject = (subject: string): Id => id(subject.slice(RESUME.length));

/**
 * The inbox of a reader. It can't listen on the ordinary one, where answers to others arrive: a reader connects with
 * this as its inbox prefix.
 */
export const inboxOf = (reader: string): string => `_INBOX_${id(reader)}`;

/** What one cell heard: one subject per cell, so that its last sequence is its fence. */
export const journalSubject = (of: Address): string => `${ROOT}.journal.${of.kind}.${id(of.id)}`;

/** Every journal; the subjects of the journal stream. */
export const EVERY_JOURNAL = `${ROOT}.journal.>`;

/** The journals of one kind of cell. */
export const journalsOfKind = (kind: Kind): string => `${ROOT}.journal.${kind}.*`;

/** Who watched what: one subject, so that its last sequence is the fence of the whole ledger. */
export const LEDGER_SUBJECT = `${ROOT}.ledger`;

/** JetStream stream names: facts are told, journals are heard. */
export const FACT_STREAM = 'SIGNALBOX_FACTS';
export const JOURNAL_STREAM = 'SIGNALBOX_JOURNAL';
export const LEDGER_STREAM = 'SIGNALBOX_LEDGER';

/** The KV bucket that holds leases. */
export const LEASE_BUCKET = 'signalbox_leases';

/** Whether a stream or bucket of a server is one of Signalbox's. */
export const isOurStream = (name: string): boolean => /^(SIGNALBOX_|KV_signalbox_)/.test(name);

/** A lease's key: ids joined by dots. @throws BadId */
export const leaseKey = (key: string): string => key.split('.').map(id).join('.');

const LEASE_SUBJECT = `$KV.${LEASE_BUCKET}.`;

/** The subjects of the leases under a key. @throws BadId */
export const leasesUnder = (key: string): string => `${LEASE_SUBJECT}${leaseKey(key)}.>`;

/** The key of the lease that a subject of the bucket holds. */
export const leaseOfSubject = (subject: string): string => subject.slice(LEASE_SUBJECT.length);

/** The KV bucket of what hosts share: people, keys, added cameras … */
export const SHARED_BUCKET = 'signalbox_shared';

const SHARED_SUBJECT = `$KV.${SHARED_BUCKET}.`;
const SHARED_KEY = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/;

/** The subject of a key of that bucket: words of letters, digits, _ and -, joined by dots. @throws BadId */
export function sharedSubject(key: string): string {
  if (!SHARED_KEY.test(key)) throw new BadId(key);
  return `${SHARED_SUBJECT}${key}`;
}

/** Every entry of that bucket. */
export const EVERY_SHARED = `${SHARED_SUBJECT}>`;

/** The stream behind that bucket. */
export const SHARED_STREAM = `KV_${SHARED_BUCKET}`;

/** The key that a subject of that bucket holds. */
export const sharedOfSubject = (subject: string): string => subject.slice(SHARED_SUBJECT.length);

const isKind = (text: string | undefined): text is Kind => KINDS.includes(text as Kind);

/**
 * Splits a subject into its parts; undefined when it is not one of ours.
 * The inverse of askSubject, factSubject and journalSubject.
 */
export function parseSubject(
  subject: string,
): { family: 'ask' | 'fact' | 'journal'; address: Address; tail?: string } | undefined {
  const [product, version, family, kind, name, tail, ...more] = subject.split('.');
  if (`${product}.${version}` !== ROOT || !isKind(kind) || !isId(name) || more.length) return undefined;
  const address = { kind, id: name };
  if (family === 'journal') return tail === undefined ? { family, address } : undefined;
  if ((family === 'ask' || family === 'fact') && isId(tail)) return { family, address, tail };
  return undefined;
}

/**
 * Whose fact an envelope is and which: `{subject: 'camera/cam_001', type: 'signalbox.camera.live'}` is camera
 * cam_001 saying `live`.
 * @throws TypeError when subject and type are not a cell's
 */
export function parseFactType(envelope: { subject: string; type: string }): { address: Address; event: string } {
  const [kind, name, ...more] = envelope.subject.split('/');
  const [product, family, event, ...rest] = envelope.type.split('.');
  const fits = isKind(kind) && isId(name) && product === 'signalbox' && family === kind && isId(event);
  if (!fits || more.length || rest.length) {
    throw new TypeError(`"${envelope.type}" of "${envelope.subject}" is not a fact of a cell`);
  }
  return { address: { kind, id: name }, event };
}
