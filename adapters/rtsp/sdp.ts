/** One track of a session description that we can carry: how its RTP is to be read. */
export interface MediaTrack {
  media: 'video' | 'audio';
  /** RTP encoding name in capitals: H264, H265, MPEG4-GENERIC, OPUS, PCMA … */
  encoding: string;
  payloadType: number;
  clockRate: number;
  channels?: number;
  /** The text after `a=fmtp:<payload type> `. */
  format?: string;
  /** `a=control`, absolute or relative to the base address. */
  control: string;
}

/** Payload types that need no `a=rtpmap` (RFC 3551), as far as cameras use them. */
const STATIC_TYPES: Record<number, Pick<MediaTrack, 'encoding' | 'clockRate' | 'channels'>> = {
  0: { encoding: 'PCMU', clockRate: 8000 },
  8: { encoding: 'PCMA', clockRate: 8000 },
  9: { encoding: 'G722', clockRate: 8000 },
  10: { encoding: 'L16', clockRate: 44100, channels: 2 },
  11: { encoding: 'L16', clockRate: 44100 },
  14: { encoding: 'MPA', clockRate: 90000 },
  26: { encoding: 'JPEG', clockRate: 90000 },
};

const MAX_TRACKS = 16;

function parseSection(lines: string[]): MediaTrack | undefined {
  const [, media, typeText] = /^m=(video|audio) \d+(?:\/\d+)? RTP\/\S+ (\d{1,3})/.exec(lines[0] ?? '') ?? [];
  if (!media || !typeText) return undefined;
  const payloadType = Number(typeText);
  const attribute = (pattern: RegExp) => {
    for (const line of lines) {
      const match = pattern.exec(line);
      if (match) return match;
    }
    return undefined;
  };
  const map = attribute(new RegExp(`^a=rtpmap:${payloadType} ([\\w.-]{1,40})/(\\d{1,7})(?:/(\\d{1,2}))?`));
  const known = map
    ? {
        encoding: (map[1] as string).toUpperCase(),
        clockRate: Number(map[2]),
        ...(map[3] ? { channels: Number(map[3]) } : {}),
      }
    : STATIC_TYPES[payloadType];
  if (!known || known.clockRate === 0 || payloadType > 127) return undefined;
  const format = attribute(new RegExp(`^a=fmtp:${payloadType} (.+)$`))?.[1]?.trim();
  const control = attribute(/^a=control:(.+)$/)?.[1]?.trim() ?? '';
  return { media: media as 'video' | 'audio', payloadType, ...known, ...(format ? { format } : {}), control };
}

/** The tracks of a session description; sections that are neither audio nor video, or make no sense, are left out. */
export function parseSdp(text: string): MediaTrack[] {
  const sections: string[][] = [];
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith('m=')) sections.push([]);
    sections.at(-1)?.push(line);
  }
  return sections
    .slice(0, MAX_TRACKS)
    .map(parseSection)
    .filter((track) => track !== undefined);
}

/** A parameter of a track's format, for instance `sprop-parameter-sets`. */
export function formatParameter(track: Pick<MediaTrack, 'format'>, name: string): string | undefined {
  for (const part of (track.format ?? '').split(';')) {
    const equals = part.indexOf('=');
    if (equals > 0 && part.slice(0, equals).trim().toLowerCase() === name) return part.slice(equals + 1).trim();
  }
  return undefined;
}

/** A session description that announces these tracks; track n is controlled as `trackID=n`. */
export function announcement(name: string, tracks: MediaTrack[]): string {
  const title = name.replace(/[\r\n]+/g, ' ').trim() || '-';
  const lines = ['v=0', 'o=- 0 0 IN IP4 127.0.0.1', `s=${title}`, 'c=IN IP4 127.0.0.1', 't=0 0'];
  for (const [index, track] of tracks.entries()) {
    const { media, payloadType, encoding, clockRate, channels, format } = track;
    lines.push(`m=${media} 0 RTP/AVP ${payloadType}`);
    lines.push(`a=rtpmap:${payloadType} ${encoding}/${clockRate}${channels ? `/${channels}` : ''}`);
    if (format) lines.push(`a=fmtp:${payloadType} ${format}`);
    lines.push(`a=control:trackID=${index}`);
  }
  return `${lines.join('\r\n')}\r\n`;
}

/** The address that controls a track: its own when absolute, else below the base address. */
export function controlAddress(base: string, control: string): string {
  if (/^rtsps?:\/\//i.test(control)) return control;
  if (control === '' || control === '*') return base;
  return `${base.replace(/\/$/, '')}/${control}`;
}
