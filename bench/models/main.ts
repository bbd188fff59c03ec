// One measurement of one model in Chainrule: the whole training step is one compiled step. The device and its threads
// come from CHAINRULE_DEVICE and CHAINRULE_THREADS, which the caller sets.
import { readFileSync } from 'node:fs'
import { currentDevice } from '../../src/runtime/devices.js'
import { serve } from '../measure.js'
import { prepareModel } from './prepare.js'

await serve(async () => {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  const { name, threads } = currentDevice()
  return {
    version: (JSON.parse(manifest) as { version: string }).version,
    config: `${name}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
    // A model that the library cannot train is a failure here, not a reason.
    reasonOf: () => null,
    prepare: async (request, arrays) => {
      const { step, x, y } = await prepareModel(request, arrays)
      return () => step(x, y).item()
    },
  }
})
