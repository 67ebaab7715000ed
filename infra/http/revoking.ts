import type { FastifyRequest } from 'fastify';
import { type Revocation, TooManyRevocations } from '../../adapters/revocations.files.ts';
import { type Service, serviceSub } from '../../adapters/service-tokens.files.ts';
import type { Doer } from '../../bus/events/doer.ts';
import type { ActNote } from '../../bus/ledger.ts';
import { FenceRefused, JournalAway, JournalRefused } from '../../bus/ports/faults.ts';
import { doerOf } from './doing.ts';
import { callerOf } from './door.ts';
import { Refusal, unavailable } from './errors.ts';
import type { HttpServices } from './services.ts';
import type { Shared } from './shared.ts';
import { isOpen, viewerOf } from './views.ts';

/** What is taken back: every token of somebody issued before now, or one token. */
export type TakenBack = { sub: string } | { jti: string };

/** What came of it. */
export type Revoked = Revocation & { sessions_cut: number };

/** Ends the sessions that were granted to a revoked token. @returns how many */
async function cut(services: HttpServices, shared: Shared, by: Doer): Promise<number> {
  const hit = services.cells.list('viewer').filter((view) => {
    const { subject } = viewerOf(view);
    return isOpen(view) && subject !== undefined && services.revocations.hits(subject);
  });
  const offers = hit.map((view) => {
    const event = { type: 'viewer.revoked', ...by, reason: 'the token was revoked' };
    const offered = services.cells.offer({ kind: 'viewer', id: view.id }, event);
    shared.connections.end(view.id, services.cells.view({ kind: 'viewer', id: view.id }));
    return offered;
  });
  const done = await Promise.allSettled(offers);
  for (const result of done) {
    if (result.status === 'rejected')
      services.log.error({ err: result.reason }, 'a revoked session could not be ended');
  }
  return hit.length;
}

/**
 * Takes tokens back, and cuts what runs under them.
 * @throws Refusal when so many revocations stand that no more are taken
 */
export async function revoke(services: HttpServices, shared: Shared, what: TakenBack, by: Doer): Promise<Revoked> {
  let revocation: Revocation;
  try {
    revocation = services.revocations.add(what, by.by);
  } catch (error) {
    if (error instanceof TooManyRevocations) throw new Refusal(409, 'too-many', error.message);
    throw error;
  }
  const sessions_cut = await cut(services, shared, by);
  shared.streams.check();
  return { ...revocation, sessions_cut };
}

/** The program whose token is taken back, by its id or by what it is called. */
export const programTakenBack = ({ serviceTokens }: HttpServices, what: TakenBack): Service | undefined =>
  serviceTokens.list().find((service) => ('jti' in what ? service.id === what.jti : serviceSub(service) === what.sub));

/**
 * Takes the token of a program back for good, cuts what runs under it, and writes down who did it.
 * @param what names it
 * @throws Refusal when that can't be written down: it is revoked all the same
 */
export async function revokeProgram(
  services: HttpServices,
  shared: Shared,
  request: FastifyRequest,
  service: Service,
  what: TakenBack = { jti: service.id },
): Promise<Revoked> {
  const by = doerOf(callerOf(request));
  services.serviceTokens.revoke(service.id, by.by);
  const revoked = await revoke(services, shared, what, by);
  services.log.info(
    { service: service.id, by: by.by, sessions_cut: revoked.sessions_cut },
    'a service token was revoked',
  );
  const act = { ...actOnProgram(request, service), what: 'token-revoked' } as const;
  await noteAct(services, act, 'The token is revoked all the same: revoke it again to have that written down.');
  return revoked;
}

/** Who does something to a service token, and from where, as the access ledger has it. */
export function actOnProgram(request: FastifyRequest, { id, name, role }: Pick<Service, 'id' | 'name' | 'role'>) {
  const { sub: subject, jti } = callerOf(request);
  const who = { subject, address: request.ip, ...(jti === undefined ? {} : { token: jti }) };
  return { at: Date.now(), fact: 'service-token', ...who, service: { id, name, role } };
}

/** Writes an act into the access ledger. @param next what that means for the token @throws Refusal when it can't */
export async function noteAct({ ledger, log }: HttpServices, act: ActNote, next: string): Promise<void> {
  try {
    await ledger.note(act);
  } catch (error) {
    log.error({ err: error, service: act.service?.id, what: act.what }, 'the access ledger can’t be written now');
    const isFull = error instanceof JournalRefused;
    if (!isFull && !(error instanceof JournalAway) && !(error instanceof FenceRefused)) throw error;
    const text = isFull ? 'The access ledger takes no more entries.' : 'The access ledger does not answer.';
    throw unavailable(isFull ? 'ledger-full' : 'ledger-away', `${text} ${next}`, {}, 2);
  }
}
