/** Why a token is refused; the `reason` of a 401. */
export type TokenFault =
  | 'malformed'
  | 'algorithm'
  | 'type'
  | 'unknown-key'
  | 'signature'
  | 'expired'
  | 'not-yet'
  | 'audience'
  | 'issuer'
  | 'claims'
  | 'revoked';

/** Thrown when a token is not to be believed; says why, and never contains the token. */
export class BadToken extends Error {
  override name = 'BadToken';
  readonly reason: TokenFault;
  constructor(reason: TokenFault, text: string) {
    super(text);
    this.reason = reason;
  }
}
