import type { Why } from '../../bus/events/why.ts';

/** Somebody who publishes a source of a camera now. */
export interface PublisherStanding {
  intake: string;
  source: string;
  /** Epoch ms since when. */
  since: number;
  /** The newest publisher of this source wins; otherwise the first one stays. */
  takeover: boolean;
  /** Their intake carries media, and nobody wants it empty. */
  wanted: boolean;
}

/** What becomes of the publishers of a camera. */
export interface PublishersChoice {
  /** The intake at which the camera is from now on. */
  intake: string;
  /** Those who publish where the camera is not: cut, their clients ask anew and are told where it is. */
  cut: PublisherStanding[];
  why: Why;
}

const trigger = 'publishing';

/** Who wins among those who publish one source: the newest or the first, as that source says. */
const ahead = (one: PublisherStanding, other: PublisherStanding): number =>
  one.takeover ? other.since - one.since : one.since - other.since;

/**
 * Says at which intake a camera is that somebody publishes. It stays where it is while anybody publishes there, but for a
 * newer publisher of a source whose newest wins; where nobody does, it goes to whoever publishes elsewhere, as one does
 * who was told an address before the camera was moved. A camera is at one intake, so that all others are cut, though not
 * in the moment in which it goes: the picture is led over first.
 * @param present the intake at which it is
 * @param publishers everybody who publishes it, those of the preferred source first
 */
export function settlePublishers(present: string, publishers: readonly PublisherStanding[]): PublishersChoice {
  const here = publishers.filter(({ intake }) => intake === present);
  const elsewhere = publishers.filter(({ intake }) => intake !== present);
  const [first] = elsewhere.filter(({ wanted }) => wanted);
  const winner = elsewhere.filter(({ wanted, source }) => wanted && source === first?.source).toSorted(ahead)[0];
  if (here.length === 0 && winner) {
    const text = `${winner.intake} has its publisher, and ${present || 'no other intake'} has none`;
    return { intake: winner.intake, cut: [], why: { trigger, reason: 'followed', text } };
  }
  const newer = elsewhere
    .filter(({ wanted, takeover }) => wanted && takeover)
    .filter(({ source, since }) => here.some((one) => one.source === source && one.since < since))
    .toSorted(ahead)[0];
  if (newer) {
    const text = `${newer.intake} has a newer publisher of source ${newer.source}, whose newest wins`;
    return { intake: newer.intake, cut: [], why: { trigger, reason: 'takeover', text } };
  }
  if (elsewhere.length === 0) return { intake: present, cut: [], why: { trigger, text: `${present} has it` } };
  const text = here.length > 0 ? `${present} has its publisher already` : `${present} takes its publishers now`;
  return { intake: present, cut: elsewhere, why: { trigger, reason: 'other-intake', text } };
}
