import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { parse, stringify } from 'yaml';
import { BadInput } from '../errors.js';
import { createDirectoryAtomically, createFileAtomically, writeAtomically } from '../files.js';
import type { BagWriter } from './bag_writer.js';
import { LIBRARY, writeMcap, type WrittenMcap } from './write_mcap.js';

/** Version of metadata.yaml that rosbag2 of ROS 2 Jazzy writes. */
const METADATA_VERSION = 9;

/**
 * Writes a bag in one atomic step: an MCAP file where `path` ends in .mcap, else a rosbag2 directory with one
 * MCAP file and metadata.yaml. Chunks are not compressed, as by rosbag2's default.
 * @param fill writes the messages
 * @param extras gives further files of a directory, by name, once all messages are written; of a single file
 *   they are written beside it, as `PATH.NAME`
 * @param customData entries of metadata.yaml's custom_data
 * @throws BadInput when something exists at `path` that this project did not write
 */
export async function writeBag(
  path: string,
  fill: (bag: BagWriter) => Promise<void>,
  extras: () => Readonly<Record<string, string>> = () => ({}),
  customData: Readonly<Record<string, string>> = {},
): Promise<void> {
  await placeBag(path, async (file) => writeMcap(file, fill), extras, customData);
}

/**
 * As {@link writeBag} when something else writes the messages into the one MCAP file, at the path it is given.
 * @throws BadInput when something exists at `path` that this project did not write
 */
export async function placeBag(
  path: string,
  write: (file: string) => Promise<WrittenMcap>,
  extras: () => Readonly<Record<string, string>> = () => ({}),
  customData: Readonly<Record<string, string>> = {},
): Promise<void> {
  if (path.endsWith('.mcap')) {
    if (existsSync(path) && !isOurFile(path)) {
      throw new BadInput('exists and holds something else', path, 'choose another output path');
    }
    await createFileAtomically(path, async (temporary) => {
      await write(temporary);
    });
    for (const [name, text] of Object.entries(extras())) {
      await writeAtomically(`${path}.${name}`, text);
    }
    return;
  }
  await createDirectoryAtomically(path, isOurs, async (directory) => {
    const name = `${basename(resolve(path))}.mcap`;
    const written = await write(join(directory, name));
    const custom = { ...customData, library: LIBRARY };
    await writeFile(join(directory, 'metadata.yaml'), metadataOf(name, written, custom));
    for (const [extra, text] of Object.entries(extras())) {
      await writeFile(join(directory, extra), text);
    }
  });
}

function metadataOf(
  file: string,
  { topics, startNs, endNs }: WrittenMcap,
  customData: Readonly<Record<string, string>>,
): string {
  const count = topics.reduce((sum, { messages }) => sum + messages, 0);
  const duration = { nanoseconds: endNs - startNs };
  const start = { nanoseconds_since_epoch: startNs };
  const metadata = {
    rosbag2_bagfile_information: {
      version: METADATA_VERSION,
      storage_identifier: 'mcap',
      duration,
      starting_time: start,
      message_count: count,
      topics_with_message_count: topics.map(({ topic, type, messages }) => ({
        topic_metadata: {
          name: topic,
          type,
          serialization_format: 'cdr',
          offered_qos_profiles: [],
          type_description_hash: '',
        },
        message_count: messages,
      })),
      compression_format: '',
      compression_mode: '',
      relative_file_paths: [file],
      files: [{ path: file, starting_time: start, duration, message_count: count }],
      custom_data: customData,
      ros_distro: 'jazzy',
    },
  };
  return stringify(metadata, { aliasDuplicateObjects: false });
}

/** Whether a directory holds a bag this project wrote before, which a new one may replace. */
function isOurs(directory: string): boolean {
  try {
    const text = readFileSync(join(directory, 'metadata.yaml'), 'utf8');
    const yaml = parse(text, { maxAliasCount: 0 }) as {
      rosbag2_bagfile_information?: { custom_data?: { library?: unknown } };
    };
    return yaml.rosbag2_bagfile_information?.custom_data?.library === LIBRARY;
  } catch {
    return false;
  }
}

/** As {@link isOurs} for a single file, whose header names the program that wrote it. */
function isOurFile(path: string): boolean {
  try {
    const file = openSync(path, 'r');
    const header = Buffer.alloc(64);
    readSync(file, header);
    closeSync(file);
    return header.includes(LIBRARY);
  } catch {
    return false;
  }
}
