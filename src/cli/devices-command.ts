/**
 * `chainrule devices`: what this computer can train on.
 */
import { currentDevice, listDevices, useDevice } from '../runtime/devices.js'
import { exitCode } from './exit-code.js'
import type { Output } from './output.js'

/** Lists every device, the default first, and returns the exit code. */
export async function devicesCommand(output: Output): Promise<number> {
  const chosen = currentDevice().name
  for (const name of listDevices()) {
    let problem: string | null = null
    try {
      if (name !== currentDevice().name) await useDevice(name)
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error)
    }
    const { description, threads } = currentDevice()
    const isDefault = name === chosen
    output.result(
      `${isDefault ? '*' : ' '} ${name.padEnd(12)}${problem === null ? description : `not available: ${problem}`}`,
      problem === null
        ? { name, available: true, default: isDefault, description, threads }
        : { name, available: false, default: false, problem },
    )
  }
  return exitCode.ok
}
