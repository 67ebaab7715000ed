import type { Roster } from '../../actors/roster.ts';
import type { Sessions } from '../../bus/ports/sessions.ts';
import type { ViewerContext } from '../../machines/viewer/context.ts';

/** Keeps a card of every open session in the session cache, so that any gateway can answer for it. */
export function shareSessions(roster: Roster, sessions: Sessions, node: string): () => void {
  return roster.onFact((_fact, view) => {
    if (view.kind !== 'viewer') return;
    if (!view.tags.includes('open')) {
      void sessions.drop(view.id).catch(() => {}); // a cache may be away
      return;
    }
    const { camera, subject, protocol, quality, relay, expires_at } = view.context as unknown as ViewerContext;
    const card = {
      id: view.id,
      camera: camera as typeof view.id,
      subject: subject?.sub ?? '',
      protocol,
      quality,
      relay,
    };
    void sessions.put({ ...card, state: view.state, expires_at, node }).catch(() => {});
  });
}
