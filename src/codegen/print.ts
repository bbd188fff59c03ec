/** Kernels and Programs as text for people: `DEBUG=loops` prints them. */

import type { Atom, Index } from './index-expression.js'
import type { BinaryOp, Expr, IndexRange, Kernel, Stmt } from './loop-ir.js'
import type { Command, Place, Program } from './program.js'

const symbols: Partial<Record<BinaryOp, string>> = {
  add: '+',
  sub: '-',
  mul: '*',
  div: '/',
  rem: '%',
  and: '&',
  or: '|',
  xor: '^',
  shl: '<<',
  shrU: '>>>',
  shrS: '>>',
  eq: '==',
  ne: '!=',
  lt: '<',
  le: '<=',
}

/** Gives every name of the kernel that occurs for several variables or registers a number. */
class Names {
  private readonly byId = new Map<number, string>()
  private readonly used = new Map<string, number>()

  of(id: number, name: string): string {
    let text = this.byId.get(id)
    if (text === undefined) {
      const n = this.used.get(name) ?? 0
      this.used.set(name, n + 1)
      text = n === 0 ? name : `${name}'${n + 1}`
      this.byId.set(id, text)
    }
    return text
  }
}

class Printer {
  private readonly names = new Names()
  private readonly buffers: readonly string[]

  constructor(kernel: Kernel) {
    this.buffers = bufferNames(kernel)
  }

  index(index: Index): string {
    const parts = index.terms.map(({ atom, coefficient }) =>
      coefficient === 1 ? this.atom(atom) : `${coefficient}*${this.atom(atom)}`,
    )
    if (index.offset !== 0 || parts.length === 0) parts.push(String(index.offset))
    return parts.join(' + ').replaceAll('+ -', '- ')
  }

  private atom(atom: Atom): string {
    switch (atom.kind) {
      case 'loop':
        return this.names.of(atom.id, atom.name)
      case 'quotient':
        return `((${this.index(atom.of)}) / ${atom.by})`
      case 'remainder':
        return `((${this.index(atom.of)}) % ${atom.by})`
      case 'bounded':
        return `[${this.index(atom.of)}]`
      case 'dynamic':
        return `{${this.expr(atom.value)}}`
    }
  }

  private ranges(ranges: readonly IndexRange[]): string {
    return ranges.map(({ index, low, high }) => `${low} <= ${this.index(index)} <= ${high}`).join(' and ')
  }

  private element(buffer: number, index: Index, lanes: number, stride: number, active = lanes): string {
    const count = active === lanes ? `${lanes}` : `${active} of ${lanes}`
    const span = lanes === 1 ? '' : stride === 1 ? ` :${count}` : ` :${count} by ${stride}`
    return `${this.buffers[buffer]}[${this.index(index)}${span}]`
  }

  expr(e: Expr): string {
    switch (e.kind) {
      case 'const':
        return e.type === 'bool'
          ? String(Number(e.value) !== 0)
          : Object.is(e.value, -0)
            ? '-0'
            : String(e.value)
      case 'index':
        return `(${this.index(e.index)})`
      case 'ramp':
        return `ramp(${this.index(e.index)}, ${e.step})`
      case 'load':
        return this.element(e.buffer, e.index, e.lanes, e.stride, e.active)
      case 'splat':
        return `splat(${this.expr(e.value)})`
      case 'vector':
        return `<${e.values.map((v) => this.expr(v)).join(', ')}>`
      case 'unary':
        return `${e.op}(${this.expr(e.value)})`
      case 'binary': {
        const symbol = symbols[e.op]
        const [left, right] = [this.expr(e.left), this.expr(e.right)]
        return symbol === undefined ? `${e.op}(${left}, ${right})` : `(${left} ${symbol} ${right})`
      }
      case 'pair':
        return `pair(${this.expr(e.low)}, ${this.expr(e.high)})`
      case 'mulAdd':
      case 'dotPairs':
        return `${e.kind}(${this.expr(e.a)}, ${this.expr(e.b)}, ${this.expr(e.c)})`
      case 'select':
        return `select(${this.expr(e.condition)}, ${this.expr(e.then)}, ${this.expr(e.else)})`
      case 'convert':
        return `${e.type}(${this.expr(e.value)})`
      case 'bitcast':
        return `bits ${e.type}(${this.expr(e.value)})`
      case 'register':
        return this.names.of(e.register.id, e.register.name)
      case 'combine':
        return `combine ${e.op}(${this.expr(e.value)})`
      case 'shuffle':
        return `shuffle(${this.expr(e.left)}, ${this.expr(e.right)})[${e.pattern.join(' ')}]`
      case 'permute':
        return `${this.expr(e.value)}[${e.pattern.join(' ')}]`
      case 'lane':
        return `${this.expr(e.value)}.${e.lane}`
      case 'guard':
        return `(${this.ranges(e.ranges)} ? ${this.expr(e.then)} : ${this.expr(e.otherwise)})`
    }
  }

  stmts(stmts: readonly Stmt[], depth: number, out: string[]): void {
    const line = (text: string): void => void out.push('  '.repeat(depth) + text)
    for (const s of stmts) {
      switch (s.kind) {
        case 'for':
        case 'parallel': {
          const { low, high } = s.variable
          const step = s.kind === 'for' && s.step !== 1 ? ` by ${s.step}` : ''
          line(`${s.kind} ${this.names.of(s.variable.id, s.variable.name)} = ${low} to ${high}${step}`)
          this.stmts(s.body, depth + 1, out)
          break
        }
        case 'loop':
          line(`while ${this.expr(s.condition)}`)
          this.stmts(s.body, depth + 1, out)
          break
        case 'set': {
          const type = s.register.lanes === 1 ? s.register.type : `${s.register.type}x${s.register.lanes}`
          line(`${this.names.of(s.register.id, s.register.name)}: ${type} = ${this.expr(s.value)}`)
          break
        }
        case 'store':
          line(
            `${this.element(s.buffer, s.index, s.value.lanes, s.stride, s.active)} ${s.streams ? ':=' : '='} ${this.expr(s.value)}`,
          )
          break
        case 'prefetch':
          line(`prefetch ${this.element(s.buffer, s.index, 1, 1)}`)
          break
        case 'if':
        case 'when':
          line(`if ${s.kind === 'if' ? this.ranges(s.ranges) : this.expr(s.condition)}`)
          this.stmts(s.then, depth + 1, out)
          if (s.otherwise.length > 0) {
            line('else')
            this.stmts(s.otherwise, depth + 1, out)
          }
          break
        case 'check': {
          const target = this.names.of(s.register.id, s.register.name)
          line(`${target}: ${s.register.type} = check ${s.low} <= ${this.expr(s.value)} <= ${s.high}`)
          break
        }
      }
    }
  }
}

/** Names of buffers, numbered where several have the same. */
function bufferNames({ buffers }: Kernel): string[] {
  return buffers.map(({ name }, i) => {
    const same = buffers.filter((other) => other.name === name)
    return same.length === 1 ? name : `${name}${buffers.slice(0, i).filter((o) => o.name === name).length}`
  })
}

/** A kernel's buffers and statements. */
export function printKernel(kernel: Kernel): string {
  const out = [`kernel ${kernel.name}`]
  const names = bufferNames(kernel)
  kernel.buffers.forEach(({ dtype, size, access, kind }, i) => {
    out.push(`  ${kind === 'scratch' ? 'scratch' : access} ${names[i]}: ${dtype}[${size}]`)
  })
  new Printer(kernel).stmts(kernel.body, 1, out)
  return out.join('\n')
}

/** `arena+64`, `input0`, `output1+128*i0`. */
export function printPlace({ base, index, offset, steps }: Place): string {
  const start = base === 'arena' ? `arena+${offset}` : `${base}${index}${offset === 0 ? '' : `+${offset}`}`
  return start + steps.map(({ loop, bytes }) => `+${bytes}*i${loop}`).join('')
}

/** A program's values and commands, without the insides of its kernels. */
export function printProgram(program: Program): string {
  const out: string[] = []
  const value = ({ dtype, shape }: Program['inputs'][number]): string => `${dtype}[${shape.join(', ')}]`
  out.push(`program (${program.inputs.map(value).join(', ')}) -> (${program.outputs.map(value).join(', ')})`)
  out.push(`  arena ${program.arenaBytes} bytes, ${program.kernels.length} kernels`)
  const print = (commands: readonly Command[], depth: number): void => {
    const line = (text: string): void => void out.push('  '.repeat(depth) + text)
    for (const c of commands) {
      switch (c.kind) {
        case 'kernel':
          line(`${program.kernels[c.kernel].name}(${c.arguments.map(printPlace).join(', ')})`)
          break
        case 'copy':
          line(`copy ${c.bytes} bytes ${printPlace(c.from)} -> ${printPlace(c.to)}`)
          break
        case 'loop':
          line(`loop i${c.id} ${c.reverse ? 'down from' : 'to'} ${c.count}`)
          print(c.body, depth + 1)
          break
        case 'while':
          line(`while ${printPlace(c.flag)}, after`)
          print(c.condition, depth + 2)
          line('do')
          print(c.body, depth + 1)
          break
        case 'if':
          line(`if ${printPlace(c.flag)}`)
          print(c.then, depth + 1)
          if (c.otherwise.length > 0) line('else')
          print(c.otherwise, depth + 1)
          break
        case 'call': {
          const [inputs, outputs] = [c.inputs, c.outputs].map((list) =>
            list.map((v) => printPlace(v.place)).join(', '),
          )
          line(`call ${c.kernel.name}(${inputs}) -> (${outputs})`)
          break
        }
      }
    }
  }
  print(program.commands, 1)
  return out.join('\n')
}
