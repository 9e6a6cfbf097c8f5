/* foreign_source.c: names of files by their ends. */
#include "foreign_source.h"

#include <string.h>

struct language {
    const char *end;     /* of the file's name */
    const char *command; /* that makes a library of it */
    const char *duty;    /* "" or what the function must be declared */
};

#define CPP "g++ -shared -fPIC -O3", ", with the function declared extern \"C\""
#define FORTRAN                                                                                    \
    "gfortran -shared -fPIC -O3", ", with the function declared bind(c) and its argument value"
#define OBJECT "cc -shared", ""

static const struct language languages[] = {
    {".cpp", CPP},     {".cc", CPP},      {".cxx", CPP},     {".c++", CPP},     {".C", CPP},
    {".f", FORTRAN},   {".for", FORTRAN}, {".f90", FORTRAN}, {".F90", FORTRAN}, {".f95", FORTRAN},
    {".f03", FORTRAN}, {".f08", FORTRAN}, {".o", OBJECT},    {".a", OBJECT},    {NULL, NULL, NULL},
};

static const struct language *find_language(const char *path, size_t length)
{
    for (const struct language *language = languages; language->end; language++) {
        size_t end = strlen(language->end);
        if (length > end && memcmp(path + length - end, language->end, end) == 0)
            return language;
    }
    return NULL;
}

/* "c ? 1.f : x" would be an expression but for its f. */
int nf_foreign_source_is(const char *operand)
{
    const char *colon = strrchr(operand, ':');
    return colon && !strchr(operand, '?') &&
           find_language(operand, (size_t)(colon - operand)) != NULL;
}

int nf_foreign_source_refuse(const char *operand, nfold_error *err)
{
    const char *colon = strrchr(operand, ':');
    int length = (int)(colon - operand);
    const struct language *language = find_language(operand, (size_t)length);
    return nf_fail(
        err, NFOLD_E_USAGE,
        "%.*s: only C is compiled here; make a library of it, `%s -o libname.so %.*s`%s, "
        "and give ./libname.so%s",
        length, operand, language->command, length, operand, language->duty, colon);
}
