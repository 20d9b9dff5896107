import { writeFileSync } from 'node:fs';
import { bagFiles } from '../../src/bag/bag_files.js';
import { rawMessages } from '../ros/raw_mcap.js';

/** Writes some topics of a bag as test/ros/peers/play.py plays them. @returns how many messages */
export async function writePlayable(
  bag: string,
  topics: readonly string[],
  path: string,
): Promise<number> {
  const messages = (await Promise.all((await bagFiles(bag)).map(rawMessages)))
    .flat()
    .filter(({ channel }) => topics.includes(channel.topic));
  // Times of recording are of this century: as numbers they lose what is below a microsecond.
  const entries = messages.map(({ channel, logTimeNs, data }) => ({
    topic: channel.topic,
    type: channel.schemaName,
    time: Number(logTimeNs),
    bytes: data.length,
  }));
  const index = Buffer.from(`${JSON.stringify(entries)}\n`);
  writeFileSync(path, Buffer.concat([index, ...messages.map(({ data }) => data)]));
  return messages.length;
}
