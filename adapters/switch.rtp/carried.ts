import type { LinkMessage } from '../../bus/carriers/link.ts';
import { ShapeError } from '../../bus/shape.ts';
import type { KeptConnections } from './kept-connections.ts';
import { keepProgram, type Program } from './program.ts';
import {
  type CarryOrder,
  carryOrder,
  type DepartOrder,
  type DeparturesOrder,
  type DropOrder,
  departOrder,
  departuresOrder,
  dropOrder,
  MAX_CAMERAS,
  type MeasureOrder,
  measureOrder,
  type Rate,
  type Told,
} from './talk.ts';

/** Tells every gateway that listens, with the payload of a key frame. */
export type Tell = (message: Told, payload?: Buffer) => void;

/** The cameras that this switcher carries. */
export interface Carried {
  /** Obeys an order; what can't be obeyed is refused to `answer`, whoever gave it. */
  hear(message: LinkMessage, answer: Tell): void;
  cameras(): string[];
  rates(atMs: number): Rate[];
  report(atMs: number, wallMs: number): void;
  close(): void;
}

/** Fences of cameras let go that are remembered: far more than one switcher ever carries. */
const MAX_EPOCHS = 1_000;

/**
 * @param tell reports of the programs go here
 * @param kept what the process before this one published
 */
export function createCarried(tell: Tell, kept: KeptConnections): Carried {
  const programs = new Map<string, Program>();
  /** Per camera the highest epoch seen: whoever orders with a lower one has lost the camera to another. */
  const epochs = new Map<string, number>();

  const fenced = ({ camera, epoch }: Pick<CarryOrder, 'camera' | 'epoch'>, answer: Tell): boolean => {
    const highest = epochs.get(camera) ?? 0;
    if (epoch < highest) {
      const text = `epoch ${epoch} is over: ${camera} is commanded under epoch ${highest}`;
      answer({ type: 'refused', camera, reason: 'epoch', text });
      return true;
    }
    epochs.delete(camera);
    epochs.set(camera, epoch);
    for (const [oldest] of epochs) {
      if (epochs.size <= MAX_EPOCHS) break;
      if (!programs.has(oldest)) epochs.delete(oldest);
    }
    return false;
  };

  const carry = (order: CarryOrder, answer: Tell) => {
    if (fenced(order, answer)) return;
    const { camera } = order;
    const present = programs.get(camera);
    if (present) {
      present.adjust(order);
    } else if (programs.size >= MAX_CAMERAS) {
      const text = `this switcher carries ${MAX_CAMERAS} cameras already; ask another`;
      return answer({ type: 'refused', camera, reason: 'full', text });
    } else {
      programs.set(
        camera,
        keepProgram(
          order,
          {
            told: tell,
            keyFrame: (source, codec, annexB) => tell({ type: 'keyframe', camera, source, codec }, annexB),
          },
          kept,
        ),
      );
    }
    for (const standing of programs.get(camera)?.standings() ?? []) answer(standing);
  };

  const drop = (order: DropOrder, answer: Tell) => {
    if (fenced(order, answer)) return;
    programs.get(order.camera)?.close();
    programs.delete(order.camera);
  };

  const prepare = (order: DeparturesOrder, answer: Tell) => {
    if (!fenced(order, answer)) programs.get(order.camera)?.departures(order.items);
  };

  const depart = (order: DepartOrder, answer: Tell) => {
    if (!fenced(order, answer)) programs.get(order.camera)?.depart(order.id, order.rung);
  };

  const measure = ({ camera }: MeasureOrder, answer: Tell) => {
    const measured = programs.get(camera)?.measured();
    answer({ type: 'measured', camera, ...(measured ? { measured } : {}) });
  };

  return {
    hear(message, answer) {
      try {
        if (message.type === 'carry') carry(carryOrder.parse(message), answer);
        if (message.type === 'departures') prepare(departuresOrder.parse(message), answer);
        if (message.type === 'depart') depart(departOrder.parse(message), answer);
        if (message.type === 'measure') measure(measureOrder.parse(message), answer);
        if (message.type === 'drop') drop(dropOrder.parse(message), answer);
      } catch (error) {
        if (!(error instanceof ShapeError)) throw error;
        answer({ type: 'refused', camera: String(message.camera), reason: 'order', text: error.message });
      }
    },
    cameras: () => [...programs.keys()],
    rates: (atMs) => [...programs.values()].map((program) => program.rate(atMs)),
    report(atMs, wallMs) {
      for (const program of programs.values()) program.report(atMs, wallMs);
    },
    close() {
      for (const program of programs.values()) program.close();
      programs.clear();
    },
  };
}
