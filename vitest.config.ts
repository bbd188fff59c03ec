import { defineConfig } from 'vitest/config'

const source = new URL('./src/', import.meta.url).pathname

export default defineConfig({
  // The package's own name means its sources: examples and documentation run without a build.
  resolve: {
    alias: [
      { find: /^chainrule$/, replacement: `${source}index.ts` },
      { find: /^chainrule\/([a-z-]+)$/, replacement: `${source}$1/index.ts` },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/helpers/build-sources.ts',
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
    // Tests neither read nor leave anything in the home of who runs them; those of caches make a folder of their own.
    env: { CHAINRULE_CACHE: 'off' },
  },
})
