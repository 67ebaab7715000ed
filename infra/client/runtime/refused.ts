/** The gateway said no. */
export class Refused extends Error {
  override readonly name = 'Refused';
  /** The HTTP status. */
  readonly status: number;
  /** A code to branch on, such as `unknown-camera` or `too-many`. */
  readonly reason: string;
  /** When another attempt makes sense, where the gateway said so. */
  readonly retryAfterMs: number | undefined;
  /** All that it said. */
  readonly body: Record<string, unknown>;

  constructor(status: number, body: Record<string, unknown>, retryAfterMs?: number) {
    super(typeof body.error === 'string' ? body.error : `the gateway answered ${status}`);
    this.status = status;
    this.reason = typeof body.reason === 'string' ? body.reason : String(status);
    this.retryAfterMs = retryAfterMs;
    this.body = body;
  }

  /** Reads what an answer that is an error says. */
  static async from(response: Response): Promise<Refused> {
    const body = await response.json().catch(() => ({}));
    const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
    const said = typeof body === 'object' && body !== null ? body : {};
    return new Refused(response.status, said, Number.isFinite(seconds) ? seconds * 1000 : undefined);
  }
}
