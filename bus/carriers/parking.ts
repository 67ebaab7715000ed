import { open } from 'node:fs/promises';
import type { Address } from '../subjects.ts';
import { cellOf, type SpoolLine } from './spooldelivery.ts';

/** A record or fact that can't be delivered and was put aside. */
export interface Parked {
  cell: Address;
  /** The record's or fact's id. */
  id: string;
  reason: string;
  /** Where it was put. */
  file: string;
  /** Whether its owner had been told that it is safe. */
  acknowledged: boolean;
}

/** Puts a line on the disk, with the reason, for a person to look at. @throws what the disk says */
export async function parkLine(file: string, line: SpoolLine, reason: string, acknowledged: boolean): Promise<Parked> {
  const parked = await open(file, 'a', 0o600);
  try {
    await parked.appendFile(`${JSON.stringify({ reason, ...line })}\n`);
    await parked.datasync();
  } finally {
    await parked.close();
  }
  return { cell: cellOf(line), id: 'record' in line ? line.record.id : line.fact.id, reason, file, acknowledged };
}
