import { intakePath } from '../../../adapters/intake.mediamtx.ts';
import { type Endpoint, rtspAddress } from '../../../adapters/mediamtx/exchange.ts';
import type { PublishPlace } from '../../http/services.ts';
import type { RelayReach } from './relay-reach.ts';

/** Where programs that are no browsers reach the relays, under the name by which a client calls this machine. */
export interface ClientAddresses {
  /** Where a delivery relay offers a path over RTSP. */
  rtspAt(relay: string, path: string, called: string): string | undefined;
  /** Where a delivery relay offers SRT, if it does. */
  srtAt(relay: string, called: string): Endpoint | undefined;
  /** Where an intake takes a publisher of one source of a camera, if it does. */
  publishAt(intake: string, camera: string, source: string, called: string): PublishPlace | undefined;
}

/** Finds them among all relays, on whichever host. */
export function clientAddresses(relays: readonly RelayReach[]): ClientAddresses {
  const delivery = (relay: string) => relays.find(({ id, role }) => id === relay && role === 'delivery');
  return {
    rtspAt(relay, path, called) {
      const reach = delivery(relay);
      return reach && rtspAddress({ host: called, ...reach.offered }, path);
    },
    srtAt(relay, called) {
      const reach = delivery(relay);
      return reach?.srt && { host: called, ...reach.srt };
    },
    publishAt(intake, camera, source, called) {
      const reach = relays.find(({ id }) => id === intake);
      if (!reach?.rtmp) return undefined;
      const at = (offered: Omit<Endpoint, 'host'>): Endpoint => ({ host: called, ...offered });
      return {
        ...{ relay: reach.id, path: intakePath(camera, source) },
        ...{ rtsp: at(reach.offered), rtmp: at(reach.rtmp) },
        ...(reach.srt ? { srt: at(reach.srt) } : {}),
      };
    },
  };
}
