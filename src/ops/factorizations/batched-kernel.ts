/**
 * Host kernels over matrices: a function of one example, run for every example of the leading axes. Elements are read
 * into f64 arrays and rounded when they are written, whatever the dtype.
 */
import { readElement, writeElement } from '../../core/dtype.js'
import { type Shape, sizeOf } from '../../core/shape.js'
import type { HostArray, HostKernel } from '../../ir/node.js'

/** One example of an input or output, row-major. */
export interface Block {
  readonly shape: Shape
  readonly data: Float64Array
}

/** Where an example stands in its batch, for messages: empty without batch axes. */
export type Where = string

const blockOf = (x: HostArray, rank: number): Block => {
  const shape = x.shape.slice(x.shape.length - rank)
  return { shape, data: new Float64Array(sizeOf(shape)) }
}

/**
 * A kernel of inputs and outputs of the given ranks. `run` gets each input's values and fills the outputs, which start
 * at 0; both are scratch and may be overwritten.
 */
export function batchedKernel(
  name: string,
  inputRanks: readonly number[],
  outputRanks: readonly number[],
  run: (inputs: readonly Block[], outputs: readonly Block[], where: Where) => void,
): HostKernel {
  return {
    name,
    batched: true,
    run: (inputs, outputs) => {
      const batch = inputs[0].shape.slice(0, inputs[0].shape.length - inputRanks[0])
      const given = inputs.map((x, i) => blockOf(x, inputRanks[i]))
      const results = outputs.map((y, i) => blockOf(y, outputRanks[i]))
      const count = sizeOf(batch)
      for (let example = 0; example < count; example++) {
        inputs.forEach((x, i) => {
          const { data } = given[i]
          const start = example * data.length
          for (let k = 0; k < data.length; k++) data[k] = readElement(x.dtype, x.data, start + k)
        })
        for (const { data } of results) data.fill(0)
        run(given, results, batch.length === 0 ? '' : ` (example ${example} of the batch)`)
        outputs.forEach((y, i) => {
          const { data } = results[i]
          const start = example * data.length
          for (let k = 0; k < data.length; k++) writeElement(y.dtype, y.data, start + k, data[k])
        })
      }
    },
  }
}
