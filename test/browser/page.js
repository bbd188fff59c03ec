/** The script of the page that the browser tests open: functions they call, on `globalThis.page`. */
import { compile, ones } from 'chainrule'
import { readFile } from 'chainrule/io'
import { lenetLosses } from './lenet-losses.js'

/** The 32-bit word at `address` of the newest shared memory (the page keeps them in `memories`). */
const word = (address) => Atomics.load(new Int32Array(memories[memories.length - 1].buffer), address >>> 2)

/** Trains on a device with `options`, after `workers` of them have started; `state` and `loaded` are the words that say so. */
async function train(options, workers, state, loaded) {
  const ready = async () => {
    const until = performance.now() + 60_000
    for (let i = 0; i < workers; i++) {
      while (word(state + 4 * i) !== 1) {
        if (performance.now() > until) throw new Error(`worker ${i} did not start`)
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    }
  }
  const training = await lenetLosses({ ...options, ready })
  let took = 0
  for (let i = 0; i < workers; i++) if (word(loaded + 4 * i) > 0) took++
  return { ...training, isolated: crossOriginIsolated, workers: took }
}

/** What a wrong shape in a compiled step says. */
function shapeError() {
  try {
    compile((x) => x.matmul(ones([3, 3])))(ones([2, 2]))
    return 'no error'
  } catch (error) {
    return String(error)
  }
}

/** What a function that needs files says. */
function filesError() {
  try {
    readFile('numbers.npy')
    return 'no error'
  } catch (error) {
    return String(error)
  }
}

globalThis.page = { train, shapeError, filesError }
