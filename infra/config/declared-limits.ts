import Type from 'typebox';
import { closed, count, duration } from './grammar.ts';

/** How much of what there may be. */
export const LimitsSchema = Type.Object(
  {
    sessions_per_subject: count(20, 100_000, 'viewer sessions that one subject may hold'),
    adaptive_peers: Type.Integer({
      minimum: 0,
      maximum: 256,
      expects: 'a whole number from 0 to 256',
      default: 8,
      description: 'viewers whom no rung suits and who get VP8 encoded for them alone; 0: nobody',
    }),
    adaptive_cores: Type.Optional(
      Type.Number({
        minimum: 0.1,
        maximum: 256,
        expects: 'a number from 0.1 to 256',
        description: 'processor cores that they may use together; half of all unless said, one at least',
      }),
    ),
    encoders: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 10_000,
        expects: 'a whole number from 1 to 10000',
        description: 'FFmpegs that may encode at a time; cameras in an emergency come first',
      }),
    ),
    relay_grace: duration('60s', 'for how long a relay that was taken out waits for viewers who can’t be moved'),
    settled: duration(
      '30s',
      'for how long a relay has served, and a viewer stayed, before he is moved for balance alone',
    ),
    egress_kbps: Type.Optional(
      Type.Integer({
        minimum: 100,
        maximum: 100_000_000,
        expects: 'kilobits a second, from 100 to 100000000',
        description: 'what one delivery relay may send to viewers and destinations; cameras in an emergency come first',
      }),
    ),
  },
  closed,
);
