import Type from 'typebox';

/** Why something changed: what set it off, the values that decided, and what was rejected. */
export const WhySchema = Type.Object(
  {
    trigger: Type.String({ description: 'the event or condition that set it off, for instance "source.silent"' }),
    text: Type.String({ description: 'one plain sentence for a person' }),
    reason: Type.Optional(Type.String({ description: 'a code to branch on, for instance "refused"' })),
    guard: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), { description: 'values that decided, units last' }),
    ),
    rejected: Type.Optional(
      Type.Array(Type.Object({ option: Type.String(), because: Type.String() }), {
        description: 'what else was possible, and why it was not taken',
      }),
    ),
  },
  { additionalProperties: false },
);
export type Why = Type.Static<typeof WhySchema>;
