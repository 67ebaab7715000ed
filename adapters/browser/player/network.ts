/** A file as the browser tells of it (Resource Timing). */
export interface Loaded {
  name: string;
  transferSize: number;
  encodedBodySize: number;
  responseStart: number;
  responseEnd: number;
}

/** Less than this is a handshake, not a measurement. */
const LEAST_BYTES = 20_000;
const LEAST_MS = 3;
/** More than this would keep a picture waiting that comes at the same time. */
const MOST_BYTES = 100_000;

/** Bytes that came within so many milliseconds, in kb/s. */
export const kbpsOf = (bytes: number, ms: number): number => Math.round((bytes * 8) / Math.max(ms, LEAST_MS));

/** What the network carried while files came, at its best, in kb/s; those that were at hand already tell nothing. */
export function carriedKbps(files: readonly Loaded[]): number | undefined {
  const rates = files
    .map(({ transferSize, encodedBodySize, responseStart, responseEnd }) => ({
      // Of a file that is only confirmed (304) no more than headers come.
      bytes: transferSize >= encodedBodySize ? encodedBodySize : 0,
      ms: responseEnd - responseStart,
    }))
    .filter(({ bytes, ms }) => bytes >= LEAST_BYTES && ms >= LEAST_MS)
    .map(({ bytes, ms }) => kbpsOf(bytes, ms));
  return rates.length > 0 ? Math.max(...rates) : undefined;
}

/** What is known of a network. @param hintedMbps what the browser says of it: of the last hours, and coarsely */
export const knownKbps = (measured: number | undefined, hintedMbps: number | undefined): number | undefined =>
  measured ?? (hintedMbps === undefined ? undefined : Math.round(hintedMbps * 1_000));

/** Which of the files that the page has is fetched again to measure with. @param origin the gateway's */
export function fileToMeasure(
  files: readonly Loaded[],
  origin: string,
): { address: string; bytes: number } | undefined {
  const [largest] = files
    .filter(({ name, encodedBodySize }) => {
      return name.startsWith(`${origin}/`) && encodedBodySize >= LEAST_BYTES && encodedBodySize <= MOST_BYTES;
    })
    .toSorted((one, other) => other.encodedBodySize - one.encodedBodySize);
  return largest && { address: largest.name, bytes: largest.encodedBodySize };
}
