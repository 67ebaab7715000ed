import { createHash, randomBytes } from 'node:crypto';

/** A user name and a password; never logged, never put into an address. */
export interface Credential {
  username: string;
  password: string;
}

/** One way to prove who we are, as a `WWW-Authenticate` field offers it. */
export interface Challenge {
  /** In lower case: `basic`, `digest`. */
  scheme: string;
  /** Names in lower case. */
  parameters: Map<string, string>;
}

const MAX_FIELD_CHARACTERS = 4_096;
const TOKEN = /^[\w!#$%&'*+.^`|~-]+/;
const QUOTED = /^"((?:[^"\\]|\\.)*)"/;

/** Reads the challenges of all `WWW-Authenticate` fields; what can't be read is left out. */
export function parseChallenges(fields: string[]): Challenge[] {
  return fields.flatMap((field) => parseField(field.slice(0, MAX_FIELD_CHARACTERS)));
}

function parseField(field: string): Challenge[] {
  const challenges: Challenge[] = [];
  let rest = field;
  for (;;) {
    rest = rest.replace(/^[\s,]+/, '');
    const [token] = TOKEN.exec(rest) ?? [];
    if (!token) return challenges;
    rest = rest.slice(token.length);
    const equals = /^\s*=\s*/.exec(rest);
    if (!equals) {
      challenges.push({ scheme: token.toLowerCase(), parameters: new Map() });
      continue;
    }
    rest = rest.slice(equals[0].length);
    const quoted = QUOTED.exec(rest);
    const plain = quoted ? undefined : /^[^\s,]*/.exec(rest);
    const value = quoted ? (quoted[1] ?? '').replace(/\\(.)/g, '$1') : (plain?.[0] ?? '');
    rest = rest.slice((quoted ?? plain)?.[0].length);
    challenges.at(-1)?.parameters.set(token.toLowerCase(), value);
  }
}

/** Digest algorithms that we know, better ones first. */
const ALGORITHMS: { name: string; hash: 'sha256' | 'md5'; session: boolean }[] = [
  { name: 'sha-256-sess', hash: 'sha256', session: true },
  { name: 'sha-256', hash: 'sha256', session: false },
  { name: 'md5-sess', hash: 'md5', session: true },
  { name: 'md5', hash: 'md5', session: false },
];

const algorithmName = ({ parameters }: Challenge) => (parameters.get('algorithm') ?? 'md5').toLowerCase();

function digest(
  challenge: Challenge,
  algorithm: (typeof ALGORITHMS)[number],
  { username, password }: Credential,
  request: { method: string; uri: string; cnonce: string },
): string {
  const { parameters } = challenge;
  const hash = (text: string) => createHash(algorithm.hash).update(text, 'utf8').digest('hex');
  const realm = parameters.get('realm') ?? '';
  const nonce = parameters.get('nonce') ?? '';
  const opaque = parameters.get('opaque');
  const { method, uri, cnonce } = request;
  const withQop = (parameters.get('qop') ?? '').split(',').some((qop) => qop.trim().toLowerCase() === 'auth');
  const nc = '00000001';
  let secret = hash(`${username}:${realm}:${password}`);
  if (algorithm.session) secret = hash(`${secret}:${nonce}:${cnonce}`);
  const asked = hash(`${method}:${uri}`);
  const response = withQop
    ? hash(`${secret}:${nonce}:${nc}:${cnonce}:auth:${asked}`)
    : hash(`${secret}:${nonce}:${asked}`);
  const quote = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"`;
  const parts = [
    `username=${quote(username)}`,
    `realm=${quote(realm)}`,
    `nonce=${quote(nonce)}`,
    `uri=${quote(uri)}`,
    `response="${response}"`,
  ];
  if (parameters.has('algorithm')) parts.push(`algorithm=${parameters.get('algorithm')}`);
  if (opaque !== undefined) parts.push(`opaque=${quote(opaque)}`);
  if (withQop) parts.push('qop=auth', `nc=${nc}`, `cnonce=${quote(cnonce)}`);
  else if (algorithm.session) parts.push(`cnonce=${quote(cnonce)}`);
  return `Digest ${parts.join(', ')}`;
}

/**
 * The `Authorization` field that answers the best of the challenges: Digest with SHA-256, then MD5 (RFC 7616,
 * RFC 2617), then Basic. Undefined when there is none that we know.
 */
export function authorize(
  challenges: Challenge[],
  credential: Credential,
  method: string,
  uri: string,
  cnonce: string = randomBytes(16).toString('hex'),
): string | undefined {
  for (const algorithm of ALGORITHMS) {
    const challenge = challenges.find((one) => one.scheme === 'digest' && algorithmName(one) === algorithm.name);
    if (challenge) return digest(challenge, algorithm, credential, { method, uri, cnonce });
  }
  if (!challenges.some(({ scheme }) => scheme === 'basic')) return undefined;
  return `Basic ${Buffer.from(`${credential.username}:${credential.password}`).toString('base64')}`;
}
