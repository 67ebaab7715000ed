import { knock, type Refusal, refusalOf } from './admission.ts';

/**
 * Trades the code in this page's address for a token, when there is one: in a frame on another site, a cookie would
 * not be sent. The code leaves the address, and so what a person might copy, before it is used.
 * @returns nothing where the page's own cookie speaks for the person
 */
export async function enterByCode(camera: string): Promise<{ token?: string } | { refusal: Refusal }> {
  const here = new URL(location.href);
  const code = here.searchParams.get('code');
  if (code === null) return {};
  here.searchParams.delete('code');
  history.replaceState(null, '', here);
  try {
    const response = await knock({ server: '' }, '/api/v1/embed/token', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ code, camera }),
    });
    if (response.ok) return { token: (await response.json()).token };
    // A code that is no longer good is no sign-in that expired.
    const told = await response
      .clone()
      .json()
      .catch(() => undefined);
    const refusal = await refusalOf(response);
    return { refusal: { ...refusal, ...(typeof told?.error === 'string' ? { text: told.error } : {}) } };
  } catch {
    return {
      refusal: { reason: 'unreachable', text: 'The gateway does not answer: load the page anew.', retry: false },
    };
  }
}
