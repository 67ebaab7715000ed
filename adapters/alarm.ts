import type { AlarmRang, AlarmSlot } from '../machines/slots.ts';
import type { Clock } from './clock.ts';

/** An alarm that is set. `dueMs` is monotonic. */
interface Alarm {
  dueMs: number;
  name: string;
  /** Undefined once it rang or was called off. */
  report: ((event: AlarmRang) => void) | undefined;
}

/** The longest wait that a timer of Node can hold; longer ones are armed again on the way. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** So that thousands that are due together don't hold up what else happens. */
const RINGS_PER_TURN = 500;

/**
 * Alarms on the monotonic clock. The time to wait is worked out once, when the alarm is set; whatever the machine's
 * clock does afterwards changes nothing, and one that was set back before a process took an alarm up makes nobody wait
 * longer than it had to when that was written down. What is overdue rings on the next turn of the event loop, never at once.
 * One timer serves all alarms: each viewer session holds one or two.
 */
export function alarmOn(clock: Clock, monotonicMs: () => number = () => performance.now()): AlarmSlot {
  const alarms = new EarliestFirst();
  let calledOff = 0;
  let timer: NodeJS.Timeout | undefined;
  let turn: NodeJS.Immediate | undefined;

  const arm = (): void => {
    clearTimeout(timer);
    const first = alarms.first();
    if (!first || turn) return;
    const leftMs = first.dueMs - monotonicMs();
    if (leftMs <= 0) turn = setImmediate(ringDue);
    // A timer may fire a fraction of a millisecond early, and is armed again then.
    else timer = setTimeout(arm, Math.min(Math.ceil(leftMs), LONGEST_TIMER_MS));
  };
  const ringDue = (): void => {
    turn = undefined;
    const nowMs = monotonicMs();
    for (let rings = 0; rings < RINGS_PER_TURN; rings++) {
      const first = alarms.first();
      if (!first || first.dueMs > nowMs) break;
      alarms.takeFirst();
      const { report } = first;
      first.report = undefined;
      if (report) report({ type: 'alarm.rang', name: first.name });
      else calledOff--;
    }
    arm();
  };

  return ({ name, at, asOf }, report) => {
    const waitMs = at - Math.max(clock.now(), asOf ?? Number.NEGATIVE_INFINITY);
    const alarm: Alarm = { dueMs: monotonicMs() + waitMs, name, report };
    alarms.add(alarm);
    if (alarms.first() === alarm) arm();
    const callOff = () => {
      if (!alarm.report) return;
      alarm.report = undefined;
      // Most alarms are called off long before their time; their places are cleared when they are the majority.
      if (++calledOff > 1000 && calledOff * 2 > alarms.size) {
        alarms.keep((one) => one.report !== undefined);
        calledOff = 0;
      }
    };
    return { release: callOff, detach: callOff };
  };
}

/** A binary heap: the earliest alarm is at hand, adding and taking cost the logarithm of how many there are. */
class EarliestFirst {
  private heap: Alarm[] = [];

  get size(): number {
    return this.heap.length;
  }

  first(): Alarm | undefined {
    return this.heap[0];
  }

  add(alarm: Alarm): void {
    this.heap.push(alarm);
    this.rise(this.heap.length - 1);
  }

  takeFirst(): void {
    const last = this.heap.pop();
    if (!last || this.heap.length === 0) return;
    this.heap[0] = last;
    this.sink(0);
  }

  keep(wanted: (alarm: Alarm) => boolean): void {
    // A sorted array is a heap.
    this.heap = this.heap.filter(wanted).sort((a, b) => a.dueMs - b.dueMs);
  }

  private due(place: number): number {
    return this.heap[place]?.dueMs ?? Number.POSITIVE_INFINITY;
  }

  private swap(a: number, b: number): void {
    const kept = this.heap[a] as Alarm;
    this.heap[a] = this.heap[b] as Alarm;
    this.heap[b] = kept;
  }

  private rise(place: number): void {
    const parent = (place - 1) >> 1;
    if (place === 0 || this.due(parent) <= this.due(place)) return;
    this.swap(parent, place);
    this.rise(parent);
  }

  private sink(place: number): void {
    const left = 2 * place + 1;
    const child = this.due(left + 1) < this.due(left) ? left + 1 : left;
    if (this.due(child) >= this.due(place)) return;
    this.swap(child, place);
    this.sink(child);
  }
}
