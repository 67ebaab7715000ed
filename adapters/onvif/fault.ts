import type { DeviceFault } from './talk.ts';

/** A device did not do what it was asked; the message says what happened and never repeats a password. */
export class DeviceFailed extends Error {
  override name = 'DeviceFailed';
  readonly reason: DeviceFault;
  constructor(reason: DeviceFault, text: string) {
    super(text);
    this.reason = reason;
  }
}

const CODES: Record<string, [DeviceFault, string]> = {
  ECONNREFUSED: ['refused', 'nothing listens at this address and port'],
  ECONNRESET: ['refused', 'it hung up'],
  EHOSTUNREACH: ['no-route', 'there is no way to this address'],
  ENETUNREACH: ['no-route', 'there is no way to this network'],
  ENOTFOUND: ['unknown-host', 'nobody knows this host name'],
  EAI_AGAIN: ['unknown-host', 'the name service does not answer'],
  ETIMEDOUT: ['timeout', 'it does not answer'],
  HPE_INVALID_CONSTANT: ['unsupported', 'it does not speak HTTP'],
  DEPTH_ZERO_SELF_SIGNED_CERT: ['unsupported', 'its certificate is signed by nobody we know'],
};
const UNAUTHORIZED = /not ?authori[sz]ed|unauthori[sz]ed|authentication|\b401\b/i;

/** Says what an error of the library means. */
export function deviceFailed(error: unknown, withLogin = true): DeviceFailed {
  if (error instanceof DeviceFailed) return error;
  const { code = '', message = String(error) } = (error ?? {}) as { code?: string; message?: string };
  const known = CODES[code];
  if (known) return new DeviceFailed(...known);
  if (UNAUTHORIZED.test(message)) {
    const text = withLogin ? 'it does not accept this user and password' : 'it wants a user and a password';
    return new DeviceFailed('unauthorized', text);
  }
  if (/timeout/i.test(message)) return new DeviceFailed('timeout', 'it does not answer');
  const said = /Fault: (.{1,120})/.exec(message)?.[1];
  return new DeviceFailed('unsupported', said ? `it refuses: ${said}` : 'it does not answer as an ONVIF device does');
}
