import { readFileSync } from 'node:fs';
import { Reader, type Response } from 'maxmind';

/** What databases know of where an address is. */
export interface Place {
  /** ISO 3166-1, for instance `VN`. */
  country?: string | undefined;
  /** ISO 3166-2 without the country, largest first, for instance `HN`. */
  subdivisions: string[];
  /** Its English name. */
  city?: string | undefined;
  /** Number of the autonomous system: whose network it is. */
  asn?: number | undefined;
}

/** Finds places by IP address. */
export type FindPlace = (address: string) => Place;

/** Thrown when a file is no database that can be read; says which, and what to do. */
export class BadDatabase extends Error {
  override name = 'BadDatabase';
}

/** The fields that are used of City, Country and ASN databases. */
interface Entry {
  country?: { iso_code?: string };
  subdivisions?: { iso_code?: string }[];
  city?: { names?: { en?: string } };
  autonomous_system_number?: number;
}

/** Any address leads through the tree of a sound database. */
const PROBE = '192.0.2.1';

function open(file: string): Reader<Response> {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new BadDatabase(code === 'ENOENT' ? `there is no file ${file}` : `${file} can't be read: ${code}`);
  }
  try {
    const reader = new Reader<Response>(bytes);
    reader.get(PROBE);
    return reader;
  } catch {
    throw new BadDatabase(`${file} is no MaxMind database (.mmdb), or is damaged: fetch it again`);
  }
}

/** What one database says of an address: nothing where it is damaged there. */
function entryOf(reader: Reader<Response>, address: string): Entry {
  try {
    return (reader.get(address) ?? {}) as Entry;
  } catch {
    return {};
  }
}

/**
 * Opens MaxMind databases (the format of GeoLite2 and GeoIP2); what one lacks another may know, for instance ASN beside
 * City. They are read whole.
 * @throws BadDatabase
 */
export function openPlaces(files: readonly string[]): FindPlace {
  const readers = files.map(open);
  return (address) => {
    const place: Place = { subdivisions: [] };
    for (const reader of readers) {
      const { country, subdivisions, city, autonomous_system_number: asn } = entryOf(reader, address);
      place.country ??= country?.iso_code;
      place.city ??= city?.names?.en;
      place.asn ??= asn;
      if (place.subdivisions.length === 0)
        place.subdivisions = (subdivisions ?? []).flatMap(({ iso_code }) => iso_code ?? []);
    }
    return place;
  };
}
