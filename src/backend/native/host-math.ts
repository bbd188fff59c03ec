/** C's functions on doubles that generated code calls, by their name in the loop IR. */
import { DeviceError } from '../../core/errors.js'
import type { Address, OperatingSystem } from './os/os.js'

const names: Readonly<Record<string, string>> = {
  hostExp: 'exp',
  hostLog: 'log',
  hostExpm1: 'expm1',
  hostLog1p: 'log1p',
  hostSin: 'sin',
  hostCos: 'cos',
  hostTan: 'tan',
  hostAtan: 'atan',
  hostTanh: 'tanh',
  hostErf: 'erf',
  hostPow: 'pow',
  hostAtan2: 'atan2',
  hostMod: 'fmod',
}

export function hostFunctions(os: OperatingSystem): ReadonlyMap<string, Address> {
  return new Map(
    Object.entries(names).map(([name, symbol]) => {
      const address = os.symbol(symbol)
      if (address === null)
        throw new DeviceError(`native: expected a C library with '${symbol}', got one without.`)
      return [name, address]
    }),
  )
}
