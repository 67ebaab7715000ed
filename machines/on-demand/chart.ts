/** Rings when the present state ends by itself. */
export const alarm = (name: string) =>
  ({
    src: 'alarm',
    id: name,
    input: ({ context }: { context: { deadline: number } }) => ({ name, at: context.deadline }),
  }) as const;

/** The alarm of that name. */
export const rang = (name: string) => ({ type: 'rang', params: { name } }) as const;

/** What a machine does on the ways below. */
interface Does<Action> {
  count: Action;
  forgive: Action;
  /** Nobody wants it. */
  off: Action;
  /** The camera gives no picture. */
  waits: Action;
  starts: Action[];
  /** Its last viewer or listener has left. */
  lingers: Action[];
  /** Nobody has come back. */
  lingered: Action;
  /** It has ended, and is started again in a moment. */
  pauses: Action[];
  /** It has ended too often. */
  fails: Action[];
}

/** The ways of what is made on demand between `off`, `waiting`, `busy`, `pausing` and `failed`. */
export function waysOf<Action>(machine: string, does: Does<Action>) {
  const { count, forgive, off, waits } = does;
  const to = (state: string, ...actions: Action[]) => ({ target: `#${machine}.${state}`, actions });
  const forgiven = { name: 'forgiven' };
  return {
    /** Somebody leaves while nothing is made: there is nothing to keep for a moment. */
    leaves: [{ guard: 'unwanted' as const, ...to('off', count, off) }, { actions: count }],
    /** The last one leaves while it is made. */
    lingers: [
      { guard: 'unwanted' as const, target: 'lingering', actions: [count, ...does.lingers] },
      { actions: count },
    ],
    lingered: { guard: rang('linger'), ...to('off', does.lingered) },
    /** It has ended by itself. */
    falls: [{ guard: 'failsTooOften' as const, ...to('failed', ...does.fails) }, to('pausing', ...does.pauses)],
    again: [{ guard: rang('again'), ...to('busy', ...does.starts) }],
    forgiven: [
      { guard: { type: 'rangAndReady' as const, params: forgiven }, ...to('busy', forgive, ...does.starts) },
      { guard: { type: 'rangAndWanted' as const, params: forgiven }, ...to('waiting', forgive, waits) },
      { guard: rang('forgiven'), ...to('off', forgive, off) },
    ],
  };
}
