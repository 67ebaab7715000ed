/** How a failed ask is told to who asked. */
export interface ErrorReply {
  error: string;
  /** A code to branch on: the error's own `reason`, else `failed`. */
  reason: string;
}

/** What an answerer's thrown error becomes on the bus. */
export function errorReply(problem: unknown): ErrorReply {
  const { message, reason } = (problem ?? {}) as { message?: unknown; reason?: unknown };
  return {
    error: typeof message === 'string' ? message : String(problem),
    reason: typeof reason === 'string' ? reason : 'failed',
  };
}
