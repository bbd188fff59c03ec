/** Every backend that compiles programs, each as its tests need it: the list that shared suites run over. */
import type { Backend, Executable } from '../../src/backend/backend.js'
import { createNativeBackend, type InstructionSet } from '../../src/backend/native/native.js'
import { createWasmBackend } from '../../src/backend/wasm/wasm.js'
import type { Program } from '../../src/codegen/program.js'
import type { Target } from '../../src/codegen/target.js'

export interface CompiledBackend extends Backend {
  readonly target: Target
  readonly activeThreads: number
  compileProgram(program: Program): Executable
  close(): void
}

export interface CompiledBackendEntry {
  readonly name: string
  make(options: { threads: number; target?: Partial<Target> }): Promise<CompiledBackend>
  /** Why it cannot run here, or null. */
  readonly absent: string | null
}

async function native(instructionSet: InstructionSet): Promise<CompiledBackendEntry> {
  let absent: string | null = null
  try {
    await createNativeBackend({ threads: 1, instructionSet })
  } catch (error) {
    absent = (error as Error).message
  }
  return {
    name: `native ${instructionSet}`,
    absent,
    async make(options) {
      const backend = await createNativeBackend({ ...options, instructionSet })
      return Object.assign(backend, { activeThreads: backend.threads, close() {} })
    },
  }
}

export async function compiledBackends(): Promise<CompiledBackendEntry[]> {
  return [
    {
      name: 'wasm',
      absent: null,
      async make(options) {
        const backend = createWasmBackend(options)
        backend.waitForWorkers(10_000)
        return backend
      },
    },
    await native('avx512'),
    await native('avx2'),
  ]
}
