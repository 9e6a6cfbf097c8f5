/* checksum.h: numbers that tell whether bytes are still, or again, what they were. Against
 * accidents, not against malice; the same on every machine. */
#ifndef NF_CHECKSUM_H
#define NF_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/* CRC-32C (Castagnoli), as iSCSI and ext4 have it. crc: 0, or that of the bytes before these. */
uint32_t nf_checksum_crc(uint32_t crc, const void *data, size_t size);

/* FNV-1a in 64 bits, to tell texts apart. hash: NF_CHECKSUM_HASH, or that of the bytes before. */
#define NF_CHECKSUM_HASH UINT64_C(14695981039346656037)
uint64_t nf_checksum_hash(uint64_t hash, const void *data, size_t size);

#endif
