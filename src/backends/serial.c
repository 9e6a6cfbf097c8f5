/* serial.c: the caller's thread does everything: the measure of all others. */
#include <nfold/backend.h>

struct serial {
    const struct nfold_engine *engine;
};

static int serial_open(void *self, const struct nfold_engine *engine, unsigned workers,
                       const nfold_options *options, nfold_error *err)
{
    struct serial *serial = self;
    (void)workers;
    (void)options;
    (void)err;
    serial->engine = engine;
    return 1;
}

static int serial_run(void *self, struct nfold_run *run, nfold_error *err)
{
    const struct serial *serial = self;
    (void)err;
    return serial->engine->work(run, 0);
}

static void serial_close(void *self)
{
    (void)self;
}

extern const nfold_backend nf_backend_serial;
const nfold_backend nf_backend_serial = {
    .abi = NFOLD_BACKEND_ABI,
    .name = "serial",
    .summary = "one thread, the caller's",
    .forms = NFOLD_FORM_CALL | NFOLD_FORM_RANGE,
    .same_memory = 1,
    .state_size = sizeof(struct serial),
    .open = serial_open,
    .run = serial_run,
    .close = serial_close,
};
