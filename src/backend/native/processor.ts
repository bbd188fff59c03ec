/** What the processor can do, from CPUID and XGETBV, through a few instructions of emitted code. */
import { Assembler } from '../../codegen/emit/x86/assembler.js'
import { mem, r8, rbx, rdi, reg32, reg64 } from '../../codegen/emit/x86/registers.js'
import type { OperatingSystem } from './os/os.js'

export interface Processor {
  /** The maker's name for it. */
  readonly name: string
  readonly avx2: boolean
  /** F, VL, BW and DQ. */
  readonly avx512: boolean
  readonly bf16: boolean
}

/** probe(request: [leaf, subleaf, eax, ebx, ecx, edx, xcr0]) */
function probeCode(): Uint8Array {
  const a = new Assembler({ avx512: false })
  const plain = a.label()
  a.emit('push', [rbx])
  a.emit('mov', [r8, rdi])
  a.emit('mov', [reg32(0), mem(r8, 0)])
  a.emit('mov', [reg32(1), mem(r8, 4)])
  a.emit('cpuid', [])
  a.emit('mov', [mem(r8, 8), reg32(0)])
  a.emit('mov', [mem(r8, 12), reg32(3)])
  a.emit('mov', [mem(r8, 16), reg32(1)])
  a.emit('mov', [mem(r8, 20), reg32(2)])
  // XGETBV exists where leaf 1 says that the system uses it (ecx bit 27).
  a.emit('cmp', [mem(r8, 0), 1], { size: 32 })
  a.jump('ne', plain)
  a.emit('bt', [reg32(1), 27])
  a.jump('ae', plain)
  a.emit('xor', [reg32(1), reg32(1)])
  a.emit('xgetbv', [])
  a.emit('mov', [mem(r8, 24), reg32(0)])
  a.bind(plain)
  a.emit('pop', [reg64(3)])
  a.emit('ret', [])
  return a.finish()
}

export function probeProcessor(os: OperatingSystem): Processor {
  const { address, bytes } = os.mapCode(probeCode())
  const probe = os.callable(address)
  const request = new ArrayBuffer(28)
  const words = new Int32Array(request)
  const leaf = (number: number, sub = 0): { a: number; b: number; c: number; d: number; x: number } => {
    words.fill(0)
    words[0] = number
    words[1] = sub
    probe(os.addressOf(request))
    const [, , a, b, c, d, x] = words
    return { a, b, c, d, x }
  }
  const has = (word: number, bit: number): boolean => ((word >>> bit) & 1) === 1
  const largest = leaf(0).a
  const one = leaf(1)
  const seven = largest >= 7 ? leaf(7) : { a: 0, b: 0, c: 0, d: 0, x: 0 }
  const more = largest >= 7 && seven.a >= 1 ? leaf(7, 1) : { a: 0, b: 0, c: 0, d: 0, x: 0 }
  // The system saves xmm and ymm (bits 1, 2), and masks and zmm (5, 6, 7).
  const wide = (one.x & 0x6) === 0x6
  const avx2 =
    wide && has(one.c, 12) && has(one.c, 28) && has(one.c, 29) && has(seven.b, 5) && has(seven.b, 8)
  const avx512 =
    avx2 &&
    (one.x & 0xe0) === 0xe0 &&
    has(seven.b, 16) &&
    has(seven.b, 17) &&
    has(seven.b, 30) &&
    has(seven.b, 31)
  const name = brand(leaf)
  os.release(address, bytes)
  return { name, avx2, avx512, bf16: avx512 && has(more.a, 5) }
}

function brand(leaf: (number: number) => { a: number; b: number; c: number; d: number }): string {
  const first = 0x80000002 | 0
  if (leaf(0x80000000 | 0).a >>> 0 < 0x80000004) return 'x86-64'
  const words = [0, 1, 2].flatMap((i) => {
    const { a, b, c, d } = leaf(first + i)
    return [a, b, c, d]
  })
  const text = new TextDecoder().decode(new Int32Array(words))
  return text.replaceAll('\0', '').trim()
}
