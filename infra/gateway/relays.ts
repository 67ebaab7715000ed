import { isDeepStrictEqual } from 'node:util';
import type { Cells } from '../../actors/cells.ts';
import type { RelayRole } from '../../bus/events/relay.ts';
import { type Id, id } from '../../bus/identity.ts';
import type { Address } from '../../bus/subjects.ts';
import { judgeListing } from '../../machines/policy/listing.ts';
import type { RelayContext } from '../../machines/relay/context.ts';
import type { Config, ConfiguredRelay } from '../config/model.ts';
import type { Group } from '../group.ts';

/** Who has a relay drained whose settings say so. */
const BY_FILE = 'the configuration';

/** What says which relays there should be. */
export interface RelayLists {
  /** Which ones run was decided at the start. */
  group: Pick<Group, 'relays' | 'remoteRelays'>;
  /** What is listed, and known of them, may have changed since. */
  config: Pick<Config, 'relays' | 'limits'>;
  /** When that was saved (epoch ms); undefined where no other machine has a file of its own. */
  savedAt: number | undefined;
}

/**
 * Has the relays that are listed and run configured, and those that are not listed removed.
 * @param belongsHere which cells are this gateway's to care for; the others' are theirs
 * @param start has the process of one run that comes back; it may have ended since it was removed
 */
export async function settleRelays(
  cells: Cells,
  belongsHere: (at: Address) => boolean,
  { group, config, savedAt }: RelayLists,
  start: (relay: string) => Promise<void> = async () => {},
): Promise<void> {
  const places = [...group.relays, ...group.remoteRelays];
  const running = new Map<string, RelayRole>(places.map((one) => [one.id, one.role]));
  // Whether the switcher feeds it was decided at the start as well.
  const pulls = new Map(places.map((one) => [one.id, one.pull]));
  const listed = new Map<string, ConfiguredRelay>(config.relays.map((one) => [one.id, one]));
  const saved = savedAt === undefined ? {} : { saved_at: savedAt };

  const configure = async (at: Address, role: RelayRole, said: ConfiguredRelay): Promise<void> => {
    const { region, weight, maxReaders: max_readers } = said;
    const pull = pulls.get(at.id);
    const more = { ...(max_readers ? { max_readers } : {}), ...(pull ? { pull } : {}) };
    const event = { type: 'relay.configured', role, region, weight, ...more, ...saved };
    const view = cells.view(at);
    const known = view && !view.tags.includes('over') ? (view.context as unknown as RelayContext) : undefined;
    const same =
      known &&
      known.leavingAt === undefined &&
      isDeepStrictEqual(
        [known.region, known.weight, known.max_readers, known.pull],
        [region, weight, max_readers, pull],
      );
    if (view && !known) await start(at.id);
    if (!same) await (known ? cells.offer(at, event) : cells.create(at, event));
    // Whoever had it drained before it was taken out has that no more.
    const drain = known?.leavingAt === undefined ? known?.drain : undefined;
    if (said.drain && !drain) await cells.offer(at, { type: 'relay.drain', by: BY_FILE });
    if (!said.drain && drain?.by === BY_FILE) await cells.offer(at, { type: 'relay.resume', by: BY_FILE });
  };

  const settle = async (relay: Id): Promise<void> => {
    const at = { kind: 'relay' as const, id: relay };
    if (!belongsHere(at)) return;
    const view = cells.view(at);
    const { leavingAt, savedAt: before } = (view?.context ?? {}) as Partial<RelayContext>;
    const role = running.get(relay);
    const said = listed.get(relay);
    const { act } = judgeListing({
      listed: said !== undefined,
      runs: role !== undefined,
      replaced: [...running].some(([other, its]) => other !== relay && its === role && listed.has(other)),
      savedAt,
      cell: view && { over: view.tags.includes('over'), leaving: leavingAt !== undefined, savedAt: before },
    });
    if (act === 'configure' && role && said) await configure(at, role, said);
    if (act !== 'remove') return;
    const grace_ms = config.limits.relayGraceMs;
    await cells.offer(at, { type: 'relay.removed', runs: role !== undefined, grace_ms, ...saved });
  };

  const known = cells.list('relay').map((view) => view.id);
  for (const relay of new Set([...[...running.keys()].map(id), ...known])) await settle(relay);
}
