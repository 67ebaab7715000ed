import Type from 'typebox';
import { type Of, shape } from '../../bus/shape.ts';

/** What the launcher tells of its processes to whoever connects. */
export const processList = shape(
  'list of processes',
  Type.Object({
    items: Type.Array(
      Type.Object({
        name: Type.String({ description: 'as on the launcher link: relay:intake-1' }),
        pid: Type.Optional(Type.Integer()),
        state: Type.Enum(['running', 'backoff', 'stopped'], { description: 'stopped: on purpose' }),
        restarts: Type.Integer({ description: 'how often it was started again by itself' }),
        last_exit: Type.Optional(
          Type.Object(
            {
              at: Type.Number({ description: 'epoch ms' }),
              text: Type.String({ description: 'how it ended, and its last words' }),
            },
            { description: 'the last time that it ended though nobody had asked for that' },
          ),
        ),
      }),
    ),
  }),
);
/** How a process of the group stands. */
export type ProcessState = Of<typeof processList>['items'][number];
