/** Bytes of the largest record or decompressed chunk that is read; rosbag2 writes chunks of about 1 MiB. */
export const MAX_RECORD_BYTES = 128 * 1024 * 1024;

/** Bytes of the largest message definition that is parsed; those of the standard messages have a few kB. */
export const MAX_SCHEMA_BYTES = 256 * 1024;

/** Chunks overlapping in time that are held in memory at once to bring their messages into order. */
export const MAX_OVERLAPPING_CHUNKS = 8;
