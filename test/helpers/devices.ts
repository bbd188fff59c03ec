/** Runs a block of tests on every device there is, or on those that CHAINRULE_TEST_DEVICES names. */
import { beforeAll, describe } from 'vitest'
import { listDevices, useDevice } from '../../src/runtime/devices.js'

const chosen = process.env.CHAINRULE_TEST_DEVICES?.split(',')

/** The tests in `block` once for each device. */
export function forEachDevice(title: string, block: (device: string) => void): void {
  for (const device of chosen ?? listDevices()) {
    describe(`${title} on ${device}`, () => {
      beforeAll(() => useDevice(device))
      block(device)
    })
  }
}
