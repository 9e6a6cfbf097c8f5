/* c_locale.h: text is made and read in the C locale, whatever the host program has chosen with
 * setlocale: a comma for the decimal point in generated code or in JSON would be a defect. Only the
 * calling thread is touched. In glibc and musl the C locale is a constant: nothing is allocated. */
#ifndef NF_C_LOCALE_H
#define NF_C_LOCALE_H

#include <locale.h>

struct nf_c_locale {
    locale_t c, before;
};

static inline struct nf_c_locale nf_c_locale_enter(void)
{
    struct nf_c_locale locale = {.c = newlocale(LC_ALL_MASK, "C", (locale_t)0)};
    if (locale.c != (locale_t)0)
        locale.before = uselocale(locale.c);
    return locale;
}

static inline void nf_c_locale_leave(struct nf_c_locale locale)
{
    if (locale.c == (locale_t)0)
        return;
    uselocale(locale.before);
    freelocale(locale.c);
}

#endif
