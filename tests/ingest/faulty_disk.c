/* Loaded before the C library (LD_PRELOAD): some reads or writes of the files in one folder fail, as on a bad disk. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

enum { NOTHING, READS, WRITES };

static char folder[4096];
static long first, count;
static int error;
static atomic_int broken = NOTHING;
static atomic_long seen;

/* From now on, of the reads (1) or writes (2) in a folder, those from number `from` on fail, so many of them. */
void break_disk(const char *where, int what, long from, long many, int with_error) {
    strncpy(folder, where, sizeof folder - 1);
    first = from, count = many, error = with_error, seen = 0;
    broken = what;
}

/* How many of them there were; nothing fails any more. */
long mend_disk(void) {
    broken = NOTHING;
    return seen;
}

static int fails(int file, int what) {
    if (broken != what) return 0;
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    if (strncmp(path, folder, strlen(folder))) return 0;
    long number = atomic_fetch_add(&seen, 1) + 1;
    if (number < first || number >= first + count) return 0;
    errno = error;
    return 1;
}

#define CALL(what, type, name, parameters, ...)                                                                        \
    type name parameters {                                                                                             \
        static type(*real) parameters;                                                                                 \
        if (!real) real = (type(*) parameters)dlsym(RTLD_NEXT, #name);                                                  \
        return fails(file, what) ? -1 : real(__VA_ARGS__);                                                             \
    }

CALL(READS, ssize_t, read, (int file, void *to, size_t size), file, to, size)
CALL(READS, ssize_t, pread, (int file, void *to, size_t size, off_t at), file, to, size, at)
CALL(READS, ssize_t, pread64, (int file, void *to, size_t size, off64_t at), file, to, size, at)
CALL(WRITES, ssize_t, write, (int file, const void *from, size_t size), file, from, size)
CALL(WRITES, ssize_t, pwrite, (int file, const void *from, size_t size, off_t at), file, from, size, at)
CALL(WRITES, ssize_t, pwrite64, (int file, const void *from, size_t size, off64_t at), file, from, size, at)
CALL(WRITES, int, ftruncate, (int file, off_t size), file, size)
CALL(WRITES, int, ftruncate64, (int file, off64_t size), file, size)
CALL(WRITES, int, fsync, (int file), file)
CALL(WRITES, int, fdatasync, (int file), file)
