import type { Cells, CellView } from '../../actors/cells.ts';
import type { AlarmContext } from '../../machines/alarm.ts';
import type { BroadcastContext } from '../../machines/broadcast/context.ts';
import type { CameraContext } from '../../machines/camera/context.ts';
import type { IncidentContext } from '../../machines/incident.ts';
import type { PtzContext } from '../../machines/ptz.ts';
import type { RecordingContext } from '../../machines/recording.ts';
import type { RelayContext } from '../../machines/relay/context.ts';
import type { RenditionContext } from '../../machines/rendition/context.ts';
import type { SoundContext } from '../../machines/sound/context.ts';
import type { ViewerContext } from '../../machines/viewer/context.ts';

/** What a camera cell knows. */
export const cameraOf = (view: CellView): CameraContext => view.context as unknown as CameraContext;
/** What a viewer cell knows. */
export const viewerOf = (view: CellView): ViewerContext => view.context as unknown as ViewerContext;
/** What a relay cell knows. */
export const relayOf = (view: CellView): RelayContext => view.context as unknown as RelayContext;

/** What a broadcast cell knows. */
export const broadcastOf = (view: CellView): BroadcastContext => view.context as unknown as BroadcastContext;

/** What an incident cell knows. */
export const incidentOf = (view: CellView): IncidentContext => view.context as unknown as IncidentContext;

/** What a recording cell knows. */
export const recordingOf = (view: CellView): RecordingContext => view.context as unknown as RecordingContext;

/** What a PTZ cell knows. */
export const ptzOf = (view: CellView): PtzContext => view.context as unknown as PtzContext;

/** What an alarm cell knows. */
export const alarmOf = (view: CellView): AlarmContext => view.context as unknown as AlarmContext;

/** What a rendition cell knows. */
export const renditionOf = (view: CellView): RenditionContext => view.context as unknown as RenditionContext;

/** What a sound cell knows. */
export const soundOf = (view: CellView): SoundContext => view.context as unknown as SoundContext;

export const zoneOf = (view: CellView): string => cameraOf(view).settings?.zone ?? '';
export const isOver = (view: CellView): boolean => view.tags.includes('over');
/** The relays that there are: those that were taken out of the configuration are shown to who asks for their past alone. */
export const presentRelays = (cells: Pick<Cells, 'list'>): CellView[] =>
  cells.list('relay').filter((view) => !isOver(view));
export const isOpen = (view: CellView): boolean => view.tags.includes('open');
