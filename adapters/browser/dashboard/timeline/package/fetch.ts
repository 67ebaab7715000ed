import { responseOf } from '../../api.ts';
import { addressOf, type PackageWish } from './wish.ts';

/** How far a package is. */
export type PackageProgress =
  /** The gateway reads and hashes all of it before its first byte. */
  { name: 'packing' } | { name: 'coming'; bytes: number; of: number | undefined };

/** A package that has come whole. */
export interface Package {
  name: string;
  content: Blob;
}

/**
 * Has a package made, and fetches it. The browser keeps it, on the disk where it is large.
 * @throws ApiRefusal; or TypeError when it breaks off
 */
export async function fetchPackage(
  wish: PackageWish,
  progress: (progress: PackageProgress) => void,
  signal: AbortSignal,
): Promise<Package> {
  progress({ name: 'packing' });
  const response = await responseOf('GET', addressOf(wish), undefined, signal);
  const of = Number(response.headers.get('content-length')) || undefined;
  let bytes = 0;
  const counted = response.body?.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, out) {
        bytes += chunk.length;
        progress({ name: 'coming', bytes, of });
        out.enqueue(chunk);
      },
    }),
  );
  const content = await new Response(counted).blob();
  if (of !== undefined && content.size !== of) throw new TypeError('It broke off before its end: ask for it again.');
  const [, name = 'signalbox.tar'] = /filename="([^"]+)"/.exec(response.headers.get('content-disposition') ?? '') ?? [];
  return { name, content };
}

/** Hands it to whoever asked, as a download. */
export function save({ name, content }: Package): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  // Downloads begin a little after the press.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
