import { Refusal } from './errors.ts';

/** Longer offers and fragments are not read. Browsers send about 8 KB. */
export const MAX_SDP_BYTES = 64 * 1024;
const MAX_LINES = 2_000;
const MAX_MEDIA = 16;

/** What an offer tells that is needed to hand candidates on later. */
export interface Offer {
  ufrag: string;
  pwd: string;
  mids: string[];
  /** It takes no H.264, but VP8: only an adaptive peer has something for it. */
  vp8Alone: boolean;
  /** It takes H.265. */
  h265: boolean;
}

const bad = (text: string) => new Refusal(400, 'bad-sdp', text);

function linesOf(text: string): string[] {
  if (Buffer.byteLength(text) > MAX_SDP_BYTES) {
    throw new Refusal(413, 'too-large', `SDP is taken up to ${MAX_SDP_BYTES / 1024} KB`);
  }
  const lines = text.split(/\r?\n/).filter((line) => line !== '');
  if (lines.length > MAX_LINES) throw bad(`SDP of more than ${MAX_LINES} lines is not taken`);
  for (const line of lines) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not come in
    if (!/^[a-z]=/.test(line) || /[\x00-\x08\x0a-\x1f\x7f]/.test(line))
      throw bad('this is not SDP: a line is not of the form x=value');
  }
  return lines;
}

const fieldOf = (lines: string[], name: string): string | undefined =>
  lines.find((line) => line.startsWith(`a=${name}:`))?.slice(name.length + 3);
const ICE_TEXT = /^[A-Za-z0-9+/=_-]{4,256}$/;

/** Checks that a text is an offer that a WebRTC relay can answer. @throws Refusal 400 or 413 */
export function parseOffer(text: string): Offer {
  const lines = linesOf(text);
  if (lines[0] !== 'v=0') throw bad('this is not SDP: it does not begin with v=0');
  const media = lines.filter((line) => line.startsWith('m='));
  if (!media.some((line) => /^m=(video|audio) /.test(line))) throw bad('the offer asks for neither video nor audio');
  if (media.length > MAX_MEDIA) throw bad(`an offer of more than ${MAX_MEDIA} media sections is not taken`);
  const ufrag = fieldOf(lines, 'ice-ufrag');
  const pwd = fieldOf(lines, 'ice-pwd');
  if (!ufrag || !pwd || !ICE_TEXT.test(ufrag) || !ICE_TEXT.test(pwd))
    throw bad('the offer has no ICE user name and password');
  if (!fieldOf(lines, 'fingerprint')) throw bad('the offer has no DTLS fingerprint');
  const mids = lines.filter((line) => line.startsWith('a=mid:')).map((line) => line.slice(6));
  const takes = (codec: string) => lines.some((line) => line.startsWith('a=rtpmap:') && line.includes(` ${codec}/`));
  return { ufrag, pwd, mids, vp8Alone: takes('VP8') && !takes('H264'), h265: takes('H265') };
}

/** Checks a trickled fragment (RFC 8840). @throws Refusal 400 or 413 */
export function parseFragment(text: string): void {
  const lines = linesOf(text);
  if (!lines.some((line) => line.startsWith('a='))) throw bad('the fragment is empty');
  const strange = lines.find((line) => !/^[am]=/.test(line));
  if (strange !== undefined) throw bad('a fragment has only a= and m= lines');
}

/** Writes one candidate of a player as the fragment that a relay takes. */
export function fragmentOf(offer: Offer, candidate: string, mid: string): string {
  const line = candidate === '' ? 'a=end-of-candidates' : `a=${candidate.replace(/^a=/, '')}`;
  return [
    `a=ice-ufrag:${offer.ufrag}`,
    `a=ice-pwd:${offer.pwd}`,
    'm=video 9 UDP/TLS/RTP/SAVPF 0',
    `a=mid:${mid}`,
    line,
    '',
  ].join('\r\n');
}

/** What a program path carries, the one that every browser plays first. */
const CARRIED = ['H264', 'H265'];

/**
 * An offer to send, with the video codecs alone that we carry: whoever sends takes the first that it is offered back.
 * @throws Refusal 406 where none of them is offered
 */
export function offerCarried(sdp: string): string {
  const sections = sdp.replaceAll(/\r?\n/g, '\r\n').split(/(?=^m=)/m);
  return sections.map((section) => (section.startsWith('m=video ') ? videoCarried(section) : section)).join('');
}

function videoCarried(section: string): string {
  const numbersOf = (pattern: RegExp): string[] => [...section.matchAll(pattern)].map((match) => match[1] as string);
  const codec = CARRIED.find((name) => section.includes(` ${name}/90000`));
  if (codec === undefined) {
    throw new Refusal(406, 'codec', 'The offer has no H.264 and no H.265: a camera is carried in these alone.');
  }
  const kept = new Set(numbersOf(new RegExp(`^a=rtpmap:(\\d+) ${codec}/90000`, 'gm')));
  // What repeats lost packets of them stays.
  for (const number of [...kept])
    for (const one of numbersOf(new RegExp(`^a=fmtp:(\\d+) apt=${number}\\s`, 'gm'))) kept.add(one);
  const isKept = (line: string): boolean => {
    const number = /^a=(?:rtpmap|fmtp|rtcp-fb):(\d+) /.exec(line)?.[1];
    return number === undefined || kept.has(number);
  };
  const [head = '', ...lines] = section.split('\r\n');
  const fields = head.split(' ').filter((field, index) => index < 3 || kept.has(field));
  return [fields.join(' '), ...lines.filter(isKept)].join('\r\n');
}
