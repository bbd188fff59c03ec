/** Writes a module as an ONNX file and compares what ONNX Runtime computes with what the module does. */
import { expect } from 'vitest'
import { Module, type Tensor } from '../../src/index.js'
import { type ExportOnnxOptions, exportOnnx } from '../../src/onnx/export-onnx.js'
import { readOnnx } from '../../src/onnx/read-onnx.js'
import { largestDifference, openInRuntime } from './onnx-runtime.js'

export type AnyModule = Module & { forward(...inputs: never[]): unknown }

/** A function as a module, with the modules that it calls. */
export class Calling extends Module {
  #fn: (...inputs: Tensor[]) => unknown

  constructor(fn: (...inputs: Tensor[]) => unknown, modules: Readonly<Record<string, Module>> = {}) {
    super()
    this.#fn = fn
    Object.assign(this, modules)
  }

  forward(...inputs: Tensor[]): unknown {
    return this.#fn(...inputs)
  }
}

/** The tensors of a result in order. */
export const flat = (value: unknown): Tensor[] => {
  if (Array.isArray(value)) return value.flatMap(flat)
  if (typeof value === 'object' && value !== null && !('dtype' in value))
    return Object.values(value).flatMap(flat)
  return value === null || value === undefined ? [] : [value as Tensor]
}

/** ONNX Runtime gives the module's outputs in evaluation mode, to 1e-5: for the example and for inputs of other sizes. */
export async function checkExport(
  module: AnyModule,
  example: readonly Tensor[],
  options: ExportOnnxOptions = {},
  others: readonly (readonly Tensor[])[] = [],
): Promise<void> {
  const bytes = exportOnnx(module, example, options)
  const peer = await openInRuntime(bytes)
  const ports = readOnnx(bytes)
  module.eval()
  for (const inputs of [example, ...others]) {
    const ours = flat((module.forward as (...args: Tensor[]) => unknown)(...inputs))
    const theirs = await peer.run(Object.fromEntries(ports.inputs().map(({ name }, i) => [name, inputs[i]])))
    expect(ports.outputs().length).toBe(ours.length)
    for (const [i, { name }] of ports.outputs().entries()) {
      expect(await largestDifference(theirs[name], ours[i])).toBeLessThan(1e-5)
    }
  }
}
