/** What the engine's WebAssembly can do, found once a process by validating tiny modules. */
import { ModuleWriter } from '../../codegen/emit/wasm/module-writer.js'

function validates(write: (module: ModuleWriter) => void): boolean {
  const module = new ModuleWriter()
  write(module)
  return WebAssembly.validate(module.bytes())
}

let relaxed: boolean | null = null
let simd: boolean | null = null

/** Vectors of 128 bits. */
export function hasSimd(): boolean {
  simd ??= validates((module) => {
    const { writer } = module.define('f', [], [])
    writer.f32(1)
    writer.op('f32x4.splat')
    writer.op('drop')
  })
  return simd
}

/** Fused or separate multiply-add, whichever the processor does faster. */
export function hasRelaxedSimd(): boolean {
  relaxed ??= validates((module) => {
    const { writer } = module.define('f', ['v128'], ['v128'])
    for (let i = 0; i < 3; i++) writer.get(0)
    writer.op('f32x4.relaxed_madd')
  })
  return relaxed
}

/** Memory that workers share, and threads to share it with. */
export function canShareMemory(): boolean {
  if (typeof SharedArrayBuffer === 'undefined') return false
  const inNode = typeof process !== 'undefined' && typeof process.versions?.node === 'string'
  return inNode || (typeof crossOriginIsolated === 'boolean' && crossOriginIsolated)
}
