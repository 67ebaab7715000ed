import { type Id, id } from './identity.ts';

/** The kinds of cell there are; the second token of every subject names one. */
export const KINDS = ['camera', 'viewer', 'relay'] as const;
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

/** Every fact there is; the subjects of the facts stream. */
export const EVERY_FACT = `${ROOT}.fact.>`;

/** Every fact of one cell. */
export const factsOf = (from: Address): string => `${ROOT}.fact.${from.kind}.${id(from.id)}.*`;

/** Every fact of one kind of cell. */
export const factsOfKind = (kind: Kind): string => `${ROOT}.fact.${kind}.>`;

/** What one cell heard: one subject per cell, so that its last sequence is its fence. */
export const journalSubject = (of: Address): string => `${ROOT}.journal.${of.kind}.${id(of.id)}`;

/** Every journal; the subjects of the journal stream. */
export const EVERY_JOURNAL = `${ROOT}.journal.>`;

/** The journals of one kind of cell. */
export const journalsOfKind = (kind: Kind): string => `${ROOT}.journal.${kind}.*`;

/** JetStream stream names: facts are told, journals are heard. */
export const FACT_STREAM = 'SIGNALBOX_FACTS';
export const JOURNAL_STREAM = 'SIGNALBOX_JOURNAL';

/** The KV bucket that holds leases. */
export const LEASE_BUCKET = 'signalbox_leases';

/**
 * Splits a subject into its parts; undefined when it is not one of ours.
 * The inverse of askSubject, factSubject and journalSubject.
 */
export function parseSubject(
  subject: string,
): { family: 'ask' | 'fact' | 'journal'; address: Address; tail?: string } | undefined {
  const [product, version, family, kind, name, tail] = subject.split('.');
  if (`${product}.${version}` !== ROOT || !kind || !name) return undefined;
  if (family !== 'ask' && family !== 'fact' && family !== 'journal') return undefined;
  if (!KINDS.includes(kind as Kind)) return undefined;
  return { family, address: { kind: kind as Kind, id: id(name) }, ...(tail ? { tail } : {}) };
}
