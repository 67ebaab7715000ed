import Type from 'typebox';

/**
 * How far somebody may look back into recordings: a time that moves on with the clock, or a moment that stands. Without
 * either, as far as there is anything.
 */
export const HistorySchema = Type.Union(
  [
    Type.Object(
      {
        last_ms: Type.Integer({
          minimum: 1,
          description: 'only so long before now: what was permitted then is not later',
        }),
      },
      { additionalProperties: false },
    ),
    Type.Object(
      { since: Type.Number({ minimum: 0, description: 'epoch ms: nothing from before it' }) },
      { additionalProperties: false },
    ),
  ],
  { description: 'how far back recordings may be looked at; absent: as far as there is anything' },
);
export type History = Type.Static<typeof HistorySchema>;

/** The same as somebody says it who grants something: `since_grant` stands for the moment of the grant. */
export const HistoryWishSchema = Type.Union([...HistorySchema.anyOf, Type.Literal('since_grant')], {
  description: 'how far back recordings may be looked at; since_grant: only what was recorded since this grant',
});
export type HistoryWish = Type.Static<typeof HistoryWishSchema>;
