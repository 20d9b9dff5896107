import { stat } from 'node:fs/promises';
import { isAbsolute, join, normalize } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { BadInput, messageOf } from '../errors.js';
import { readChecked, sizeOfFile } from '../files.js';
import { parseWith } from '../policy/manifest.js';

const MAX_METADATA_BYTES = 4 * 1024 * 1024;

/** The part of rosbag2's metadata.yaml that says where the data lies; all else may differ by version. */
const metadata = z.object({
  rosbag2_bagfile_information: z.object({
    storage_identifier: z.string(),
    relative_file_paths: z.array(z.string().min(1)).min(1),
    compression_format: z.string().nullish(),
    compression_mode: z.string().nullish(),
  }),
});

/**
 * The MCAP files of a bag in the order they were recorded: the file itself, or what the metadata.yaml of a
 * rosbag2 directory lists.
 * @throws BadInput when there is no such bag, or it is stored in a way that is not read here
 */
export async function bagFiles(path: string): Promise<string[]> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw new BadInput('does not exist', path, 'check the path of the bag');
  if (!found.isDirectory()) return [path];

  const where = join(path, 'metadata.yaml');
  if (!(await stat(where).catch(() => undefined))) {
    throw new BadInput(
      'has no metadata.yaml',
      path,
      'give the path of the .mcap file itself, or run `ros2 bag reindex` on the directory',
    );
  }
  const info = parseWith(
    metadata,
    parseYaml(await readChecked(where, MAX_METADATA_BYTES), where),
    where,
    'give the path of a rosbag2 directory or of an .mcap file',
  ).rosbag2_bagfile_information;
  if (info.storage_identifier !== 'mcap') {
    throw new BadInput(
      `is stored as ${info.storage_identifier}, only mcap is read`,
      where,
      'convert it with `ros2 bag convert` to storage mcap',
    );
  }
  if (info.compression_mode && info.compression_mode.toLowerCase() !== 'none') {
    throw new BadInput(
      `compression_mode ${info.compression_mode} (${info.compression_format ?? 'unknown'}) is not read`,
      where,
      'convert it with `ros2 bag convert`; chunks compressed by the mcap storage itself are fine',
    );
  }
  const files = info.relative_file_paths.map((name) => {
    const relative = normalize(name);
    if (isAbsolute(relative) || relative.startsWith('..')) {
      throw new BadInput(`lists ${name}, which lies outside the bag`, where, 'use another bag');
    }
    return join(path, relative);
  });
  for (const file of files) await sizeOfFile(file);
  return files;
}

function parseYaml(text: Buffer, where: string): unknown {
  try {
    // Aliases are never written by rosbag2 and can blow a small file up.
    return parse(text.toString('utf8'), { maxAliasCount: 0 });
  } catch (error) {
    throw new BadInput(`is not YAML: ${messageOf(error)}`, where, 'use another bag');
  }
}
