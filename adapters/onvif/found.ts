import type { FoundDevice } from './talk.ts';

/** The answer to a search, as the library leaves it: whatever a device wrote there. */
interface ProbeMatch {
  endpointReference?: { address?: unknown };
  scopes?: unknown;
  XAddrs?: unknown;
}

const MOST_TEXT = 200;
const words = (value: unknown): string[] => (typeof value === 'string' ? value.split(/\s+/).filter(Boolean) : []);

/** What a scope says, for instance `onvif://www.onvif.org/name/Gate%20North`. */
function scope(scopes: string[], kind: string): string {
  const start = `onvif://www.onvif.org/${kind}/`;
  const said = scopes.find((one) => one.toLowerCase().startsWith(start))?.slice(start.length) ?? '';
  try {
    return decodeURIComponent(said).replaceAll('_', ' ').slice(0, MOST_TEXT);
  } catch {
    return said.slice(0, MOST_TEXT);
  }
}

/** Reads the answer of one device; undefined where it names no address of its own. */
export function foundDevice(answer: unknown, from: string): FoundDevice | undefined {
  const match = (answer as { probeMatches?: { probeMatch?: ProbeMatch } } | undefined)?.probeMatches?.probeMatch;
  const urls = words(match?.XAddrs).filter((text) => /^https?:\/\/[^/@]+\//.test(text) && URL.canParse(text));
  // Devices with several interfaces name all of them; the one that answered is the one that we reach.
  const url = urls.find((one) => new URL(one).hostname === from) ?? urls[0];
  if (url === undefined) return undefined;
  const scopes = words(match?.scopes);
  const urn = String(match?.endpointReference?.address ?? url).slice(0, MOST_TEXT);
  return { urn, url, from, name: scope(scopes, 'name'), hardware: scope(scopes, 'hardware') };
}
