import Type from 'typebox';
import { type Of, shape } from './shape.ts';
import type { Address } from './subjects.ts';

/**
 * A fact as it is told: a CloudEvents 1.0 JSON event with the extensions `causeid` and `version`
 * (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md).
 */
export const envelope = shape(
  'event envelope',
  Type.Object({
    specversion: Type.Literal('1.0'),
    id: Type.String({ description: 'unique with source; also the message id, so a retry is no duplicate' }),
    source: Type.String({ description: '/gateways/NODE' }),
    type: Type.String({ description: 'signalbox.camera.live' }),
    subject: Type.String({ description: 'camera/cam_001' }),
    time: Type.String({ description: 'RFC 3339, when it happened' }),
    datacontenttype: Type.Literal('application/json'),
    data: Type.Record(Type.String(), Type.Unknown()),
    causeid: Type.Optional(Type.String({ description: 'id of the event that led to this one' })),
    version: Type.Integer({ minimum: 1, description: 'version of the machine that said it' }),
  }),
);
export type Envelope = Of<typeof envelope>;

/** A fact as its cell says it, before it is wrapped. `type` is `camera.live`. */
export interface Fact {
  id: string;
  type: string;
  at: number;
  cause?: string;
  data: Record<string, unknown>;
}

/**
 * Wraps a fact for the bus.
 * @param node the gateway that tells it
 * @param version the machine's version
 */
export function wrap(fact: Fact, from: Address, node: string, version: number): Envelope {
  return {
    specversion: '1.0',
    id: fact.id,
    source: `/gateways/${node}`,
    type: `signalbox.${fact.type}`,
    subject: `${from.kind}/${from.id}`,
    time: new Date(fact.at).toISOString(),
    datacontenttype: 'application/json',
    data: fact.data,
    ...(fact.cause ? { causeid: fact.cause } : {}),
    version,
  };
}
