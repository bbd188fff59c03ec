/** ONNX files to modules. The bytes are untrusted: whatever is wrong with them is an error that says what. */
import { DataError } from '../core/errors.js'
import { nodeBuiltin } from '../io/node-builtins.js'
import { readFile } from '../io/read-file.js'
import { ruleFor } from './interpret.js'
import { maxElements as defaultElements } from './limits.js'
import { OnnxModel } from './onnx-model.js'
import { prepare } from './prepare.js'
import { decodeMessage } from './protobuf.js'
import type { ExternalData } from './tensor-proto.js'

export interface ReadOnnxOptions {
  /** Bytes of the files beside the model that hold its large tensors, by the name in the model. */
  readonly externalData?: Readonly<Record<string, Uint8Array>>
  /**
   * Which float initializers are parameters that take gradients: all (default), none, or those whose name passes. The
   * others are buffers. Initializers without axes and settings (bounds, ratios, sizes) are constants in any case.
   */
  readonly trainable?: boolean | ((name: string) => boolean)
  /** Whether inputs must have the sizes that the model declares (default true). Some models declare wrong ones. */
  readonly checkShapes?: boolean
  /**
   * Elements of the largest tensor that the model may make (default 2^28); all results of a call may have 64 times as
   * many. Known before anything is computed: lower it for models from strangers.
   */
  readonly maxElements?: number
}

/** The newest operator set whose changes are known here. */
export const newestOpset = 28

/**
 * A model in memory as a Module. Throws `DataError` for bytes that are no ONNX model, and for operators that Chainrule
 * does not have, which it names.
 */
export function readOnnx(bytes: Uint8Array, { externalData, ...options }: ReadOnnxOptions = {}): OnnxModel {
  const external: ExternalData | null =
    externalData === undefined
      ? null
      : (location) => {
          if (Object.hasOwn(externalData, location)) return externalData[location]
          throw new DataError(
            `Expected the bytes of '${location}' in externalData, got ${Object.keys(externalData).join(', ') || 'none'}.`,
          )
        }
  return modelOf(bytes, external, options)
}

/**
 * A model in a file, with the files beside it that hold its large tensors. Node only. Files outside the model's folder
 * are refused.
 */
export function openOnnx(path: string, options: Omit<ReadOnnxOptions, 'externalData'> = {}): OnnxModel {
  const { dirname, isAbsolute, join, relative } = nodeBuiltin('path', `Reading '${path}'`)
  const fs = nodeBuiltin('fs', `Reading '${path}'`)
  const files = new Map<string, Uint8Array>()
  const external: ExternalData = (location) => {
    const known = files.get(location)
    if (known !== undefined) return known
    const inside = (from: string, to: string): boolean => {
      const way = relative(from, to)
      return way !== '' && !way.startsWith('..') && !isAbsolute(way)
    }
    const folder = dirname(path)
    const file = join(folder, location)
    const refused = (): DataError =>
      new DataError(
        `'${path}' refers to '${location}', which is outside the model's folder. It was not opened.`,
      )
    if (isAbsolute(location) || location.includes('\0') || !inside(folder, file)) throw refused()
    // A link inside the folder may lead out of it.
    if (fs.existsSync(file) && !inside(fs.realpathSync(folder), fs.realpathSync(file))) throw refused()
    const bytes = readFile(file)
    files.set(location, bytes)
    return bytes
  }
  return modelOf(readFile(path), external, options)
}

function modelOf(
  bytes: Uint8Array,
  external: ExternalData | null,
  { trainable = true, checkShapes = true, maxElements = defaultElements }: ReadOnnxOptions,
): OnnxModel {
  const model = decodeMessage('Model', bytes, 'an ONNX model')
  if (model.graph === undefined || model.opsetImport.length === 0) {
    throw new DataError(
      `Expected an ONNX model (a graph and the operator sets that it uses), got ${bytes.length} bytes without. ` +
        'Is this the .onnx file?',
    )
  }
  for (const { domain, version = 1 } of model.opsetImport) {
    if ((domain ?? '') === '' && version > newestOpset) {
      throw new DataError(
        `This model uses operator set ${version}; the newest that is known here is ${newestOpset}. Export it with an older one.`,
      )
    }
  }
  prepare(model, (domain, op) => ruleFor(domain, op) !== undefined)
  return new OnnxModel(model, external, { trainable, checkShapes, maxElements })
}
