import type { PublishedBy, Publisher, PublishingEnd } from '../../bus/events/camera.ts';
import type { Why } from '../../bus/events/why.ts';
import { factOf, machine } from './parts.ts';

const NETWORKS: Record<PublishedBy['network'], string> = {
  'this-machine': 'this machine',
  private: 'a private network',
  public: 'a public network',
  unknown: 'an unknown network',
};
const ENDS: Record<PublishingEnd, string> = {
  left: 'its connection ended',
  revoked: 'its right to publish was taken back',
  replaced: 'a newer publisher took its place',
};

const shown = ({ person, protocol, network, since }: PublishedBy): Publisher => ({ person, protocol, network, since });

const cameText = ({ person, protocol, network }: PublishedBy): string =>
  `${person} publishes over ${protocol.toUpperCase()} from ${NETWORKS[network]}`;

/** Notes who sends a source, or sends it no more, and says so; the picture itself is told by the source. */
export const notePublisher = machine.enqueueActions(({ context, event, enqueue }) => {
  if (event.type !== 'publisher.came' && event.type !== 'publisher.left') return;
  const { [event.source]: before, ...others } = context.publishers ?? {};
  const publishing = event.type === 'publisher.came';
  const who = publishing ? event.publisher : before;
  if (!who) return;
  const why: Why = publishing
    ? { trigger: event.type, text: cameText(who) }
    : { trigger: event.type, reason: event.reason, text: `${who.person} publishes no more: ${ENDS[event.reason]}` };
  enqueue.assign({ publishers: publishing ? { ...others, [event.source]: who } : others });
  if (publishing && context.misplaced?.source === event.source) enqueue.assign({ misplaced: undefined });
  enqueue.emit({
    type: 'camera.publisher',
    data: {
      ...factOf(context, context.state, context.since),
      ...{ why, source: event.source, publishing, publisher: shown(who) },
    },
  });
});

/** Somebody sent a source to another intake, and was cut: says where they went, where it belongs, and how to get there. */
export const noteMisplaced = machine.enqueueActions(({ context, event, enqueue }) => {
  if (event.type !== 'publisher.misplaced') return;
  const { source, publisher, intake, own, because, at } = event;
  const why: Why = {
    trigger: event.type,
    reason: 'other-intake',
    text: `${cameText(publisher)} to ${intake}, and was cut: ${because}. POST /publish/${context.id} tells the address at ${own}`,
    guard: { intake, own },
  };
  const told = { source, intake, publisher: shown(publisher), why };
  enqueue.assign({ misplaced: { ...told, at } });
  enqueue.emit({ type: 'camera.misplaced', data: { ...factOf(context, context.state, context.since), ...told } });
});
