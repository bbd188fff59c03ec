/**
 * Programs as machine code on disk, by a digest of all that they depend on: the graph, the compiler, the machine and the
 * options. What is read was verified when it was written, by this compiler, for this user.
 */
import type { Graph } from '../../ir/graph.js'
import { graphIdentity } from '../../ir/graph-identity.js'
import type { HostKernel } from '../../ir/node.js'
import { builtin } from '../builtin.js'
import type { FileCache } from '../file-cache.js'
import { compilerDigest } from './compiler-digest.js'
import type { Address } from './os/os.js'
import { type ProgramImage, readImage, writeImage } from './program-image.js'

/** What compiles faster than this is compiled again: many small files would cost more than they save. */
const leastMilliseconds = 2

export class ProgramCache {
  private readonly files: FileCache
  private readonly machine: string
  private readonly addresses: ReadonlyMap<string, Address>

  /** `machine`: everything but graphs that code depends on, as plain data. */
  constructor(files: FileCache, machine: object, addresses: ReadonlyMap<string, Address>) {
    this.files = files
    // Numbers are printed and functions computed by the engine: another one may fold another constant.
    const { node, v8 } = process.versions
    this.machine = plainText({ machine, node, v8, platform: process.platform, arch: process.arch })
    this.addresses = addresses
  }

  /** The graph's program from disk, else what `compile` makes of it, which is kept. */
  image(graph: Graph, compile: () => ProgramImage): ProgramImage {
    const compiler = compilerDigest()
    if (compiler === null) return compile()
    const { text, kernels } = graphIdentity(graph)
    const key = this.key(compiler, text)
    const found = this.files.read(key)
    if (found !== null) return readImage(found, kernels, this.addresses)
    const start = performance.now()
    const image = compile()
    if (performance.now() - start >= leastMilliseconds) this.keep(key, image, kernels)
    return image
  }

  private key(compiler: string, graph: string): string {
    const { createHash } = builtin<typeof import('node:crypto')>('node:crypto')!
    const hash = createHash('sha256')
    for (const part of [compiler, this.machine, graph]) hash.update(`${part.length}\n`).update(part)
    return hash.digest('hex')
  }

  private keep(key: string, image: ProgramImage, kernels: readonly HostKernel[]): void {
    const bytes = writeImage(image, kernels)
    if (bytes !== null) this.files.write(key, bytes)
  }
}

/** JSON, in which no two different values look alike. */
const plainText = (value: object): string =>
  JSON.stringify(value, (_, item: unknown) =>
    typeof item === 'number' && !Number.isFinite(item) ? { number: String(item) } : item,
  )
