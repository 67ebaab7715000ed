import type { JournalRecord } from './ports/journal.ts';

/**
 * Version 1 of a camera knew one source, the first: what is heard names it from version 2 on, and what its switcher
 * did by itself then is said as version 2 hears it.
 */
export function cameraFrom1(record: JournalRecord): JournalRecord {
  const after = record.after as Old;
  const { active } = after.context;
  return {
    ...record,
    version: 2,
    heard: record.heard.flatMap((heard) => {
      const program = programHeard(heard);
      const named = NAMELESS.has(heard.type) ? { ...heard, source: active } : heard;
      return program ? [named, { ...program, id: `${heard.id}-program`, at: heard.at, cause: heard.id }] : [named];
    }),
    after: snapshotFrom1(after),
  };
}

/** A record of version 1 as it was written. */
interface Old {
  status: string;
  value: string | { awake: { keep: string; picture: OldPicture } };
  context: OldContext;
}
type OldPicture =
  | 'quarantined'
  | { dark: string }
  | { pulled: 'opening' | 'unpublished' | 'stalled' | { flowing: 'live' | 'frozen' } };
interface OldContext {
  id: string;
  settings?: { name: string; eye: boolean; sources: { id: string; url: string; credential?: string }[] };
  active: string;
  state: string;
  since: number;
  why: object;
  codec?: string;
  audio?: string;
  width?: number;
  height?: number;
  audience: string[];
  lostAt?: number;
  falls: number[];
  quarantines: number;
  attempts: number;
  deadline: number;
  lingerUntil: number;
}

/** Events that did not name the source that they were about. */
const NAMELESS = new Set(['probe.answered', 'probe.failed', 'intake.refused']);

/** With one source the program followed it. */
function programHeard({ type, ...heard }: JournalRecord['heard'][number]): { type: string } | undefined {
  const times = { detect_ms: 0, gap_ms: 0 };
  switch (type) {
    case 'source.flowing':
      return {
        type: 'program.switched',
        ...{ source: heard.source, from: '', trigger: 'first', how: 'clean' },
        ...times,
      };
    case 'source.ended':
      return { type: 'program.holding', ...{ from: heard.source, trigger: 'ended', detect_ms: 0 } };
    case 'source.silent':
      return { type: 'program.holding', ...{ from: heard.source, trigger: 'silent', detect_ms: heard.silent_ms } };
    default:
      return undefined;
  }
}

/** Where the one source stood, and what was seen of the camera. */
function partsOf(picture: OldPicture): { source: object | string; standing: string; seen: object | string } {
  if (picture === 'quarantined') return { source: picture, standing: picture, seen: picture };
  if ('dark' in picture) return { source: { knocking: picture.dark }, standing: picture.dark, seen: picture.dark };
  const { pulled } = picture;
  if (pulled === 'opening') return { source: { pulled }, standing: pulled, seen: 'connecting' };
  if (pulled === 'stalled') return { source: { pulled: 'silent' }, standing: 'silent', seen: pulled };
  const seen = pulled === 'unpublished' ? pulled : { carried: pulled.flowing };
  return { source: { pulled: 'flowing' }, standing: 'flowing', seen };
}

const child = (src: string, input: object) => ({ src, syncSnapshot: false, snapshot: { status: 'active', input } });

/** The slots that are invoked for the one source. */
function slotsOf(source: object | string, { id, settings, active, deadline }: OldContext): Record<string, object> {
  const own = settings?.sources.find((candidate) => candidate.id === active);
  const place = settings?.sources.findIndex((candidate) => candidate.id === active) ?? 0;
  if (!own) return {};
  const { url, credential } = own;
  const address = { source: active, url, ...(credential ? { credential } : {}) };
  const alarm = (name: string) => ({
    [`${name}.${place}`]: child('alarm', { name: `${name}:${active}`, at: deadline }),
  });
  if (source === 'quarantined') return alarm('quarantine');
  if (typeof source === 'string') return {};
  if ('knocking' in source) {
    const knocks = { everyMs: 200, unauthorizedEveryMs: 60_000, firstAfterMs: 0 };
    return { [`probe.${place}`]: child('probe', { ...address, ...knocks }) };
  }
  const intake = { [`intake.${place}`]: child('intake', { camera: id, ...address }) };
  const { pulled } = source as { pulled: string };
  if (pulled === 'opening') return { ...intake, ...alarm('opening') };
  return pulled === 'silent' ? { ...intake, ...alarm('silence') } : intake;
}

/** A snapshot that a camera of version 2 goes on from. Its further sources are asked as soon as it hears anything. */
function snapshotFrom1({ status, value, context }: Old): object {
  const { codec, audio, width, height, falls, quarantines, attempts, deadline, ...kept } = context;
  const { id, settings, active, state, since, why, lingerUntil } = kept;
  const common = { status, historyValue: {} };
  const fresh = { ...kept, fed: false, standings: {}, chosenAt: since };
  if (typeof value === 'string') return { ...common, value, context: fresh, children: {} };
  const { keep, picture } = value.awake;
  const { source, standing, seen } = partsOf(picture);
  const known = { ...(codec ? { codec } : {}), ...(audio ? { audio } : {}), ...(width ? { width, height } : {}) };
  const counts = { falls, lapses: [], quarantines, attempts, deadline, frozen: state === 'frozen' };
  const sources = settings?.sources ?? [];
  const places = Array.from({ length: 8 }, (_, place) => [
    `source${place}`,
    sources[place]?.id === active ? source : 'absent',
  ]);
  const ids = sources.map((one) => one.id);
  const camera = { camera: id, name: settings?.name ?? id };
  return {
    ...common,
    value: {
      awake: { keep, program: 'held', sources: Object.fromEntries(places), selection: 'none', picture: seen },
    },
    context: {
      ...fresh,
      fed: standing === 'flowing',
      standings: { [active]: { state: standing, since, why, ...counts, ...known } },
    },
    children: {
      program: child('program', { ...camera, sources: ids, silentMs: 900 }),
      ...(keep === 'lingering' ? { linger: child('alarm', { name: 'linger', at: lingerUntil }) } : {}),
      ...(typeof seen === 'object'
        ? { eye: child('eye', { camera: id, stillMs: 7_500, enabled: settings?.eye ?? false }) }
        : {}),
      ...slotsOf(source, context),
    },
  };
}

/** Version 6 of a camera has the places beyond the second together: until then each of them was there in every camera. */
export function cameraFrom5(record: JournalRecord): JournalRecord {
  const after = record.after as { value: string | { awake: { sources: Record<string, unknown> } } };
  if (typeof after.value === 'string') return { ...record, version: 6 };
  const { source0, source1, ...others } = after.value.awake.sources;
  const further = others.source2 === 'absent' ? 'none' : { some: others };
  const awake = { ...after.value.awake, sources: { source0, source1, further } };
  return { ...record, version: 6, after: { ...after, value: { awake } } };
}
