import { countAudiences, recountAudiences } from './acquaintance/audiences.ts';
import { leadDeliveries } from './acquaintance/deliveries.ts';
import { type IntakeWays, type LeaveIntake, leadIntakes } from './acquaintance/intakes.ts';
import { tellPictures } from './acquaintance/pictures.ts';
import { isIntake } from './acquaintance/relay-sight.ts';
import { teller } from './acquaintance/telling.ts';
import { leadPullers } from './acquaintance/upstreams.ts';
import type { Cells, CellView } from './cells.ts';
import type { Roster } from './roster.ts';

/** How acquaintance is widened. */
export interface Ways extends Partial<Pick<IntakeWays, 'leaveIntake' | 'emptyIntake'>> {
  /** Those who may have to know; default: the cells whose facts are heard. */
  cells?: Cells;
  /** Relays beside which an encoder of a push can work; default: all. */
  encodesAt?: (relay: string) => boolean;
}

/** Where one intake pulls all cameras, none of them has anywhere to go. */
const everyCamera =
  (cells: Pick<Cells, 'list'>): LeaveIntake =>
  () => ({ moved: [], stuck: cells.list('camera').map(({ id }) => id) });

/**
 * Who hears of whom: the facts of one cell that another must know. Which fact leads to what is all here.
 * @param roster the cells whose facts are heard
 * @param onFault an offer that failed for another reason than that its cell is gone
 * @param ways among which cells it goes on, and what is done about an intake that falls
 * @returns how to stop it
 */
export function acquaint(roster: Roster, onFault: (error: Error) => void, ways: Ways = {}): () => void {
  const { cells = roster, leaveIntake = everyCamera(cells), emptyIntake, encodesAt } = ways;
  const tell = teller(cells, onFault);
  const audiences = countAudiences(cells, tell);
  const pictures = tellPictures(cells, tell);
  const intakes = leadIntakes(cells, tell, { leaveIntake, emptyIntake, onFault });
  const deliveries = leadDeliveries(cells, tell, encodesAt);
  const upstreams = leadPullers(cells, tell);

  const relayRemoved = (relay: CellView, from?: string, cause?: string) => {
    // It may have been made anew by now.
    if (!relay.tags.includes('over')) return;
    if (isIntake(relay)) intakes.removed(relay, from, cause);
    else deliveries.removed(relay, cause);
  };

  recountAudiences(cells, tell);
  // A gateway that ended may have left it half empty, or a relay was taken out while none was there.
  for (const relay of roster.list('relay')) {
    if (isIntake(relay) && relay.state === 'draining') intakes.empty(relay);
    relayRemoved(relay);
  }
  deliveries.lookWhoIsLeft();
  upstreams.look();
  for (const camera of cells.list('camera')) pictures.tellMakers(camera);

  return roster.onFact((fact, view) => {
    if (view.kind === 'camera') pictures.tellMakers(view, fact.id);
    if (view.kind === 'relay' && fact.type !== 'signalbox.relay.upstream') upstreams.look(fact.id);
    if (view.kind === 'recording') {
      audiences.ofRecording(view, fact.id);
      pictures.tellRecordingOf(view.id, fact.id);
    }
    switch (fact.type) {
      case 'signalbox.viewer.admitted':
        audiences.ofLadder(view, fact.id);
        return audiences.ofCamera(view, 'audience.joined', fact.id);
      case 'signalbox.viewer.ended':
        audiences.ofCamera(view, 'audience.left', fact.id);
        audiences.ofLadder(view, fact.id);
        return deliveries.lookWhoIsLeft(fact.id);
      case 'signalbox.broadcast.connecting':
        // An attempt more is no further audience.
        return fact.data.from === 'retrying' ? undefined : audiences.ofCamera(view, 'audience.joined', fact.id);
      case 'signalbox.broadcast.stopped':
        return audiences.ofCamera(view, 'audience.left', fact.id);
      case 'signalbox.viewer.moving':
        return audiences.ofLadder(view, fact.id);
      case 'signalbox.viewer.moved':
      case 'signalbox.viewer.watching':
      case 'signalbox.viewer.connecting':
        audiences.ofLadder(view, fact.id);
        return deliveries.lookWhoIsLeft(fact.id);
      case 'signalbox.camera.resized':
        return pictures.tellResized(view.id, { width: fact.data.width, height: fact.data.height }, fact.id);
      case 'signalbox.camera.removed':
        return pictures.endShowsOf(view.id, fact.id);
      case 'signalbox.relay.draining':
        return isIntake(view) ? intakes.empty(view, fact.id) : deliveries.lookWhoIsLeft(fact.id);
      case 'signalbox.relay.serving':
        return isIntake(view) ? intakes.serves(view, fact.id) : deliveries.serves(fact.id);
      case 'signalbox.relay.dead':
      case 'signalbox.relay.starting':
        return isIntake(view) ? intakes.lost(view, fact) : deliveries.lost(view, fact);
      case 'signalbox.relay.removed':
        return relayRemoved(view, String(fact.data.from), fact.id);
    }
  });
}
