import type { FastifyRequest } from 'fastify';
import type { CellView } from '../../../actors/cells.ts';
import type { Id } from '../../../bus/identity.ts';
import { admit } from '../admission.ts';
import { callerOf } from '../door.ts';
import type { HttpServices } from '../services.ts';
import type { Shared } from '../shared.ts';

/** Looks at the past of cameras, each a session of its own: counted, revocable, and in the access ledger. */
export interface Looks {
  /** @throws Refusal */
  begin(request: FastifyRequest, camera: CellView): ReturnType<typeof admit>;
  end(session: Id): void;
}

/** Lets people look at the past. */
export function openLooks(services: HttpServices, shared: Shared): Looks {
  return {
    begin: (request, camera) =>
      admit(services, shared, callerOf(request), camera, { protocol: 'past', address: request.ip }),
    end(session) {
      services.cells.offer({ kind: 'viewer', id: session }, { type: 'viewer.closed' }).catch((err) => {
        services.log.warn({ err, session }, 'a look at a recording could not be ended');
      });
    },
  };
}
