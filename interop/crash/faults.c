/*
 * Makes a process fail at one of its file operations. Preloaded into node by run.js:
 *
 *   FAULT_ROOT   counts the operations that change something in this folder
 *   FAULT_READS  counts those that read something there instead: opening a file for reading, and reading
 *   FAULT_LOG    appends a line an operation: what the n-th one is
 *   FAULT_AT     the operation, from 1, at which to fail; 0 for none
 *   FAULT_HOW    kill    the process ends before the operation
 *                torn    half of what is written reaches the file, then the process ends
 *                power   the process ends, and files lose what had not been synced
 *                EIO     the operation fails; those after it do not
 *                ENOSPC  the operation and all later ones that need room fail
 *                short   every write, or read, from the first on, does half of what it is asked for
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define REAL(name) static __typeof__(name) *real; if (!real) real = dlsym(RTLD_NEXT, #name)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *root, *how, *log_path;
static long at, count;
static int is_full, reads;

/* Files that this process wrote, and how much of each is on disk. */
#define FILES 4096
static struct { dev_t dev; ino_t ino; off_t synced; } files[FILES];
static int file_count;

__attribute__((constructor)) static void begin(void) {
  root = getenv("FAULT_ROOT");
  how = getenv("FAULT_HOW");
  reads = getenv("FAULT_READS") != NULL;
  log_path = getenv("FAULT_LOG");
  at = getenv("FAULT_AT") ? atol(getenv("FAULT_AT")) : 0;
  if (!how) how = "kill";
}

static int is_inside(const char *path) {
  char full[PATH_MAX];
  if (!root || !path) return 0;
  if (path[0] != '/') {
    if (!getcwd(full, sizeof full / 2)) return 0;
    strcat(full, "/");
    strncat(full, path, sizeof full / 2 - 1);
    path = full;
  }
  size_t length = strlen(root);
  return strncmp(path, root, length) == 0 && (path[length] == '/' || path[length] == 0);
}

static int path_of(int fd, char *path, size_t size) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, size - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return path[0] == '/' && is_inside(path);
}

/* Remembers a file that is written, and, once it is synced, that all of it is on disk. */
static void track(int fd, int is_synced) {
  struct stat found;
  char path[PATH_MAX];
  if (fstat(fd, &found) || !S_ISREG(found.st_mode) || !path_of(fd, path, sizeof path)) return;
  int i = 0;
  while (i < file_count && (files[i].dev != found.st_dev || files[i].ino != found.st_ino)) i++;
  if (i == FILES) return;
  if (i == file_count) {
    file_count++;
    files[i].dev = found.st_dev;
    files[i].ino = found.st_ino;
    /* What was there when it was opened had been written by an earlier run. */
    files[i].synced = found.st_size;
  }
  if (is_synced) files[i].synced = found.st_size;
}

/* Renamed files are found by their number. */
static void forget_unsynced(const char *folder) {
  char command[PATH_MAX + 64];
  snprintf(command, sizeof command, "find '%s' -type f -printf '%%D %%i %%p\\n'", folder);
  unsetenv("LD_PRELOAD");
  FILE *list = popen(command, "r");
  unsigned long dev, ino;
  char path[PATH_MAX];
  while (list && fscanf(list, "%lu %lu %4095[^\n]", &dev, &ino, path) == 3)
    for (int i = 0; i < file_count; i++)
      if (files[i].dev == dev && files[i].ino == ino) syscall(SYS_truncate, path, files[i].synced);
  if (list) pclose(list);
}

static void die(void) {
  if (strcmp(how, "power") == 0) forget_unsynced(root);
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

enum verdict { GO, TEAR, FAIL };

/* Counts an operation and says what becomes of it. */
static enum verdict judge(const char *name, const char *path, int needs_room, int writes) {
  pthread_mutex_lock(&lock);
  count++;
  if (log_path) {
    int log = syscall(SYS_openat, AT_FDCWD, log_path, O_WRONLY | O_CREAT | O_APPEND, 0644);
    char line[PATH_MAX + 64];
    int length = snprintf(line, sizeof line, "%s %s\n", name, path);
    syscall(SYS_write, log, line, length);
    syscall(SYS_close, log);
  }
  enum verdict verdict = GO;
  if (is_full && needs_room) {
    errno = ENOSPC;
    verdict = FAIL;
  } else if (count == at) {
    if (strcmp(how, "EIO") == 0) {
      errno = EIO;
      verdict = FAIL;
    } else if (strcmp(how, "ENOSPC") == 0) {
      is_full = 1;
      errno = ENOSPC;
      if (needs_room) verdict = FAIL;
    } else if (strcmp(how, "torn") == 0 && writes) {
      verdict = TEAR;
    } else if (strcmp(how, "short") != 0) {
      die();
    }
  }
  pthread_mutex_unlock(&lock);
  return verdict;
}

static int is_short(void) { return strcmp(how, "short") == 0; }

#define ON_PATH(name, path, room, call) \
  if (!reads && is_inside(path) && judge(#name, path, room, 0) == FAIL) return -1; \
  return call

int mkdir(const char *path, mode_t mode) { REAL(mkdir); ON_PATH(mkdir, path, 1, real(path, mode)); }
int rmdir(const char *path) { REAL(rmdir); ON_PATH(rmdir, path, 0, real(path)); }
int unlink(const char *path) { REAL(unlink); ON_PATH(unlink, path, 0, real(path)); }
int rename(const char *from, const char *to) { REAL(rename); ON_PATH(rename, to, 0, real(from, to)); }
int link(const char *from, const char *to) { REAL(link); ON_PATH(link, to, 1, real(from, to)); }
int remove(const char *path) { REAL(remove); ON_PATH(remove, path, 0, real(path)); }
int unlinkat(int folder, const char *path, int flags) {
  REAL(unlinkat);
  char base[PATH_MAX];
  if (path[0] != '/' && folder != AT_FDCWD && path_of(folder, base, sizeof base - 256)) {
    strcat(base, "/");
    strncat(base, path, 250);
    ON_PATH(unlinkat, base, 0, real(folder, path, flags));
  }
  ON_PATH(unlinkat, path, 0, real(folder, path, flags));
}

static int opened(int fd) {
  if (fd >= 0) track(fd, 0);
  return fd;
}

#define OPEN(name) \
  int name(const char *path, int flags, ...) { \
    static int (*real)(const char *, int, ...); \
    if (!real) real = dlsym(RTLD_NEXT, #name); \
    va_list rest; \
    va_start(rest, flags); \
    mode_t mode = va_arg(rest, mode_t); \
    va_end(rest); \
    int only_reads = (flags & O_ACCMODE) == O_RDONLY; \
    if (only_reads != reads || !is_inside(path)) return real(path, flags, mode); \
    if (judge("open", path, (flags & O_CREAT) != 0, 0) == FAIL) return -1; \
    return opened(real(path, flags, mode)); \
  }
OPEN(open)
OPEN(open64)

/* 1: goes on with `size` bytes; 0: fails. A torn write has to be finished by `torn`. */
#define ON_WRITE(name, fd, whole, half) \
  char path[PATH_MAX]; \
  if (reads || !path_of(fd, path, sizeof path)) return whole; \
  enum verdict verdict = judge(#name, path, 1, 1); \
  if (verdict == FAIL) return -1; \
  if (verdict == TEAR) { half; die(); } \
  if (is_short()) return half; \
  return whole

static size_t half_of(size_t size) { return size > 1 ? size / 2 : size; }

/* The first half of the bytes of several buffers, as one write of the first of them that is not empty. */
static ssize_t half_vector(int fd, const struct iovec *buffers, int count, off_t offset) {
  for (int i = 0; i < count; i++) {
    if (buffers[i].iov_len == 0) continue;
    size_t size = half_of(buffers[i].iov_len);
    if (offset < 0) return syscall(SYS_write, fd, buffers[i].iov_base, size);
    return syscall(SYS_pwrite64, fd, buffers[i].iov_base, size, offset);
  }
  return 0;
}

ssize_t write(int fd, const void *data, size_t size) {
  REAL(write);
  ON_WRITE(write, fd, real(fd, data, size), real(fd, data, half_of(size)));
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) {
  REAL(pwrite);
  ON_WRITE(pwrite, fd, real(fd, data, size, offset), real(fd, data, half_of(size), offset));
}
ssize_t pwrite64(int fd, const void *data, size_t size, off_t offset) {
  REAL(pwrite64);
  ON_WRITE(pwrite, fd, real(fd, data, size, offset), real(fd, data, half_of(size), offset));
}
ssize_t writev(int fd, const struct iovec *buffers, int count) {
  REAL(writev);
  ON_WRITE(writev, fd, real(fd, buffers, count), half_vector(fd, buffers, count, -1));
}
ssize_t pwritev(int fd, const struct iovec *buffers, int count, off_t offset) {
  REAL(pwritev);
  ON_WRITE(pwritev, fd, real(fd, buffers, count, offset), half_vector(fd, buffers, count, offset));
}
ssize_t pwritev64(int fd, const struct iovec *buffers, int count, off_t offset) {
  REAL(pwritev64);
  ON_WRITE(pwritev, fd, real(fd, buffers, count, offset), half_vector(fd, buffers, count, offset));
}

#define ON_READ(fd, whole, half) \
  char path[PATH_MAX]; \
  if (!reads || !path_of(fd, path, sizeof path)) return whole; \
  if (judge("read", path, 0, 0) == FAIL) return -1; \
  return is_short() ? half : whole

/* Half of what the first buffer that is not empty has room for. */
static ssize_t read_half(int fd, const struct iovec *buffers, int count, off_t offset) {
  for (int i = 0; i < count; i++) {
    if (buffers[i].iov_len == 0) continue;
    size_t size = half_of(buffers[i].iov_len);
    if (offset < 0) return syscall(SYS_read, fd, buffers[i].iov_base, size);
    return syscall(SYS_pread64, fd, buffers[i].iov_base, size, offset);
  }
  return 0;
}

ssize_t read(int fd, void *data, size_t size) {
  REAL(read);
  ON_READ(fd, real(fd, data, size), real(fd, data, size));
}
ssize_t pread(int fd, void *data, size_t size, off_t offset) {
  REAL(pread);
  ON_READ(fd, real(fd, data, size, offset), real(fd, data, half_of(size), offset));
}
ssize_t pread64(int fd, void *data, size_t size, off_t offset) {
  REAL(pread64);
  ON_READ(fd, real(fd, data, size, offset), real(fd, data, half_of(size), offset));
}
ssize_t readv(int fd, const struct iovec *buffers, int count) {
  REAL(readv);
  ON_READ(fd, real(fd, buffers, count), read_half(fd, buffers, count, -1));
}
ssize_t preadv(int fd, const struct iovec *buffers, int count, off_t offset) {
  REAL(preadv);
  ON_READ(fd, real(fd, buffers, count, offset), read_half(fd, buffers, count, offset));
}
ssize_t preadv64(int fd, const struct iovec *buffers, int count, off_t offset) {
  REAL(preadv64);
  ON_READ(fd, real(fd, buffers, count, offset), read_half(fd, buffers, count, offset));
}

#define ON_FD(name, fd, call) \
  char path[PATH_MAX]; \
  if (!reads && path_of(fd, path, sizeof path) && judge(#name, path, 0, 0) == FAIL) return -1; \
  return call

static int synced(int fd, int result) {
  if (result == 0) {
    pthread_mutex_lock(&lock);
    track(fd, 1);
    pthread_mutex_unlock(&lock);
  }
  return result;
}

int fsync(int fd) { REAL(fsync); ON_FD(fsync, fd, synced(fd, real(fd))); }
int fdatasync(int fd) { REAL(fdatasync); ON_FD(fdatasync, fd, synced(fd, real(fd))); }
int ftruncate(int fd, off_t size) { REAL(ftruncate); ON_FD(ftruncate, fd, real(fd, size)); }
int ftruncate64(int fd, off_t size) { REAL(ftruncate64); ON_FD(ftruncate, fd, real(fd, size)); }
