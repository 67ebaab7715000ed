import Type from 'typebox';

/** The state that something had before, of those that it can have. */
export const before = <const State extends string>(states: readonly State[]) =>
  Type.Enum(['new', ...states], { description: 'the state before; `new`: there was none' });
