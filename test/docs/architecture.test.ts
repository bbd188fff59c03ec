/** The listings of docs/architecture.md are what the library prints. */
import { expect, it } from 'vitest'
import { updatedPage } from '../../scripts/docs/architecture.js'

it('docs/architecture.md shows the code as it is: `npx tsx scripts/docs/architecture.ts` rewrites it', async () => {
  const { before, after } = await updatedPage()
  expect(before).toBe(after)
})
