/**
 * A binary encoder of WebAssembly modules: types, imports, functions with locals, exports. Instructions are written by
 * their text-format names, so that a listing for people can be kept alongside the bytes.
 */
import {
  type LaneMemoryOp,
  type LaneOp,
  laneMemoryOpcodes,
  laneOpcodes,
  type MemoryOp,
  memoryOpcodes,
  type PlainOp,
  plainOpcodes,
} from './opcodes.js'

export type ValueType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128'

const valueTypeCodes: Record<ValueType, number> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b }
const emptyBlock = 0x40

/** Growing bytes with the integer and float encodings of the binary format. */
export class ByteWriter {
  private buffer = new Uint8Array(256)
  private view = new DataView(this.buffer.buffer)
  length = 0

  private reserve(bytes: number): void {
    if (this.length + bytes <= this.buffer.length) return
    const bigger = new Uint8Array(Math.max(this.buffer.length * 2, this.length + bytes))
    bigger.set(this.buffer.subarray(0, this.length))
    this.buffer = bigger
    this.view = new DataView(bigger.buffer)
  }
  byte(value: number): void {
    this.reserve(1)
    this.buffer[this.length++] = value
  }
  append(bytes: Uint8Array): void {
    this.reserve(bytes.length)
    this.buffer.set(bytes, this.length)
    this.length += bytes.length
  }
  /** Unsigned LEB128 of 0…2^32-1. */
  unsigned(value: number): void {
    let rest = value >>> 0
    while (rest > 0x7f) {
      this.byte((rest & 0x7f) | 0x80)
      rest >>>= 7
    }
    this.byte(rest)
  }
  /** Signed LEB128 of a 32-bit integer. */
  signed(value: number): void {
    let rest = value | 0
    for (;;) {
      const low = rest & 0x7f
      rest >>= 7
      if ((rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)) {
        this.byte(low)
        return
      }
      this.byte(low | 0x80)
    }
  }
  /** Signed LEB128 of a 64-bit integer. */
  signed64(value: bigint): void {
    let rest = BigInt.asIntN(64, value)
    for (;;) {
      const low = Number(rest & 0x7fn)
      rest >>= 7n
      if ((rest === 0n && (low & 0x40) === 0) || (rest === -1n && (low & 0x40) !== 0)) {
        this.byte(low)
        return
      }
      this.byte(low | 0x80)
    }
  }
  f32(value: number): void {
    this.reserve(4)
    this.view.setFloat32(this.length, value, true)
    this.length += 4
  }
  f64(value: number): void {
    this.reserve(8)
    this.view.setFloat64(this.length, value, true)
    this.length += 8
  }
  text(value: string): void {
    const bytes = new TextEncoder().encode(value)
    this.unsigned(bytes.length)
    this.append(bytes)
  }
  /** The bytes so far (a view). */
  bytes(): Uint8Array {
    return this.buffer.subarray(0, this.length)
  }
}

/** Writes one function: its locals and its instructions. */
export class FunctionWriter {
  readonly name: string
  readonly parameters: readonly ValueType[]
  readonly results: readonly ValueType[]
  readonly code = new ByteWriter()
  /** Text of each instruction, where a listing is wanted. */
  readonly lines: string[] | null
  private readonly locals: ValueType[] = []
  private depth = 1
  /** Instructions that stand before all others. */
  private readonly prologue: ByteWriter = new ByteWriter()
  private readonly constants = new Map<string, number>()

  constructor(
    name: string,
    parameters: readonly ValueType[],
    results: readonly ValueType[],
    listing: boolean,
  ) {
    this.name = name
    this.parameters = parameters
    this.results = results
    this.lines = listing ? [] : null
  }

  private line(text: string): void {
    this.lines?.push('  '.repeat(this.depth) + text)
  }
  private opcode(code: number): void {
    if (code > 0xffff) {
      this.code.byte(code >> 16)
      this.code.unsigned(code & 0xffff)
    } else this.code.byte(code)
  }

  /** A new local variable (zero at the start). */
  local(type: ValueType): number {
    this.locals.push(type)
    return this.parameters.length + this.locals.length - 1
  }
  op(name: PlainOp): void {
    this.line(name)
    this.opcode(plainOpcodes[name])
  }
  get(local: number): void {
    if (this.lines !== null) this.line(`local.get ${local}`)
    this.code.byte(0x20)
    this.code.unsigned(local)
  }
  set(local: number): void {
    if (this.lines !== null) this.line(`local.set ${local}`)
    this.code.byte(0x21)
    this.code.unsigned(local)
  }
  tee(local: number): void {
    if (this.lines !== null) this.line(`local.tee ${local}`)
    this.code.byte(0x22)
    this.code.unsigned(local)
  }
  i32(value: number): void {
    if (this.lines !== null) this.line(`i32.const ${value | 0}`)
    this.code.byte(0x41)
    this.code.signed(value)
  }
  i64(value: bigint): void {
    if (this.lines !== null) this.line(`i64.const ${value}`)
    this.code.byte(0x42)
    this.code.signed64(value)
  }
  f32(value: number): void {
    if (this.lines !== null) this.line(`f32.const ${value}`)
    this.code.byte(0x43)
    this.code.f32(value)
  }
  f64(value: number): void {
    if (this.lines !== null) this.line(`f64.const ${value}`)
    this.code.byte(0x44)
    this.code.f64(value)
  }
  /**
   * A vector constant. It is written to a local once at the start of the function: V8 builds an inline one anew at each
   * use, which costs a hot loop more than the arithmetic.
   */
  v128(words: readonly [number, number, number, number]): void {
    const key = words.map((w) => w >>> 0).join()
    let local = this.constants.get(key)
    if (local === undefined) {
      local = this.local('v128')
      this.constants.set(key, local)
      this.prologue.byte(0xfd)
      this.prologue.unsigned(12)
      for (const word of words) for (let i = 0; i < 32; i += 8) this.prologue.byte((word >>> i) & 255)
      this.prologue.byte(0x21)
      this.prologue.unsigned(local)
      this.lines?.unshift(
        `  v128.const i32x4 ${words.map((w) => `0x${(w >>> 0).toString(16)}`).join(' ')}`,
        `  local.set ${local}`,
      )
    }
    this.get(local)
  }
  memory(name: MemoryOp, offset = 0): void {
    if (this.lines !== null) this.line(offset === 0 ? name : `${name} offset=${offset}`)
    const [code, align] = memoryOpcodes[name]
    this.opcode(code)
    this.code.unsigned(align)
    this.code.unsigned(offset)
  }
  laneMemory(name: LaneMemoryOp, offset: number, lane: number): void {
    if (this.lines !== null) this.line(`${name} offset=${offset} ${lane}`)
    const [code, align] = laneMemoryOpcodes[name]
    this.opcode(code)
    this.code.unsigned(align)
    this.code.unsigned(offset)
    this.code.byte(lane)
  }
  lane(name: LaneOp, lane: number): void {
    if (this.lines !== null) this.line(`${name} ${lane}`)
    this.opcode(laneOpcodes[name])
    this.code.byte(lane)
  }
  /** Sixteen bytes chosen from two vectors (numbers 0…31). */
  shuffle(bytes: readonly number[]): void {
    if (this.lines !== null) this.line(`i8x16.shuffle ${bytes.join(' ')}`)
    this.code.byte(0xfd)
    this.code.unsigned(13)
    for (const b of bytes) this.code.byte(b)
  }
  /** to, from and bytes are on the stack. */
  memoryCopy(): void {
    this.line('memory.copy')
    for (const b of [0xfc, 10, 0, 0]) this.code.byte(b)
  }
  fence(): void {
    this.line('atomic.fence')
    for (const b of [0xfe, 3, 0]) this.code.byte(b)
  }
  private open(name: string, code: number, type: ValueType | null): void {
    if (this.lines !== null) this.line(type === null ? name : `${name} (result ${type})`)
    this.code.byte(code)
    this.code.byte(type === null ? emptyBlock : valueTypeCodes[type])
    this.depth++
  }
  block(type: ValueType | null = null): void {
    this.open('block', 0x02, type)
  }
  loop(type: ValueType | null = null): void {
    this.open('loop', 0x03, type)
  }
  if(type: ValueType | null = null): void {
    this.open('if', 0x04, type)
  }
  else(): void {
    this.depth--
    this.line('else')
    this.depth++
    this.code.byte(0x05)
  }
  end(): void {
    this.depth--
    this.line('end')
    this.code.byte(0x0b)
  }
  /** Jumps out of (a block, an if) or to the start of (a loop) the `depth`-th enclosing construct, 0 the innermost. */
  br(depth: number): void {
    if (this.lines !== null) this.line(`br ${depth}`)
    this.code.byte(0x0c)
    this.code.unsigned(depth)
  }
  brIf(depth: number): void {
    if (this.lines !== null) this.line(`br_if ${depth}`)
    this.code.byte(0x0d)
    this.code.unsigned(depth)
  }
  call(fn: number, name = ''): void {
    if (this.lines !== null) this.line(`call ${fn} ${name}`)
    this.code.byte(0x10)
    this.code.unsigned(fn)
  }

  /** The function's entry of the code section, without its length. */
  body(): Uint8Array {
    const out = new ByteWriter()
    const runs: [ValueType, number][] = []
    for (const type of this.locals) {
      const last = runs[runs.length - 1]
      if (last !== undefined && last[0] === type) last[1]++
      else runs.push([type, 1])
    }
    out.unsigned(runs.length)
    for (const [type, count] of runs) {
      out.unsigned(count)
      out.byte(valueTypeCodes[type])
    }
    out.append(this.prologue.bytes())
    out.append(this.code.bytes())
    out.byte(0x0b)
    return out.bytes()
  }
}

interface FunctionImport {
  readonly module: string
  readonly name: string
  readonly type: number
}

/** Collects imports, functions and exports, and writes the module. Import functions before defining any. */
export class ModuleWriter {
  private readonly types: string[] = []
  private readonly typeBytes: Uint8Array[] = []
  private readonly imports: FunctionImport[] = []
  private readonly functions: { readonly writer: FunctionWriter; readonly type: number }[] = []
  private readonly exports: { readonly name: string; readonly fn: number }[] = []
  private memory: { readonly module: string; readonly name: string; readonly shared: boolean } | null = null
  private readonly listing: boolean

  constructor(listing = false) {
    this.listing = listing
  }

  private typeIndex(parameters: readonly ValueType[], results: readonly ValueType[]): number {
    const key = `${parameters.join()}>${results.join()}`
    const known = this.types.indexOf(key)
    if (known >= 0) return known
    const out = new ByteWriter()
    out.byte(0x60)
    for (const list of [parameters, results]) {
      out.unsigned(list.length)
      for (const type of list) out.byte(valueTypeCodes[type])
    }
    this.typeBytes.push(out.bytes())
    return this.types.push(key) - 1
  }

  /** The module's memory is imported: 1 page at least, 65536 at most. */
  importMemory(module: string, name: string, shared: boolean): void {
    this.memory = { module, name, shared }
  }
  importFunction(
    module: string,
    name: string,
    parameters: readonly ValueType[],
    results: readonly ValueType[],
  ): number {
    return this.imports.push({ module, name, type: this.typeIndex(parameters, results) }) - 1
  }
  /** Adds a function and returns its number and the writer of its body. */
  define(
    name: string,
    parameters: readonly ValueType[],
    results: readonly ValueType[],
  ): { readonly index: number; readonly writer: FunctionWriter } {
    const writer = new FunctionWriter(name, parameters, results, this.listing)
    this.functions.push({ writer, type: this.typeIndex(parameters, results) })
    return { index: this.imports.length + this.functions.length - 1, writer }
  }
  export(name: string, fn: number): void {
    this.exports.push({ name, fn })
  }

  bytes(): Uint8Array<ArrayBuffer> {
    const out = new ByteWriter()
    for (const b of [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]) out.byte(b)
    const section = (id: number, count: number, write: (to: ByteWriter) => void): void => {
      if (count === 0) return
      const content = new ByteWriter()
      content.unsigned(count)
      write(content)
      out.byte(id)
      out.unsigned(content.length)
      out.append(content.bytes())
    }
    section(1, this.typeBytes.length, (to) => {
      for (const type of this.typeBytes) to.append(type)
    })
    section(2, this.imports.length + (this.memory === null ? 0 : 1), (to) => {
      for (const { module, name, type } of this.imports) {
        to.text(module)
        to.text(name)
        to.byte(0)
        to.unsigned(type)
      }
      if (this.memory !== null) {
        to.text(this.memory.module)
        to.text(this.memory.name)
        to.byte(2)
        to.byte(this.memory.shared ? 3 : 1)
        to.unsigned(1)
        to.unsigned(65536)
      }
    })
    section(3, this.functions.length, (to) => {
      for (const { type } of this.functions) to.unsigned(type)
    })
    section(7, this.exports.length, (to) => {
      for (const { name, fn } of this.exports) {
        to.text(name)
        to.byte(0)
        to.unsigned(fn)
      }
    })
    section(10, this.functions.length, (to) => {
      for (const { writer } of this.functions) {
        const body = writer.body()
        to.unsigned(body.length)
        to.append(body)
      }
    })
    return new Uint8Array(out.bytes())
  }

  /** The functions as text; empty where no listing was kept. */
  text(): string {
    return this.functions
      .map(({ writer }, i) => {
        const head = `func ${this.imports.length + i} ${writer.name} (param ${writer.parameters.join(' ')})`
        return [head, ...(writer.lines ?? [])].join('\n')
      })
      .join('\n\n')
  }
}
