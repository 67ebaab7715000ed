import { callApi } from '../api.ts';
import { type Loss, type WhatIf, whatIfOf } from './whatif.ts';

/**
 * Asks what would happen if something were lost; nothing real is touched.
 * @param at the moment; now when undefined
 * @throws ApiRefusal | TypeError when the gateway can't be reached
 */
export async function askWhatIf(lose: Loss, at: number | undefined): Promise<WhatIf> {
  return whatIfOf(await callApi('POST', '/api/v1/whatif', { lose, ...(at === undefined ? {} : { at }) }));
}
