/** What native code needs of an operating system: one small file an OS implements it. */

/** An address in the process, exact in a double. */
export type Address = number

export interface OperatingSystem {
  readonly name: string
  /** Differs between programs that run, in the same process one after the other too. */
  readonly identity: string
  /** Address space that is readable and writable and takes memory only where it is touched; null where there is none. */
  reserve(bytes: number): Address | null
  /** Asks for pages of megabytes in a range: fewer of them are looked up, and touched for the first time. */
  preferHugePages(address: Address, bytes: number): void
  release(address: Address, bytes: number): void
  /** Copies code to pages of its own, which are never writable and executable at once. Throws DeviceError. */
  mapCode(code: Uint8Array): { readonly address: Address; readonly bytes: number }
  /** Copies bytes between the process and a host array. */
  read(from: Address, into: Uint8Array): void
  write(to: Address, from: Uint8Array): void
  /** Where an array's bytes lie. They do not move while the array lives. */
  addressOf(buffer: ArrayBuffer): Address
  /** The C function of this name, or null. */
  symbol(name: string): Address | null
  /** Makes a function `void f(pointer)` at an address callable. */
  callable(address: Address): (argument: Address) => void
  /** A C function (int32, pointer) that calls back into this thread. */
  callback(f: (number: number, pointer: Address) => void): Address
  /** Starts a thread that runs code at `entry` with one argument and takes no signals; false where it cannot. */
  startThread(entry: Address, argument: Address): boolean
  /** A number above 0 that no other thread of the process has, now or later. */
  thread(): number
  /** False once the thread of this number has ended. */
  threadRuns(thread: number): boolean
  /**
   * Sets a name of the whole process to an address unless another isolate was first; returns the address that counts.
   */
  share(name: string, address: Address): Address
  shared(name: string): Address | null
}
