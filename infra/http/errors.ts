import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { CellDown, NoSuchCell } from '../../actors/cells.ts';
import { BadToken } from '../../adapters/gate.jsonwebtoken/bad-token.ts';
import { PasswordsBusy } from '../../adapters/passwords.scrypt.ts';
import { DiskAway } from '../../adapters/recordings/disk.ts';
import { BadId } from '../../bus/identity.ts';
import { JournalAway, JournalRefused, TooLarge } from '../../bus/ports/faults.ts';
import { ShapeError } from '../../bus/shape.ts';

/** A request that is answered with an error: `{"error": text, "reason": code, …}`. */
export class Refusal extends Error {
  override name = 'Refusal';
  readonly status: number;
  readonly reason: string;
  readonly more: Record<string, unknown>;
  /** Seconds after which asking again makes sense. */
  readonly retryAfterS: number | undefined;
  constructor(status: number, reason: string, text: string, more: Record<string, unknown> = {}, retryAfterS?: number) {
    super(text);
    this.status = status;
    this.reason = reason;
    this.more = more;
    this.retryAfterS = retryAfterS;
  }
}

/** 401: no token, or one that is not believed. */
export const unauthorized = (reason: string, text: string): Refusal => new Refusal(401, reason, text);
/** 403, worded as the interface promises. What is forbidden and what does not exist look alike. */
export const denied = (reason = 'not-yours', more: Record<string, unknown> = {}): Refusal =>
  new Refusal(403, reason, 'Access denied', more);
export const missing = (what: string): Refusal => new Refusal(404, 'not-found', `There is no ${what}.`);
/** 503 with Retry-After: it is not the caller's fault and may be over soon. */
export const unavailable = (
  reason: string,
  text: string,
  more: Record<string, unknown> = {},
  retryAfterS = 1,
): Refusal => new Refusal(503, reason, text, more, retryAfterS);

/** Fastify's own codes, in our words. */
const FRAMEWORK: Record<string, [reason: string, text: string]> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['too-large', 'The body is larger than this route takes.'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['media-type', 'This content type is not understood here.'],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['bad-request', 'The content type says JSON, but the body is empty.'],
  FST_ERR_CTP_INVALID_JSON_BODY: ['bad-request', 'The body is not JSON.'],
  FST_ERR_BAD_URL: ['bad-request', 'The address is not a valid URL.'],
  FST_ERR_MAX_PARAM_LENGTH: ['bad-request', 'A part of the address is too long.'],
};

function ofFramework(error: FastifyError): Refusal | undefined {
  if (error.validation) {
    const [first] = error.validation;
    const where = `${error.validationContext ?? 'request'}${first?.instancePath ?? ''}`;
    return new Refusal(400, 'bad-request', `${where} ${first?.message ?? 'is not valid'}`, { at: where });
  }
  const status = error.statusCode ?? 500;
  if (status < 400 || status >= 500) return undefined;
  const [reason, text] = FRAMEWORK[error.code] ?? [
    status === 429 ? 'too-many' : 'bad-request',
    'This is not a valid request.',
  ];
  return new Refusal(status, reason, text);
}

/** The refusal that any error amounts to; undefined when it is a fault of ours. */
export function refusalFor(error: unknown): Refusal | undefined {
  if (error instanceof Refusal) return error;
  if (error instanceof BadToken) return unauthorized(error.reason, error.message);
  if (error instanceof ShapeError || error instanceof BadId) return new Refusal(400, 'bad-request', error.message);
  if (error instanceof PasswordsBusy) return unavailable('busy', 'Too many people sign in just now.', {}, 5);
  if (error instanceof DiskAway) return unavailable(error.reason, error.message, {}, 5);
  if (error instanceof NoSuchCell) return missing('such thing any more');
  if (error instanceof TooLarge) {
    return new Refusal(413, 'too-large', 'What this leads to is larger than the journal takes: ask for less at once.');
  }
  if (error instanceof JournalRefused) {
    return unavailable(
      'journal-full',
      'The journal takes no more records: free disk space or shorten its retention.',
      {},
      5,
    );
  }
  if (error instanceof JournalAway || error instanceof CellDown) {
    return unavailable('journal-away', 'The journal does not answer, so nothing can be promised.', {}, 2);
  }
  if (error instanceof Error && 'code' in error) return ofFramework(error as FastifyError);
  return undefined;
}

/** The body of an error answer. */
export const bodyOf = (refusal: Refusal): Record<string, unknown> => ({
  ...refusal.more,
  error: refusal.message,
  reason: refusal.reason,
});

/** Answers an error. What we did not foresee is logged whole and told as 500 without details. */
export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  let refusal = refusalFor(error);
  if (!refusal) {
    request.log.error({ err: error, route: request.routeOptions.url, method: request.method }, 'a request failed');
    refusal = new Refusal(500, 'internal', 'Something went wrong here; the log of the gateway tells what.');
  }
  if (refusal.status === 401) reply.header('www-authenticate', 'Bearer');
  if (refusal.retryAfterS !== undefined) reply.header('retry-after', refusal.retryAfterS);
  reply
    .code(refusal.status)
    .header('content-type', 'application/json; charset=utf-8')
    .send(JSON.stringify(bodyOf(refusal)));
}
