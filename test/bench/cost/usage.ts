import { readdirSync, readFileSync } from 'node:fs';
import { descendants } from '../../fixtures/launcher/start.ts';

/** What a role's processes used over a window. */
export interface Used {
  /** Percent of one core, user and system. */
  cpu: number;
  /** Resident at the window's end. */
  rssBytes: number;
  processes: number;
}

/** What the processes of one role are at an instant. */
interface Sample {
  /** Ticks by pid. */
  ticks: Map<number, number>;
  /** Ticks of children that ended, by the pid that waited for them. */
  buried: Map<number, number>;
  rssBytes: number;
}

/** Linux counts processor time in hundredths of a second for every program, whatever the kernel's own clock. */
const TICKS_PER_SECOND = 100;
/** Fields of /proc/PID/stat, counted from the one after the name. */
const FIELD = { user: 11, system: 12, childUser: 13, childSystem: 14 };

const statOf = (pid: number): { ticks: number; buried: number } => {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const at = (index: number) => fields[index] ?? 0;
  return {
    ticks: at(FIELD.user) + at(FIELD.system),
    buried: at(FIELD.childUser) + at(FIELD.childSystem),
  };
};

/** Processor time of processes by now, in seconds. */
export const processorSeconds = (pids: number[]): number =>
  pids.reduce((sum, pid) => sum + statOf(pid).ticks, 0) / TICKS_PER_SECOND;

const rssOf = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;

function sample(pids: number[]): Sample {
  const taken: Sample = { ticks: new Map(), buried: new Map(), rssBytes: 0 };
  for (const pid of pids) {
    const { ticks, buried } = statOf(pid);
    taken.ticks.set(pid, ticks);
    taken.buried.set(pid, buried);
    taken.rssBytes += rssOf(pid);
  }
  return taken;
}

/** Children may end while we look. */
function sampleLiving(pids: number[]): Sample {
  const taken = pids.flatMap((pid) => {
    try {
      return [sample([pid])];
    } catch {
      return [];
    }
  });
  return {
    ticks: new Map(taken.flatMap(({ ticks }) => [...ticks])),
    buried: new Map(),
    rssBytes: taken.reduce((sum, { rssBytes }) => sum + rssBytes, 0),
  };
}

const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);

/** The pids behind each role. */
export type Roles = Map<string, number[]>;

/** What stands after a role's name for the programs that its processes started. */
export const CHILDREN = ' children';

/**
 * Starts a window over the processes of every role. What they started themselves counts apart, as `ROLE children`.
 * @returns closes the window. It throws when a process of a role was replaced meanwhile.
 */
export function openWindow(roles: Roles, withChildren: readonly string[]): () => Map<string, Used> {
  if (!readdirSync('/').includes('proc'))
    throw new Error('processor time by process is read from /proc: run it on Linux');
  const look = () => {
    const at = performance.now();
    const own = new Map([...roles].map(([role, pids]) => [role, sample(pids)]));
    const children = new Map(
      withChildren.map((role) => [role, sampleLiving((roles.get(role) ?? []).flatMap(descendants))]),
    );
    return { at, own, children };
  };
  const before = look();
  return () => {
    const after = look();
    const seconds = (after.at - before.at) / 1000;
    const percent = (ticks: number) => (ticks / TICKS_PER_SECOND / seconds) * 100;
    const used = new Map<string, Used>();
    for (const [role, now] of after.own) {
      const then = before.own.get(role) as Sample;
      const ticks = sum(now.ticks.values()) - sum(then.ticks.values());
      used.set(role, { cpu: percent(ticks), rssBytes: now.rssBytes, processes: now.ticks.size });
      const [young, old] = [after.children.get(role), before.children.get(role)];
      if (!young || !old) continue;
      let grown = 0;
      for (const [pid, count] of young.ticks) grown += count - (old.ticks.get(pid) ?? 0);
      // One that ended meanwhile is in its parent's account, with what it had used before the window.
      const ended = [...old.ticks].filter(([pid]) => !young.ticks.has(pid)).map(([, count]) => count);
      grown += sum(now.buried.values()) - sum(then.buried.values()) - sum(ended);
      used.set(role + CHILDREN, { cpu: percent(grown), rssBytes: young.rssBytes, processes: young.ticks.size });
    }
    return used;
  };
}
