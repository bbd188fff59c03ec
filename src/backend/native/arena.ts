/**
 * The memory of intermediates: one range of addresses, reserved once, of which only what programs touch takes memory.
 */
import { DeviceError } from '../../core/errors.js'
import type { Address, OperatingSystem } from './os/os.js'

const sizes = [2 ** 40, 2 ** 38, 2 ** 36, 2 ** 34, 2 ** 32]

export class Arena {
  readonly address: Address
  readonly bytes: number

  /** Reserves as much as the system allows. Throws DeviceError where that is less than 4 GB. */
  constructor(os: OperatingSystem) {
    for (const bytes of sizes) {
      const address = os.reserve(bytes)
      if (address === null) continue
      this.address = address
      this.bytes = bytes
      return
    }
    throw new DeviceError(
      'native: expected 4 GB of address space for intermediates, got none. Raise the limit (ulimit -v).',
    )
  }

  /** Throws DeviceError where a program needs more than there is. */
  require(bytes: number): void {
    if (bytes > this.bytes) {
      throw new DeviceError(
        `native: expected a program that needs at most ${this.bytes} bytes for intermediates, got ${bytes}. Use smaller batches.`,
      )
    }
  }
}
