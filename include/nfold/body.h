/* body.h: the contract of a body: what is done to an item.
 *
 * A body type is one file with one const table (struct nfold_body_type) and one word in
 * src/bodies/meson.build. The engine finds it there and never says its name. A body offers itself
 * in forms; a backend declares which forms it runs; the engine matches them.
 *
 *     NFOLD_FORM_CALL    call():   values of some points, on the host; also the source of NFOLD_FORM_KERNEL
 *     NFOLD_FORM_RANGE   range():  items first … last-1, no values (nfold_for)
 *     NFOLD_FORM_DEVICE  reserved: device code
 */
#ifndef NFOLD_BODY_H
#define NFOLD_BODY_H

#include <nfold/nfold.h>

#define NFOLD_BODY_ABI 1
#define NFOLD_ALIGNED __attribute__((aligned(64)))

#define NFOLD_LANES 32        /* docs/design/order.md */
#define NFOLD_GROUP_STEPS 64
#define NFOLD_GROUP_ITEMS (NFOLD_LANES * NFOLD_GROUP_STEPS)

enum nfold_form { NFOLD_FORM_CALL = 1, NFOLD_FORM_RANGE = 2, NFOLD_FORM_DEVICE = 4 };

enum nfold_trait {
    NFOLD_BODY_PURE = 1,         /* may be run again on the same items */
    NFOLD_BODY_WRITES = 2,       /* writes the caller's memory: same address space only */
    NFOLD_BODY_FORK_SAFE = 4,    /* may be run in a forked child */
    NFOLD_BODY_USER_CODE = 8,    /* may crash, hang, change the rounding mode or call libm: bits hold on
                                  * machines of one kind */
};

/* What a kernel computes for each lane of whole groups: the shape of a reduction. */
enum nfold_shape { NFOLD_SHAPE_SUM, NFOLD_SHAPE_WEIGHTED_SUM, NFOLD_SHAPE_PROD, NFOLD_SHAPE_MIN,
                   NFOLD_SHAPE_MAX, NFOLD_SHAPE_COUNT, NFOLD_SHAPES };

/* The state of the 32 lanes of a chunk. SUM: hi, lo as ORDER says. PROD: hi mantissa, lo exponent
 * (a whole number). MIN, MAX: hi; lo is 0 while all values were finite, else 1. COUNT: hi the count; lo as for MIN. */
struct nfold_lanes {
    double hi[NFOLD_LANES] NFOLD_ALIGNED;
    double lo[NFOLD_LANES] NFOLD_ALIGNED;
};

/* Native code for one shape: folds `groups` whole groups of 64 steps into *lanes, beginning with step
 * first_step of the chunk. Lane l of step q is at x = fma(32q, h, base[l]); weight[l] is its weight
 * (WEIGHTED_SUM only). base and weight are 64-byte aligned. Bits as docs/design/order.md says. */
typedef void nfold_kernel_fn(const double *base, const double *weight, double h,
                             uint64_t first_step, uint64_t groups, struct nfold_lanes *lanes);

struct nfold_buffer; /* src/base/buffer.h: bytes that grow */

/* A native kernel, loaded. The body made it and unloads it. */
struct nfold_native {
    nfold_kernel_fn *kernel;
    double compile_seconds;
    void *handle;
    void *object; /* its bytes, which travel to other processes; allocated, the body's; or NULL */
    size_t object_size;
};

enum nfold_code { NFOLD_CODE_IR, NFOLD_CODE_C };

struct nfold_body_type {
    unsigned abi;              /* NFOLD_BODY_ABI */
    const char *name;          /* "expression": the word in reports */
    const char *summary;       /* one line for `nfold info` */
    unsigned forms;            /* the forms its bodies offer */
    unsigned traits;
    const struct nf_option *options; /* rows ended by a zero row (optional) */

    /* Does the operand look like one of mine? Types are asked in the order of the Meson list; the
     * last one takes what is left. (optional: never found by operand) */
    int (*claims)(const char *operand);
    /* Makes *self from an operand. variable: the item's name in an expression, "x" or "i". (optional) */
    int (*open)(void **self, const char *operand, const char *variable,
                const nfold_options *options, nfold_error *err);
    void (*close)(void *self);
    /* Seconds that open spent on a compiler. (optional) */
    double (*open_compile_seconds)(const void *self);

    /* FORM_CALL. y[k] = f(x[k]) for k < count, 1 <= count <= 512; x and y are 64-byte aligned with
     * room for 512. scratch: scratch_size(self) bytes of one worker, 64-byte aligned, kept between
     * calls. Callable from many workers at once. Returns 0, or < 0 with err filled. */
    size_t (*scratch_size)(const void *self);
    int (*call)(const void *self, void *scratch, const double *x, double *y, size_t count,
                nfold_error *err);
    /* The values of 16 steps of all lanes, for a body that forms their points on its way:
     * y[NFOLD_LANES * k + l] = f(x) with x = fma(NFOLD_LANES * (first_step + k), h, base[l]), the bits
     * of call. Returns 0, 1 if this body wants the points after all, or < 0. (optional, with call) */
    int (*call_steps)(const void *self, void *scratch, const double *base, double h,
                      uint64_t first_step, double *y, nfold_error *err);
    /* FORM_RANGE. */
    int (*range)(const void *self, uint64_t first, uint64_t last, nfold_error *err);
    /* Nanoseconds that one item costs on one worker, before any was run; 0: unknown. (optional) */
    double (*cost_ns)(const void *self);
    /* Compiles a kernel; blocks for a while; called by one thread at a time. When *cancel becomes
     * non-zero (read atomically) it kills its compiler and returns NFOLD_E_STOPPED. (optional) */
    int (*compile)(const void *self, enum nfold_shape shape, const volatile int *cancel,
                   struct nfold_native *native, nfold_error *err);
    void (*unload)(struct nfold_native *native);
    /* All that another process or machine needs to make the same body. (optional: then a backend
     * with other address spaces refuses it) */
    int (*describe)(const void *self, struct nfold_buffer *buffer, nfold_error *err);
    /* Makes *self from what describe wrote. (with describe) */
    int (*rebuild)(void **self, const void *description, size_t size, nfold_error *err);
    /* A kernel from the object of one that was compiled elsewhere. (with compile) */
    int (*load)(const void *self, const void *object, size_t size, struct nfold_native *native,
                nfold_error *err);
    /* Appends all that its values depend on, and nothing else: equal bytes are equal functions, on
     * any machine of one kind. (optional: then no checkpoint can be kept of it) */
    int (*identify)(const void *self, struct nfold_buffer *bytes, nfold_error *err);
    /* The body as text, for --show-code. (optional) */
    int (*show)(const void *self, enum nfold_code code, enum nfold_shape shape,
                struct nfold_buffer *text, nfold_error *err);
};

struct nf_kernels; /* the engine's */

struct nfold_body {
    const struct nfold_body_type *type;
    void *self;                 /* NULL: to be made by the first run */
    struct nf_kernels *kernels; /* native code made for it so far; NULL: none is ever made */
    char *operand;              /* the engine's: what it was opened with, or NULL */
    char *variable;             /* the engine's: self is made by the first run; or NULL */
    nfold_options *options;     /* with variable: what it will be made with */
};

#endif
