/**
 * Time stamps around the commands of `main`: each site has, on each thread, a sum of cycles, a count, and the stamps of
 * its last round. Programs that are not profiled have none of this in their code.
 */
import type { Assembler } from './assembler.js'
import { mem, r12, rax, rbx, rcx, rdx, rsp } from './registers.js'
import { contextOffsets } from './runtime-layout.js'

/** What a site measures. `run` is the whole of `main`; loops contain the sites that follow them, up to `last`. */
export type ProfileSite =
  | { readonly kind: 'run' | 'barrier' }
  | { readonly kind: 'kernel'; readonly kernel: number }
  | { readonly kind: 'copy'; readonly bytes: number }
  | { readonly kind: 'call'; readonly call: number }
  | { readonly kind: 'loop' | 'while' | 'if' }

/** Byte offsets in a site's record; 64-bit words. */
export const siteOffsets = { cycles: 0, count: 8, begin: 16, end: 24, bytes: 32 } as const

/** Writes the stamps. All of rax, rcx and rdx are used. */
export class ProfileWriter {
  readonly sites: ProfileSite[] = []
  private readonly a: Assembler
  /** Frame offset of the address of this thread's records. */
  private readonly slot: number

  constructor(a: Assembler, slot: number) {
    this.a = a
    this.slot = slot
  }

  /** Once, at the start of `main`: r12 is the thread, rbx the context. */
  locate(): void {
    const { a } = this
    a.emit('mov', [rax, mem(rbx, contextOffsets.profile)])
    a.emit('mov', [rax, mem(rax, 0, r12, 8)])
    a.emit('mov', [mem(rsp, this.slot), rax])
  }

  /** Begins a site and returns its number, which `end` takes. */
  begin(site: ProfileSite): number {
    const { a } = this
    const number = this.sites.push(site) - 1
    a.emit('rdtsc', [])
    this.join()
    a.emit('mov', [rcx, mem(rsp, this.slot)])
    a.emit('mov', [mem(rcx, number * siteOffsets.bytes + siteOffsets.begin), rax])
    return number
  }

  end(number: number): void {
    const { a } = this
    const word = (offset: number) => mem(rcx, number * siteOffsets.bytes + offset)
    // Waits for what stands before it.
    a.emit('rdtscp', [])
    this.join()
    a.emit('mov', [rcx, mem(rsp, this.slot)])
    a.emit('mov', [word(siteOffsets.end), rax])
    a.emit('sub', [rax, word(siteOffsets.begin)])
    a.emit('add', [word(siteOffsets.cycles), rax])
    a.emit('add', [word(siteOffsets.count), 1], { size: 64 })
  }

  /** rax = edx:eax */
  private join(): void {
    this.a.emit('shl', [rdx, 32])
    this.a.emit('or', [rax, rdx])
  }
}
