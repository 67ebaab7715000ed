import type { FastifyRequest } from 'fastify';

/**
 * For how long whoever asks would wait for an answer (RFC 7240, `Prefer: wait=SECONDS`), as an edge says that would
 * take us for hung otherwise.
 * @param atMostMs for how long we wait where nobody says
 */
export function patienceOf({ headers }: Pick<FastifyRequest, 'headers'>, atMostMs: number): number {
  const waitS = /(?:^|[,;\s])wait=(\d{1,6})(?=[,;\s]|$)/i.exec(String(headers.prefer ?? ''))?.[1];
  return waitS === undefined ? atMostMs : Math.min(atMostMs, Number(waitS) * 1000);
}
