import { noteTime } from '../player/house-time.ts';

/** The gateway refused; 401 means that nobody is signed in. */
export class ApiRefusal extends Error {
  readonly status: number;
  /** The code that the answer gives, such as `change-password`; empty when it gives none. */
  readonly reason: string;
  constructor(status: number, message: string, reason = '') {
    super(message);
    this.name = 'ApiRefusal';
    this.status = status;
    this.reason = reason;
  }
}

/** Calls the gateway's API with the session cookie. @throws ApiRefusal | TypeError when it can't be reached */
// biome-ignore lint/suspicious/noExplicitAny: answers are read through model.ts, field by field
export async function callApi(method: string, path: string, body?: unknown): Promise<any> {
  const response = await responseOf(method, path, body);
  return response.json().catch(() => undefined);
}

/** The same for what answers with a picture. */
export async function pictureApi(path: string, body: unknown): Promise<Blob> {
  return (await responseOf('POST', path, body)).blob();
}

/** The answer itself. @throws ApiRefusal | TypeError when it can't be reached, or the signal ends it */
export async function responseOf(
  method: string,
  path: string,
  body?: unknown,
  signal: AbortSignal | null = null,
): Promise<Response> {
  const response = await fetch(path, {
    ...{ method, signal },
    cache: 'no-store',
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  noteTime(response.headers.get('date'));
  if (response.ok) return response;
  const answer = await response.json().catch(() => undefined);
  const text = answer?.error ?? `The gateway answered ${response.status}.`;
  throw new ApiRefusal(response.status, text, answer?.reason);
}

/** Every item of a list, page by page. */
export async function listApi(path: string): Promise<Record<string, unknown>[]> {
  const items: Record<string, unknown>[] = [];
  let cursor: string | null = null;
  do {
    const page: { items?: Record<string, unknown>[]; next?: string | null } = await callApi(
      'GET',
      cursor === null ? path : `${path}${path.includes('?') ? '&' : '?'}cursor=${encodeURIComponent(cursor)}`,
    );
    items.push(...(page.items ?? []));
    cursor = page.next ?? null;
  } while (cursor !== null && items.length < 10_000);
  return items;
}

/** What went wrong, as a person reads it. */
export const failureText = (error: unknown): string => (error instanceof Error ? error.message : String(error));
