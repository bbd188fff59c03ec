/** Constant data that stands after code: each distinct run of bytes once, behind one label. */
import { InternalError } from '../../../core/errors.js'
import type { Label } from './label.js'

interface Constant {
  readonly label: Label
  readonly bytes: Uint8Array
  align: number
}

export class ConstantPool {
  private readonly byBytes = new Map<string, Constant>()
  private readonly decoder = new TextDecoder('latin1')

  /** The label of these bytes; `makeLabel` is called where they are new. The strictest alignment asked for holds. */
  add(bytes: Uint8Array, align: number, makeLabel: () => Label): Label {
    if (!Number.isInteger(align) || align < 1 || (align & (align - 1)) !== 0)
      throw new InternalError(`expected a power of two as the alignment of a constant, got ${align}`)
    // Each byte becomes another character, so that equal keys are equal bytes.
    const key = this.decoder.decode(bytes)
    const known = this.byBytes.get(key)
    if (known !== undefined) {
      known.align = Math.max(known.align, align)
      return known.label
    }
    const label = makeLabel()
    this.byBytes.set(key, { label, bytes: bytes.slice(), align })
    return label
  }

  /** Positions after code that ends at `start`, the strictest alignment first, and where the last constant ends. */
  place(start: number): {
    readonly items: readonly {
      readonly label: Label
      readonly bytes: Uint8Array
      readonly position: number
    }[]
    readonly end: number
  } {
    let end = start
    const items = [...this.byBytes.values()]
      .sort((a, b) => b.align - a.align)
      .map(({ label, bytes, align }) => {
        const position = Math.ceil(end / align) * align
        end = position + bytes.length
        return { label, bytes, position }
      })
    return { items, end }
  }
}
