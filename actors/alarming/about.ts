import type { Trouble } from '../../bus/events/alarm.ts';
import type { CameraSettings } from '../../bus/events/camera.ts';
import type { Id } from '../../bus/identity.ts';
import type { BroadcastContext } from '../../machines/broadcast/context.ts';
import type { RecordingContext } from '../../machines/recording.ts';
import type { Cells, CellView } from '../cells.ts';
import { incidentOf } from '../emergency/running.ts';

/** What an alarm says of the thing that it is about, beside what is wrong with it. */
export type Named = Pick<Trouble, 'about' | 'title' | 'cameras' | 'zone'>;

/** What a person calls a camera. */
function nameOf(cells: Pick<Cells, 'view'>, camera: string): string {
  const { name } = (cells.view({ kind: 'camera', id: camera as Id })?.context.settings ??
    {}) as Partial<CameraSettings>;
  return name ?? camera;
}

/** A cell as an alarm names it; undefined where alarms are about no such cell. */
export function namedBy(cells: Pick<Cells, 'view'>, view: CellView): Named | undefined {
  const { id, context } = view;
  switch (view.kind) {
    case 'camera': {
      const { zone = '' } = (context.settings ?? {}) as Partial<CameraSettings>;
      return { about: { kind: 'camera', id }, title: nameOf(cells, id), cameras: [id], zone };
    }
    case 'relay':
      return { about: { kind: 'relay', id }, title: `Relay ${id}`, cameras: [], zone: '' };
    case 'broadcast': {
      const { camera, destination, zone } = context as unknown as BroadcastContext;
      const title = `${nameOf(cells, camera)} to ${destination}`;
      return { about: { kind: 'broadcast', id }, title, cameras: [camera], zone };
    }
    case 'incident': {
      const { drill, reason, cameras, zone } = incidentOf(view);
      return { about: { kind: 'incident', id }, title: `${drill ? 'Drill' : 'Emergency'}: ${reason}`, cameras, zone };
    }
    case 'recording': {
      const { zone } = context as unknown as RecordingContext;
      return { about: { kind: 'recording', id }, title: `Recording of ${nameOf(cells, id)}`, cameras: [id], zone };
    }
    default:
      return undefined;
  }
}

/** A gateway as an alarm names it. */
export const namedGateway = (node: string): Named => ({
  about: { kind: 'gateway', id: node },
  title: `Gateway ${node}`,
  cameras: [],
  zone: '',
});
