/** Choosing a device: what is no device, and no number of threads, is refused before anything changes. */
import { expect, it } from 'vitest'
import { ones, useDevice } from '../../src/index.js'
import { currentDevice } from '../../src/runtime/devices.js'

it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '2', null])('%s threads', async (threads) => {
  const before = currentDevice()
  await expect(useDevice('wasm', { threads: threads as number })).rejects.toThrow(
    `useDevice: expected threads to be a whole number of at least 1, got ${threads}.`,
  )
  expect(currentDevice()).toEqual(before)
  expect(await ones([3]).sum().item()).toBe(3)
})

it('a name that no device has', async () => {
  const before = currentDevice()
  await expect(useDevice('gpu')).rejects.toThrow(/one of the devices native, wasm, reference, got 'gpu'/)
  expect(currentDevice()).toEqual(before)
})
