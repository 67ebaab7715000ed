import type { Cells, CellView } from '../../actors/cells.ts';
import type { Gate, LoginClaims } from '../../adapters/gate.jsonwebtoken.ts';
import type { Ask, Bus } from '../../bus/ports.ts';
import { KINDS } from '../../bus/subjects.ts';
import type { CameraContext } from '../../machines/camera/context.ts';
import { access, isAtLeast } from '../../machines/policy/access.ts';
import type { RenditionContext } from '../../machines/rendition/context.ts';
import type { ViewerContext } from '../../machines/viewer/context.ts';

/** What answering asks needs. */
export interface AskParts {
  bus: Bus;
  cells: Cells;
  gate: Gate;
}

/** Says no to an ask; the caller gets `reason` and the text. */
class AskRefused extends Error {
  readonly reason: string;
  constructor(reason: string, text: string) {
    super(text);
    this.name = 'AskRefused';
    this.reason = reason;
  }
}

/** Whether a person may know of a cell, or act upon it. Being on the bus makes nobody an administrator. */
function mayAsk(caller: LoginClaims, view: CellView, act: boolean): boolean {
  const action = act ? 'operate' : 'watch';
  switch (view.kind) {
    case 'camera': {
      const { zone } = (view.context as unknown as CameraContext).settings ?? { zone: '' };
      return access(caller, { camera: view.id, zone }, action).allowed;
    }
    case 'viewer': {
      const { subject, camera, zone } = view.context as unknown as ViewerContext;
      return subject?.sub === caller.sub || access(caller, { camera, zone }, 'operate').allowed;
    }
    case 'rendition': {
      const { zone } = view.context as unknown as RenditionContext;
      return access(caller, { camera: view.id, zone }, action).allowed;
    }
    case 'relay':
      return isAtLeast(caller.role, act ? 'admin' : 'operator');
  }
}

/**
 * Answers asks of other programs over the bus, (`askSubject` in bus/subjects.ts): `view` tells a cell's state; `close`
 * ends a viewer session. Each carries a login token, checked here as at the HTTP door.
 */
export async function answerAsks({ bus, cells, gate }: AskParts): Promise<{ close(): void }> {
  const answer = async ({ to, verb, token }: Ask): Promise<unknown> => {
    const caller = await gate.verifyLogin(token);
    const view = cells.view(to);
    // Who may not know of a cell is told the same as who asks for one that is not there.
    if (!view || !mayAsk(caller, view, verb !== 'view')) throw new AskRefused('denied', 'Access denied');
    switch (verb) {
      case 'view': {
        const { kind, id, state, tags, since, why } = view;
        return { kind, id, state, tags, since, why };
      }
      case 'close':
        if (view.kind !== 'viewer') break;
        await cells.offer(to, { type: 'viewer.revoked', by: caller.sub, reason: 'closed over the bus' });
        return { id: view.id, state: cells.view(to)?.state };
    }
    throw new AskRefused('unknown', `a ${view.kind} knows no "${verb}"`);
  };
  const running = await Promise.all(KINDS.map((kind) => bus.answer(kind, answer)));
  return {
    close() {
      for (const subscription of running) subscription.close();
    },
  };
}
