import Type from 'typebox';
import { envelope } from './envelope.ts';
import { IdSchema } from './identity.ts';
import { shape } from './shape.ts';
import { KINDS } from './subjects.ts';

/**
 * What every program that folds a journal record takes for granted of it, whatever machine and version wrote it; what
 * the machine heard is its own to understand.
 */
export const RecordSchema = Type.Object({
  id: Type.String({ minLength: 1 }),
  kind: Type.Enum([...KINDS]),
  cell: IdSchema,
  incarnation: Type.String({ minLength: 1 }),
  version: Type.Integer({ minimum: 1 }),
  node: Type.String(),
  heard: Type.Array(Type.Object({ type: Type.String({ minLength: 1 }), at: Type.Number() })),
  said: Type.Array(envelope.schema),
  after: Type.Object({
    value: Type.Unknown(),
    context: Type.Object({ state: Type.String(), since: Type.Number() }),
  }),
});

/** A journal record as it is read from a store or a file. */
export const recordShape = shape('journal record', RecordSchema);
