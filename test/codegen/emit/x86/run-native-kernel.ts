/** Runs one kernel as machine code on typed arrays, in memory between guard pages. */
import koffi from 'koffi'
import { hostFunctions } from '../../../../src/backend/native/host-math.js'
import { createLinux, type Koffi } from '../../../../src/backend/native/os/linux.js'
import type { OperatingSystem } from '../../../../src/backend/native/os/os.js'
import { type Processor, probeProcessor } from '../../../../src/backend/native/processor.js'
import { Assembler } from '../../../../src/codegen/emit/x86/assembler.js'
import { mem, r12, rbp, rbx, rdi, rdx, rsi, rsp } from '../../../../src/codegen/emit/x86/registers.js'
import { writeKernel } from '../../../../src/codegen/emit/x86/write-kernel.js'
import type { Kernel } from '../../../../src/codegen/loop-ir.js'
import { optimise } from '../../../../src/codegen/optimise.js'
import { byteSize, type TypedArray } from '../../../../src/core/dtype.js'
import { type Flush, GuardedMemory } from '../../../helpers/guarded-memory.js'

export type InstructionSet = 'avx512' | 'avx2'

export const os: OperatingSystem = createLinux(koffi as unknown as Koffi)
export const processor: Processor = probeProcessor(os)
const functions = hostFunctions(os)
const memory = new GuardedMemory(2 ** 19)

/** Instruction sets that this processor has. */
export const instructionSets: readonly InstructionSet[] = (['avx512', 'avx2'] as const).filter(
  (set) => processor[set],
)

export interface NativeKernelOptions {
  readonly threads?: number
  readonly flush?: Flush
  /** What memory holds that nobody has written. */
  readonly poison?: number
  readonly fusedMultiplyAdd?: boolean
}

/** Calls a function with the three words at the address that it is called with. */
export function writeEntry(a: Assembler, kernel: ReturnType<Assembler['label']>): void {
  for (const r of [rbx, rbp, r12]) a.emit('push', [r])
  a.emit('mov', [rsi, mem(rdi, 8)])
  a.emit('mov', [rdx, mem(rdi, 16)])
  a.emit('mov', [rdi, mem(rdi, 0)])
  a.emit('mov', [rbp, rsp])
  a.call(kernel)
  a.emit('mov', [rsp, rbp])
  a.emit('vzeroupper', [])
  for (const r of [r12, rbp, rbx]) a.emit('pop', [r])
  a.emit('ret', [])
}

/** `args`: the arrays of the buffers of kind `argument`; stores change them. Threads run one after the other. */
export function runNativeKernel(
  kernel: Kernel,
  args: readonly TypedArray[],
  set: InstructionSet,
  options: NativeKernelOptions = {},
): { readonly status: number } {
  const { threads = 1, flush = 'end', poison = 0xc3, fusedMultiplyAdd = false } = options
  const avx512 = set === 'avx512'
  const a = new Assembler({ avx512 })
  const label = a.label()
  writeEntry(a, label)
  a.align(64)
  a.bind(label)
  writeKernel(a, optimise(kernel), { avx512, fusedMultiplyAdd, hostFunctions: functions }, 1)
  const code = os.mapCode(a.finish())

  memory.reset()
  const status = memory.take(4, flush, 0)
  const words = new BigInt64Array(1 + kernel.buffers.length)
  words[0] = BigInt(status)
  let next = 0
  kernel.buffers.forEach((buffer, i) => {
    const bytes = buffer.size * byteSize(buffer.dtype)
    const at = memory.take(bytes, flush, poison)
    words[i + 1] = BigInt(at)
    if (buffer.kind === 'argument') {
      const array = args[next++]
      memory.write(at, new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
    }
  })
  const addresses = memory.take(words.byteLength, 'end', 0)
  memory.write(addresses, new Uint8Array(words.buffer))
  const request = new BigInt64Array(3)
  const run = os.callable(code.address)
  for (let thread = 0; thread < threads; thread++) {
    request.set([BigInt(thread), BigInt(threads), BigInt(addresses)])
    run(os.addressOf(request.buffer))
  }
  os.release(code.address, code.bytes)
  next = 0
  kernel.buffers.forEach((buffer, i) => {
    if (buffer.kind !== 'argument') return
    const array = args[next++]
    const bytes = memory.read(Number(words[i + 1]), array.byteLength)
    new Uint8Array(array.buffer, array.byteOffset, array.byteLength).set(bytes)
  })
  return { status: new Int32Array(memory.read(status, 4).buffer)[0] }
}
