import { defineConfig } from 'vite';

const here = (path: string): string => new URL(path, import.meta.url).pathname;

/**
 * Builds the pages into `.build/page`: `index.html` is the dashboard, `watch.html` the player alone.
 * Everything is a file of its own: the pages are served with a strict Content-Security-Policy.
 */
export default defineConfig({
  root: here('.'),
  base: '/',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: here('../../.build/page'),
    emptyOutDir: true,
    // requestVideoFrameCallback in all three engines since these.
    target: ['chrome109', 'firefox132', 'safari16.4'],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: { input: { index: here('index.html'), watch: here('watch.html') } },
  },
  worker: { format: 'es' },
});
