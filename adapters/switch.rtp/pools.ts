import { openSwitcherPool, type PoolOptions, type SwitcherHost, type SwitcherPool } from './pool.ts';
import type { CarryOrder, DropOrder } from './talk.ts';

/** What pools of several hosts need, and tell. */
export interface PoolsOptions extends Omit<PoolOptions, 'host' | 'carried'> {
  hosts: readonly SwitcherHost[];
  /** The host whose switchers carry a camera: that of the intake which pulls it. */
  hostOf(camera: string): string;
  /** The order by which a camera's program ends. */
  drop(camera: string): DropOrder;
}

/**
 * The switchers of all hosts as one pool. A camera is carried at one host at a time, the one where it is pulled: there
 * the sources are near. It has one program, so that wherever else a switcher carries it, as one does that was cut off
 * while its camera was moved, its program is ended there by who owns the camera, whose epoch is the highest.
 */
export function openSwitcherPools({ hosts, hostOf, drop, ...options }: PoolsOptions): SwitcherPool {
  const at = new Map<string, string>();
  const orders = new Map<string, () => CarryOrder>();
  const pools = new Map<string, SwitcherPool>();
  for (const host of hosts) {
    const pool = openSwitcherPool({
      ...options,
      host,
      carried(cameras) {
        for (const camera of cameras) {
          if (at.has(camera) && at.get(camera) !== host.name) pool.evict(camera, drop(camera));
        }
      },
    });
    pools.set(host.name, pool);
  }
  const poolOf = (camera: string): SwitcherPool | undefined => pools.get(at.get(camera) ?? '');
  /** Has it carried where it is pulled now. */
  const settle = (camera: string): SwitcherPool | undefined => {
    const host = hostOf(camera);
    const before = at.get(camera);
    if (before === host) return poolOf(camera);
    if (before !== undefined) {
      poolOf(camera)?.forget(camera, drop(camera));
      options.away(camera, `its switcher on ${before}`);
    }
    at.set(camera, host);
    const order = orders.get(camera);
    if (order) poolOf(camera)?.keep(camera, order);
    return undefined;
  };

  return {
    keep(camera, order) {
      orders.set(camera, order);
      settle(camera)?.keep(camera, order);
    },
    renew(camera) {
      if (orders.has(camera)) settle(camera)?.renew(camera);
    },
    send: (camera, order) => poolOf(camera)?.send(camera, order),
    evict(camera, order) {
      for (const pool of pools.values()) pool.evict(camera, order);
    },
    forget(camera, order) {
      poolOf(camera)?.forget(camera, order);
      at.delete(camera);
      orders.delete(camera);
    },
    close() {
      for (const pool of pools.values()) pool.close();
    },
  };
}
