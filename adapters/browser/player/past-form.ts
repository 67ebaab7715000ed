/** What a stretch holds, as the gateway tells it. */
export interface Form {
  /** As RFC 6381 writes it. */
  codec?: string;
  width?: number;
  height?: number;
}

/** What people call a codec. */
const NAMES: Record<string, string> = { avc1: 'H.264', avc3: 'H.264', hvc1: 'H.265', hev1: 'H.265', av01: 'AV1' };

/** What is recorded of a moment, as a person reads it; empty where nothing is, or nobody says. */
export function formText(recorded: readonly (Form & { from: number; to: number })[], at: number): string {
  const { width, height, codec = '' } = recorded.find(({ from, to }) => at >= from && at < to) ?? {};
  if (!width || !height) return '';
  const [kind = ''] = codec.split('.');
  return `Recorded as ${width}×${height}${kind ? `, ${NAMES[kind] ?? kind}` : ''}.`;
}
