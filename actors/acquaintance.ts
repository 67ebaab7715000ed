import type { Envelope } from '../bus/envelope.ts';
import type { Id } from '../bus/identity.ts';
import { activeStanding, type CameraContext } from '../machines/camera/context.ts';
import { CellDown, type Cells, type CellView, NoSuchCell } from './cells.ts';
import { choosePusher } from './pushing.ts';
import type { Roster } from './roster.ts';

/** The parts of other cells' contexts that matter here. */
interface CameraSight {
  active: string;
  settings?: { keep: string };
  audience: string[];
}
interface ViewerSight {
  camera: Id;
  relay: string;
  standby: string;
  legs: Record<string, { relay: string }>;
  protocol: string;
  /** Whether the ladder makes what it shows, or what it goes to. */
  ladder: boolean;
  move?: { rung?: { ladder: boolean } };
}
interface RenditionSight {
  audience: string[];
  picture: boolean;
  /** The picture that it was planned for. */
  source?: { width: number; height: number };
}
interface RecordingSight {
  source: string;
}
interface RelaySight {
  role: string;
}
interface BroadcastSight {
  camera: Id;
  relay: string;
  picture: boolean;
}

/** Has the cameras of an intake pulled by others: tells which are, and which none could take. */
type LeaveIntake = (relay: string) => { moved: string[]; stuck: string[] };

/** What became of an intake's cameras: `lost` had to leave their picture behind, `stuck` are still there. */
export interface Emptied {
  lost: string[];
  stuck: string[];
}

const everyCamera =
  (cells: Pick<Cells, 'list'>): LeaveIntake =>
  () => ({ moved: [], stuck: cells.list('camera').map(({ id }) => id) });

const sight = <T>(view: CellView): T => view.context as unknown as T;

/** How acquaintance is widened. */
export interface Ways {
  /** Those who may have to know; default: the cells whose facts are heard. */
  cells?: Cells;
  /** Has the cameras of an intake pulled by others; without it, one intake pulls all of them. */
  leaveIntake?: LeaveIntake;
  /** The same for an intake that shall be empty, without a picture lost on the way; default: as if it were lost. */
  emptyIntake?: (relay: string) => Promise<Emptied>;
  /** Relays beside which an encoder of a push can work; default: all. */
  encodesAt?: (relay: string) => boolean;
}

/** States in which a relay carries media. */
const CARRIED = new Set(['serving', 'degraded', 'suspect', 'draining', 'drained']);
const isIntake = (relay: CellView): boolean => sight<RelaySight>(relay).role === 'intake';
/** Nothing is carried by it, and only another one's return brings that back. */
const isDeadOrOver = ({ state, tags }: CellView): boolean => state === 'dead' || tags.includes('over');

/**
 * On-demand cameras, ladders and sounds may count viewers that ended while nobody looked: after a start, or another gateway's
 * end.
 */
export function recountAudiences(cells: Cells, onFault: (error: Error) => void): void {
  for (const counting of (['camera', 'rendition', 'sound'] as const).flatMap((kind) => cells.list(kind))) {
    for (const viewer of sight<CameraSight | RenditionSight>(counting).audience) {
      const kinds = ['viewer', 'broadcast', 'incident', 'recording'] as const;
      const present = kinds.map((kind) => cells.view({ kind, id: viewer as Id })).find((view) => view !== undefined);
      if (present?.tags.some((tag) => ['open', 'wanted', 'running'].includes(tag))) continue;
      const { kind, id } = counting;
      cells.offer({ kind, id }, { type: 'audience.left', viewer }).catch(unlessGone(onFault));
    }
  }
}

/** What goes wrong with an offer, except that its cell is gone. */
export const unlessGone = (onFault: (error: Error) => void) => (error: Error) => {
  if (!(error instanceof NoSuchCell || error instanceof CellDown)) onFault(error);
};

/**
 * Who hears of whom: the facts of one cell that another must know. All of it is here.
 * @param roster the cells whose facts are heard
 * @param onFault an offer that failed for another reason than that its cell is gone
 * @param ways among which cells it goes on, and what is done about an intake that falls
 * @returns how to stop it
 */
export function acquaint(roster: Roster, onFault: (error: Error) => void, ways: Ways = {}): () => void {
  const { cells = roster, leaveIntake = everyCamera(cells) } = ways;
  const tell = (
    kind: 'camera' | 'viewer' | 'relay' | 'broadcast' | 'rendition' | 'recording',
    to: Id,
    event: { type: string; [field: string]: unknown },
    cause?: string,
  ) => {
    cells.offer({ kind, id: to }, event, cause).catch(unlessGone(onFault));
  };

  const broadcasts = () => cells.list('broadcast').filter(({ tags }) => tags.includes('wanted'));

  /** An on-demand camera is awake as long as anybody counts for it. */
  const countFor = (camera: Id, one: Id, wanted: boolean, cause?: string) => {
    const view = cells.view({ kind: 'camera', id: camera });
    if (!view) return;
    const { settings, audience: present } = sight<CameraSight>(view);
    const counted = present.includes(one);
    if (wanted && !counted && settings?.keep === 'on-demand') {
      tell('camera', camera, { type: 'audience.joined', viewer: one }, cause);
    }
    if (!wanted && counted) tell('camera', camera, { type: 'audience.left', viewer: one }, cause);
  };

  /** A camera is needed while somebody is admitted to it, or while it is broadcast; what was recorded needs none. */
  const audience = (viewer: CellView, event: 'audience.joined' | 'audience.left', cause?: string) => {
    const { camera, protocol } = sight<ViewerSight>(viewer);
    if (protocol !== 'past') countFor(camera, viewer.id, event === 'audience.joined', cause);
  };

  /** Who watches over HLS, or in a lower rung, needs the camera's ladder. */
  const ladderAudience = (viewer: CellView, cause?: string) => {
    const { camera, ladder, move } = sight<ViewerSight>(viewer);
    const rendition = cells.view({ kind: 'rendition', id: camera });
    if (!rendition) return;
    const needed = viewer.tags.includes('open') && (ladder || move?.rung?.ladder === true);
    const counted = sight<RenditionSight>(rendition).audience.includes(viewer.id);
    if (needed === counted) return;
    tell('rendition', camera, { type: needed ? 'audience.joined' : 'audience.left', viewer: viewer.id }, cause);
  };

  /** A ladder is made of a picture, and waits while there is none. */
  const tellLadder = (camera: CellView, cause?: string) => {
    const rendition = cells.view({ kind: 'rendition', id: camera.id });
    if (!rendition) return;
    const { picture, source } = sight<RenditionSight>(rendition);
    const { width, height } = activeStanding(sight<CameraContext>(camera)) ?? {};
    if (source && width && height && (width !== source.width || height !== source.height)) {
      const detail = `${width}×${height}; it was ${source.width}×${source.height}`;
      tell('rendition', camera.id, { type: 'program.changed', detail }, cause);
    }
    if (!picture && camera.tags.includes('watchable'))
      tell('rendition', camera.id, { type: 'camera.watchable' }, cause);
    if (picture && camera.tags.includes('dark')) {
      tell('rendition', camera.id, { type: 'camera.dark', detail: camera.why.text }, cause);
    }
  };

  /** A recording is made of the source that gives the picture, and waits while none does. */
  const tellRecording = (camera: CellView, cause?: string) => {
    const recording = cells.view({ kind: 'recording', id: camera.id });
    if (!recording || recording.tags.includes('over')) return;
    const { source } = sight<RecordingSight>(recording);
    const { active } = sight<CameraSight>(camera);
    if (camera.tags.includes('watchable') && source !== active) {
      tell('recording', camera.id, { type: 'camera.watchable', source: active }, cause);
    }
    if (source !== '' && camera.tags.includes('dark')) {
      tell('recording', camera.id, { type: 'camera.dark', detail: camera.why.text }, cause);
    }
  };

  /** A camera that is recorded is awake, though nobody watches it. */
  const recordingAudience = (recording: CellView, cause: string) => {
    countFor(recording.id, recording.id, recording.tags.includes('wanted'), cause);
    const camera = cells.view({ kind: 'camera', id: recording.id });
    if (camera) tellRecording(camera, cause);
  };

  /** The viewers and broadcasts of a camera that was taken out have nothing left to show. */
  const endShowsOf = (camera: Id, cause: string) => {
    for (const viewer of cells.list('viewer')) {
      if (viewer.tags.includes('open') && sight<ViewerSight>(viewer).camera === camera) {
        tell('viewer', viewer.id, { type: 'camera.removed' }, cause);
      }
    }
    for (const broadcast of broadcasts()) {
      if (sight<BroadcastSight>(broadcast).camera !== camera) continue;
      tell('broadcast', broadcast.id, { type: 'broadcast.stopped', by: 'the removal of its camera' }, cause);
    }
  };

  const loseIntake = (relay: CellView, cameras: string[], cause?: string) => {
    const event = { type: 'intake.lost', detail: `${relay.id}: ${relay.why.text}` };
    for (const camera of cameras) tell('camera', camera as Id, event, cause);
  };

  /** An intake that falls takes the picture of every camera that it pulled, though none of them has fallen itself. */
  const intakeLost = (relay: CellView, fact: Envelope) => {
    if (!CARRIED.has(String(fact.data.from))) return;
    const { moved, stuck } = leaveIntake(relay.id);
    loseIntake(relay, [...moved, ...stuck], fact.id);
  };

  /** An intake that shall be empty gives its cameras away, as far as another one can take them. */
  const emptyIntake = (relay: CellView, cause?: string) => {
    const emptied = ({ lost, stuck }: Emptied) => {
      loseIntake(relay, lost, cause);
      if (stuck.length === 0) tell('relay', relay.id, { type: 'relay.emptied' }, cause);
    };
    if (ways.emptyIntake) return void ways.emptyIntake(relay.id).then(emptied, onFault);
    const { moved, stuck } = leaveIntake(relay.id);
    emptied({ lost: moved, stuck });
  };

  /** An intake that serves takes the cameras of those that can't, or shall not. */
  const relieveOthers = (relay: CellView, cause: string) => {
    for (const other of cells.list('relay')) {
      if (!isIntake(other) || other.id === relay.id) continue;
      if (other.state === 'draining') emptyIntake(other, cause);
      if (isDeadOrOver(other)) loseIntake(other, leaveIntake(other.id).moved, cause);
    }
  };

  /** What a broadcast shows is the camera's picture, or its slate. */
  const showOnAir = (camera: CellView, cause: string) => {
    const picture = camera.tags.includes('watchable');
    for (const broadcast of broadcasts()) {
      const known = sight<BroadcastSight>(broadcast);
      if (known.camera !== camera.id || known.picture === picture) continue;
      tell('broadcast', broadcast.id, { type: 'camera.showing', picture, state: camera.state }, cause);
    }
  };

  /** What a dead relay pushed is pushed by another one, if any serves; otherwise it waits for this one. */
  const pushElsewhere = (dead: CellView, cause?: string) => {
    for (const broadcast of broadcasts()) {
      if (sight<BroadcastSight>(broadcast).relay !== dead.id) continue;
      const { relay, waits, why } = choosePusher(cells, broadcast.context.encoded ? ways.encodesAt : undefined);
      if (relay !== undefined && !waits)
        tell('broadcast', broadcast.id, { type: 'broadcast.moved', relay, why }, cause);
    }
  };

  /** What waits for a dead relay is pushed by one that serves. */
  const takeOverPushes = (cause: string) => {
    for (const relay of cells.list('relay')) if (isDeadOrOver(relay) && !isIntake(relay)) pushElsewhere(relay, cause);
  };

  /** Whoever a delivery relay carried, or would have, must go on elsewhere. */
  const tellCarried = (relay: CellView, reason: 'dead' | 'restarted', cause?: string) => {
    for (const viewer of cells.list('viewer')) {
      const { relay: seat, standby, legs, protocol } = sight<ViewerSight>(viewer);
      // HLS is served by the gateway; its ladder finds another relay by itself, and the past needs none.
      if (protocol === 'hls' || protocol === 'past') continue;
      const concerned = [seat, standby, ...Object.values(legs).map((leg) => leg.relay)].includes(relay.id);
      if (concerned && viewer.tags.includes('open')) {
        tell('viewer', viewer.id, { type: 'relay.lost', relay: relay.id, reason }, cause);
      }
    }
  };

  /** A delivery relay falls. */
  const deliveryLost = (relay: CellView, fact: Envelope) => {
    const dead = fact.type === 'signalbox.relay.dead';
    // Told already when it died; and who is at a relay that serves again by now may have come since.
    if (!dead && ['dead', 'starting', 'new'].includes(String(fact.data.from))) return;
    if (!relay.tags.includes('serving')) tellCarried(relay, dead ? 'dead' : 'restarted', fact.id);
  };

  /** A relay that is no more: whatever still names it goes on elsewhere. */
  const relayRemoved = (relay: CellView, from?: string, cause?: string) => {
    // It may have been made anew by now.
    if (!relay.tags.includes('over')) return;
    if (isIntake(relay)) {
      const { moved, stuck } = leaveIntake(relay.id);
      return loseIntake(relay, from !== undefined && CARRIED.has(from) ? [...moved, ...stuck] : moved, cause);
    }
    pushElsewhere(relay, cause);
    tellCarried(relay, 'dead', cause);
  };

  /** A relay that is drained for its viewers to leave is told when the last one has. */
  const lookWhoIsLeft = (cause?: string) => {
    const draining = cells.list('relay').filter((relay) => relay.state === 'draining' && !isIntake(relay));
    if (draining.length === 0) return;
    // Whoever only keeps a leg ready there, is about to close one or has gone away holds nobody up.
    const sessions = cells.list('viewer').filter(({ tags }) => tags.includes('open'));
    const carried = sessions
      .map((viewer) => sight<ViewerSight>(viewer))
      .filter(({ relay, legs }) => Object.values(legs).some((leg) => leg.relay === relay));
    const taken = new Set(carried.map(({ relay }) => relay));
    for (const { id } of draining) if (!taken.has(id)) tell('relay', id, { type: 'relay.emptied' }, cause);
  };

  recountAudiences(cells, onFault);
  // A gateway that ended may have left it half empty, or a relay was taken out while none was there.
  for (const relay of roster.list('relay')) {
    if (isIntake(relay) && relay.state === 'draining') emptyIntake(relay);
    relayRemoved(relay);
  }
  lookWhoIsLeft();
  for (const camera of cells.list('camera')) {
    tellLadder(camera);
    tellRecording(camera);
  }

  return roster.onFact((fact, view) => {
    if (view.kind === 'camera') {
      showOnAir(view, fact.id);
      tellLadder(view, fact.id);
      tellRecording(view, fact.id);
    }
    if (view.kind === 'recording') recordingAudience(view, fact.id);
    switch (fact.type) {
      case 'signalbox.viewer.admitted':
        ladderAudience(view, fact.id);
        return audience(view, 'audience.joined', fact.id);
      case 'signalbox.viewer.ended':
        audience(view, 'audience.left', fact.id);
        ladderAudience(view, fact.id);
        return lookWhoIsLeft(fact.id);
      case 'signalbox.broadcast.connecting':
        // An attempt more is no further audience.
        return fact.data.from === 'retrying' ? undefined : audience(view, 'audience.joined', fact.id);
      case 'signalbox.broadcast.stopped':
        return audience(view, 'audience.left', fact.id);
      case 'signalbox.viewer.moving':
        return ladderAudience(view, fact.id);
      case 'signalbox.viewer.moved':
      case 'signalbox.viewer.watching':
      case 'signalbox.viewer.connecting':
        ladderAudience(view, fact.id);
        return lookWhoIsLeft(fact.id);
      case 'signalbox.relay.draining':
        return isIntake(view) ? emptyIntake(view, fact.id) : lookWhoIsLeft(fact.id);
      case 'signalbox.relay.serving':
        return isIntake(view) ? relieveOthers(view, fact.id) : takeOverPushes(fact.id);
      case 'signalbox.camera.resized': {
        const { width, height } = fact.data;
        const recording = cells.view({ kind: 'recording', id: view.id });
        if (!recording?.tags.includes('wanted')) return;
        return tell('recording', view.id, { type: 'camera.resized', width, height }, fact.id);
      }
      case 'signalbox.camera.removed':
        return endShowsOf(view.id, fact.id);
      case 'signalbox.relay.dead':
        if (isIntake(view)) return intakeLost(view, fact);
        pushElsewhere(view, fact.id);
        return deliveryLost(view, fact);
      case 'signalbox.relay.removed':
        return relayRemoved(view, String(fact.data.from), fact.id);
      case 'signalbox.relay.starting':
        return isIntake(view) ? intakeLost(view, fact) : deliveryLost(view, fact);
    }
  });
}
