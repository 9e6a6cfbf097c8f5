/* task_identity.c: what goes into the hash that names a task. */
#include "task_identity.h"

#include <string.h>

static void add_text(struct nf_hash *hash, const char *text)
{
    size_t size = strlen(text);
    nf_hash_number(hash, size);
    nf_hash_add(hash, text, size);
}

void nf_identity_of_values(struct nf_identity *identity, const char *pattern_text,
                           const struct nf_task *task)
{
    struct nf_hash hash;
    nf_hash_begin(&hash);
    add_text(&hash, pattern_text);
    nf_hash_number(&hash, task->value_count);
    for (unsigned i = 0; i < task->value_count; i++)
        add_text(&hash, task->values[i]);
    nf_hash_end(&hash, identity->word);
}

void nf_identity_of_command(struct nf_identity *identity, const char *command)
{
    struct nf_hash hash;
    nf_hash_begin(&hash);
    add_text(&hash, command);
    nf_hash_end(&hash, identity->word);
}

void nf_identity_of_occurrence(struct nf_identity *identity, uint64_t occurrence)
{
    struct nf_hash hash;
    if (occurrence <= 1)
        return;
    nf_hash_begin(&hash);
    nf_hash_number(&hash, identity->word[0]);
    nf_hash_number(&hash, identity->word[1]);
    nf_hash_number(&hash, occurrence);
    nf_hash_end(&hash, identity->word);
}
