/** What stands where a secret was. */
export const HIDDEN = '[hidden]';

/** What looks like a secret, whoever wrote it. The first group stays. */
const PATTERNS: RegExp[] = [
  /()-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  /(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/"'<>\\]+(?=@)/gi,
  /()\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?/g,
  /()\bsbs_[\w-]{20,}/g,
  /()\$scrypt\$[\w$=,+/.-]+/g,
  /(\b(?:proxy-)?authorization["']?\s*[:=]\s*["']?)[^"'\r\n]+/gi,
  /(\b(?:set-)?cookie["']?\s*[:=]\s*["']?)[^"'\r\n]+/gi,
  /([?&;](?:login|token|jwt|pass|password|secret|key|streamid|passphrase|code|state)=)[^&\s"'<>\\]+/gi,
  /(["']?\b(?:password|passphrase|pass|secret|token|client_secret|credential_text)["']?\s*[:=]\s*)(?:"[^"]*"|'[^']*'|[^\s,}"']+)/gi,
  /(\/(?:hls|recordings)\/[\w-]+\/[\w-]+\/\d+\/)[\w-]+/g,
];

/** A text without whatever looks like a secret: logins, tokens, keys, signatures. */
export const withoutSecrets = (text: string): string =>
  PATTERNS.reduce((kept, pattern) => kept.replace(pattern, `$1${HIDDEN}`), text);
