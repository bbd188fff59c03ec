/**
 * The memory that one isolate owns beside its ArrayBuffers: its arena and the pages of its programs' code. An isolate
 * that ends (a worker that is terminated runs no code of ours) leaves them behind; the next isolate of the process takes
 * the arena over and unmaps the code. So workers that come and go hold no more than were alive at once.
 */
import { estateRecordBytes } from '../../codegen/emit/x86/runtime-layout.js'
import { DeviceError } from '../../core/errors.js'
import type { Address, OperatingSystem } from './os/os.js'
import { maximumEstates, type ProcessRuntime } from './process-runtime.js'

/** Address space for an arena: as much of it as the system allows. */
const arenaSizes = [2 ** 40, 2 ** 38, 2 ** 36, 2 ** 34, 2 ** 32]
/** Room for the addresses and sizes of this many mappings of code. */
const ledgerEntries = 2 ** 18
const ledgerBytes = 16 * ledgerEntries

/** Words of a record: the owner (0: nobody yet), the arena, its bytes, the ledger. */
const recordWords = estateRecordBytes / 8

export interface Code {
  readonly address: Address
  readonly bytes: number
  readonly entry: number
}

export class Estate {
  readonly arena: Address
  readonly arenaBytes: number
  private readonly os: OperatingSystem
  private readonly ledger: Address
  private readonly freeEntries: number[] = []
  private usedEntries = 0
  /** A program is using the arena. */
  busy = false

  /** Throws DeviceError where there are less than 4 GB of addresses for intermediates. */
  constructor(os: OperatingSystem, runtime: ProcessRuntime) {
    this.os = os
    const record = runtime.exclusively(() => claim(os, runtime.estates)) ?? reserve(os)
    ;[, this.arena, this.arenaBytes, this.ledger] = record
  }

  /** Throws DeviceError where a program needs more than there is. */
  require(bytes: number): void {
    if (bytes > this.arenaBytes) {
      throw new DeviceError(
        `native: expected a program that needs at most ${this.arenaBytes} bytes for intermediates, got ${bytes}. Use smaller batches.`,
      )
    }
  }

  /** Makes code executable and remembers where it is. Throws DeviceError where the system refuses. */
  mapCode(code: Uint8Array): Code {
    const { address, bytes } = this.os.mapCode(code)
    const entry = this.freeEntries.pop() ?? this.usedEntries++
    if (entry < ledgerEntries) this.write(entry, address, bytes)
    return { address, bytes, entry }
  }

  releaseCode({ address, bytes, entry }: Code): void {
    if (entry < ledgerEntries) this.write(entry, 0, 0)
    this.freeEntries.push(entry)
    this.os.release(address, bytes)
  }

  private write(entry: number, address: Address, bytes: number): void {
    this.os.write(this.ledger + 16 * entry, new Uint8Array(Float64Array.of(address, bytes).buffer))
  }
}

/** The record of an isolate that has ended, or a new one, in the caller's name. */
function claim(os: OperatingSystem, estates: Address): Float64Array {
  const record = new Float64Array(recordWords)
  const view = new Uint8Array(record.buffer)
  for (let i = 0; i < maximumEstates; i++) {
    const at = estates + i * estateRecordBytes
    os.read(at, view)
    if (record[0] !== 0 && os.threadRuns(record[0])) continue
    const found = record[0] === 0 ? reserve(os) : record
    if (found === record) releaseLedger(os, record[3])
    found[0] = os.thread()
    os.write(at, new Uint8Array(found.buffer))
    return found
  }
  return reserve(os)
}

function reserve(os: OperatingSystem): Float64Array {
  const ledger = os.reserve(ledgerBytes)
  for (const bytes of arenaSizes) {
    const arena = ledger === null ? null : os.reserve(bytes)
    if (ledger !== null && arena !== null) return Float64Array.of(0, arena, bytes, ledger)
  }
  throw new DeviceError(
    'native: expected 4 GB of address space for intermediates, got none. Raise the limit (ulimit -v).',
  )
}

/** Unmaps what a ledger names. Entries are taken from the front, so it ends after a run of empty ones. */
function releaseLedger(os: OperatingSystem, ledger: Address): void {
  const chunk = new Float64Array(2 * 4096)
  const view = new Uint8Array(chunk.buffer)
  for (let at = 0; at < ledgerBytes; at += view.length) {
    os.read(ledger + at, view)
    let found = false
    for (let i = 0; i < chunk.length; i += 2) {
      if (chunk[i] === 0) continue
      found = true
      os.release(chunk[i], chunk[i + 1])
    }
    if (!found) return
    os.write(ledger + at, new Uint8Array(view.length))
  }
}
