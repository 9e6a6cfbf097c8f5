/* checkpoint_record.h: what writing and reading a checkpoint's file agree on. */
#ifndef NF_CHECKPOINT_RECORD_H
#define NF_CHECKPOINT_RECORD_H

#include "checkpoint_file.h"

#define NF_HEAD_FIRST    "nfold-checkpoint "
#define NF_HEAD_VERSION  "1"
#define NF_HEAD_CRC      "crc "
#define NF_HEAD_CRC_SIZE (sizeof NF_HEAD_CRC - 1 + 8 + 1) /* of that whole line */

#define NF_RECORD_WORD      4
#define NF_RECORD_MAGIC     "nfcr"
#define NF_RECORD_END       "end\n"
#define NF_RECORD_HEAD_SIZE (4 * NF_RECORD_WORD)
#define NF_RECORD_TAIL_SIZE (2 * NF_RECORD_WORD)
#define NF_RECORD_BODY_MAX  ((size_t)64 << 20)

/* Of bytes of the record that begins at place. */
uint32_t nf_checkpoint_record_crc(const struct nf_checkpoint_file *file, uint64_t place,
                                  const void *data, size_t size);
/* Compares the file's head with the one that it should have; sets file->seed and file->end. 1:
 * there is none, or a beginning of this one only. */
int nf_checkpoint_read_head(struct nf_checkpoint_file *file, const struct nfold_buffer *head,
                            nfold_error *err);
/* Fills file->holder, as far as the file can be read. */
void nf_checkpoint_read_holder(struct nf_checkpoint_file *file);

#endif
