/**
 * Calls of a kernel that threads share by pieces: each takes its own, then those that others have not begun. Every
 * thread has a row of 32-bit words in the run's tickets, which are 0 when a run begins: for each command, how many of
 * its pieces have been taken. In a loop a command has two such words, for rounds of either parity, and the parity: while
 * one is used, its owner clears the other, which nobody looks at between the barriers at which rounds begin.
 */
import { lineBytes } from '../../../core/take-line.js'
import type { Assembler, Label } from './assembler.js'
import { type Mem, mem, r12, r13, rax, rbx, rcx, rdi, rdx, reg32, rsi, rsp } from './registers.js'
import { contextOffsets } from './runtime-layout.js'

/** Words of a command in a row. */
const words = { even: 0, odd: 1, parity: 2, count: 3 } as const
const wordBytes = 4

/** Bytes of a thread's row, for so many commands: rows have no cache line in common, wherever the first begins. */
export const ticketRowBytes = (commands: number): number =>
  commands === 0 ? 0 : (Math.ceil((commands * words.count * wordBytes) / lineBytes) + 1) * lineBytes

/** Words of the frame that are used. */
export const pieceFrameWords = 2

export interface PieceCall {
  readonly kernel: Label
  /** Pieces of a thread. */
  readonly pieces: number
  /** Which of the commands it is. */
  readonly command: number
  readonly rowBytes: number
  /** It may be run more than once in a run, with barriers between. */
  readonly repeated: boolean
  /** Frame offset of two words. */
  readonly frame: number
}

/**
 * r12 is the thread, r13 the threads, rbx the context; the addresses that the kernel is called with stand at rsp. All
 * registers that calls may change are used.
 */
export function takePieces(a: Assembler, call: PieceCall): void {
  const { kernel, pieces, command, rowBytes, repeated } = call
  const [share, take, next, done] = Array.from({ length: 4 }, () => a.label())
  const owner = mem(rsp, call.frame)
  const parity = mem(rsp, call.frame + 8)
  const word = (which: number): Mem => mem(rcx, (command * words.count + which) * wordBytes)
  /** rcx = the row of the thread in rax. */
  const findRow = (): void => {
    a.emit('imul', [rax, rax, rowBytes])
    a.emit('mov', [rcx, mem(rbx, contextOffsets.tickets)])
    a.emit('add', [rcx, rax])
  }
  /** rcx = the same, moved so that the first word of a command is the one that this round uses. */
  const findRoundsRow = (): void => {
    findRow()
    if (repeated) a.emit('add', [rcx, parity])
  }
  const run = (): void => {
    a.emit('mov', [rdx, rsp])
    a.call(kernel)
  }
  a.emit('cmp', [r13, 1])
  a.jump('ne', share)
  a.emit('xor', [reg32(7), reg32(7)])
  a.emit('mov', [reg32(6), 1])
  run()
  a.jump('always', done)

  a.bind(share)
  a.emit('mov', [owner, r12])
  if (repeated) {
    a.emit('mov', [rax, r12])
    findRow()
    a.emit('mov', [reg32(0), word(words.parity)])
    a.emit('mov', [reg32(2), reg32(0)])
    a.emit('xor', [reg32(2), 1])
    a.emit('mov', [word(words.parity), reg32(2)])
    a.emit('mov', [mem(rcx, command * words.count * wordBytes, rdx, wordBytes), 0], { size: 32 })
    a.emit('imul', [rax, rax, wordBytes])
    a.emit('mov', [parity, rax])
  }
  a.bind(take)
  a.emit('mov', [rax, owner])
  findRoundsRow()
  a.emit('mov', [reg32(0), 1])
  a.emit('lock xadd', [word(words.even), reg32(0)])
  a.emit('cmp', [reg32(0), pieces])
  a.jump('ge', next)
  // Piece owner · pieces + ticket of threads · pieces.
  a.emit('imul', [rdi, owner, pieces])
  a.emit('add', [rdi, rax])
  a.emit('imul', [rsi, r13, pieces])
  run()
  a.jump('always', take)

  a.bind(next)
  a.emit('mov', [rax, owner])
  a.emit('add', [rax, 1])
  a.emit('xor', [reg32(1), reg32(1)])
  a.emit('cmp', [rax, r13])
  a.emit('cmove', [rax, rcx])
  a.emit('cmp', [rax, r12])
  a.jump('e', done)
  a.emit('mov', [owner, rax])
  // Looks before it takes: the owner keeps its line where nothing is left.
  findRoundsRow()
  a.emit('cmp', [word(words.even), pieces], { size: 32 })
  a.jump('ge', next)
  a.jump('always', take)
  a.bind(done)
}
