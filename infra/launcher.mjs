// Plain JavaScript: the launcher is translated before it runs, since tsx would look at each of its files at every start.
import { load } from './translate.mjs';

await load('infra/launcher.ts');
