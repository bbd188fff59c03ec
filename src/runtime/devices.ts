/** The registry of devices: the only file that names concrete backends, which it loads on demand. */
import type { Backend, BackendOptions } from '../backend/backend.js'
import { DeviceError, ValueError } from '../core/errors.js'
import { environment } from './environment.js'

type Loader = (options: BackendOptions) => Promise<Backend>

/** Pages load no machine code, and nobody expects it there. */
const inNode = typeof process === 'object' && process?.versions?.node !== undefined

/** Every device by name, the preferred one first. */
const loaders: ReadonlyMap<string, Loader> = new Map<string, Loader>([
  [
    'native',
    async (options) => {
      if (!inNode) throw new DeviceError('native: expected Node, got another environment.')
      return (await import('../backend/native/native.js')).createNativeBackend(options)
    },
  ],
  ['wasm', async (options) => (await import('../backend/wasm/wasm.js')).createWasmBackend(options)],
  ['reference', async () => (await import('../backend/reference/reference.js')).createReferenceBackend()],
])

/** Names that `useDevice` takes, the preferred one first. */
export const listDevices = (): string[] => [...loaders.keys()]

async function load(name: string, options: BackendOptions): Promise<Backend> {
  const loader = loaders.get(name)
  if (loader === undefined) {
    throw new DeviceError(`Expected one of the devices ${listDevices().join(', ')}, got '${name}'.`)
  }
  return loader(options)
}

function threadsVariable(): number | undefined {
  const text = environment('CHAINRULE_THREADS')
  if (text === undefined || text === '') return undefined
  if (!/^[1-9]\d*$/.test(text))
    throw new DeviceError(`Expected CHAINRULE_THREADS to be a whole number of at least 1, got '${text}'.`)
  return Number(text)
}

async function initial(): Promise<Backend> {
  const chosen = environment('CHAINRULE_DEVICE')
  const threads = threadsVariable()
  const fusedMultiplyAdd = environment('CHAINRULE_FMA') !== '0'
  const options = { threads, fusedMultiplyAdd }
  if (chosen !== undefined && chosen !== '') return load(chosen, options)
  const failures: string[] = []
  for (const name of loaders.keys()) {
    try {
      const found = await load(name, options)
      if (failures.length > 0 && inNode)
        console.warn(`chainrule: ${failures.join(' ')} Computing on ${name} instead.`)
      return found
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error
      failures.push(error.message)
    }
  }
  throw new DeviceError(failures.join(' '))
}

let backend: Backend = await initial()

/** The backend that computes from now on. */
export const currentBackend = (): Backend => backend

/** The device in use: its name, a line for people, and its number of threads. */
export const currentDevice = (): Pick<Backend, 'name' | 'description' | 'threads'> => ({
  name: backend.name,
  description: backend.description,
  threads: backend.threads,
})

/**
 * Computes on another device from now on. Values that exist stay valid. `threads` defaults to what the process may
 * use; `fusedMultiplyAdd: false` gives the same bits on every engine. Throws DeviceError for a name that
 * `listDevices()` does not have, or a device that cannot run here, ValueError for a number of threads that is none.
 */
export async function useDevice(name: string, options: BackendOptions = {}): Promise<void> {
  const { threads } = options
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1))
    throw new ValueError(
      `useDevice: expected threads to be a whole number of at least 1, got ${String(threads)}.`,
    )
  backend = await load(name, options)
}
