/**
 * Chooses the device before the runtime is loaded, so that only that one starts. Nothing that the command line imports
 * before may import the runtime.
 */
import { DeviceError } from '../core/errors.js'
import { UsageError } from './usage-error.js'

export interface DeviceOptions {
  /** A name, or 'auto' for the preferred one. */
  readonly device?: string
  readonly threads?: number
}

/** Loads the runtime with the device. Throws UsageError for one that does not exist or cannot run here. */
export async function loadDevice({
  device = 'auto',
  threads,
}: DeviceOptions): Promise<{ name: string; description: string; threads: number }> {
  if (device !== 'auto') process.env.CHAINRULE_DEVICE = device
  if (threads !== undefined) process.env.CHAINRULE_THREADS = String(threads)
  try {
    const { currentDevice } = await import('../runtime/devices.js')
    return currentDevice()
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error
    throw new UsageError(`${error.message} See 'chainrule devices' for those that run here.`, {
      cause: error,
    })
  }
}
