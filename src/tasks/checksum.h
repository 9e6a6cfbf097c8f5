/* checksum.h: CRC-32C, which finds every torn or flipped byte that a disk may leave behind. */
#ifndef NF_CHECKSUM_H
#define NF_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

uint32_t nf_checksum(const void *data, size_t size);

#endif
