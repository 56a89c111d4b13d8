/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "takeover_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "core/base/base.h"
#include "takeover.h"

#define NEW ".new-dohmouse"

static char *takeover_file_beside(const char *path, const char *suffix)
{
        char *p = NULL;

        return asprintf(&p, "%s%s", path, suffix) < 0 ? NULL : p;
}

static char *takeover_file_directory(const char *path)
{
        return strndup(path, MAX((size_t) (strrchr(path, '/') - path), (size_t) 1));
}

/* --- looking */

char *takeover_file_read(const char *path)
{
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        _cleanup_(freep) char *text = malloc(TAKEOVER_FILE_MAX + 1);
        ssize_t n = -1;
        struct stat st;

        if (fd < 0)
                return NULL;
        if (text && fstat(fd, &st) == 0) {
                errno = S_ISREG(st.st_mode) ? EFBIG : EINVAL;
                if (S_ISREG(st.st_mode) && st.st_size <= TAKEOVER_FILE_MAX)
                        n = read(fd, text, TAKEOVER_FILE_MAX);
        }
        close(fd);
        if (n < 0)
                return NULL;
        text[n] = 0;
        return take_pointer(text);
}

bool takeover_file_contains(const char *path, const char *text)
{
        _cleanup_(freep) char *found = NULL;
        struct stat st;

        if (lstat(path, &st) < 0 || !S_ISREG(st.st_mode) || (size_t) st.st_size != strlen(text))
                return false;
        found = takeover_file_read(path);
        return found && strcmp(found, text) == 0;
}

bool takeover_file_is_link(const char *path, const char *target)
{
        char found[4096];
        ssize_t n = readlink(path, found, sizeof(found));

        return n >= 0 && (size_t) n == strlen(target) && memcmp(found, target, (size_t) n) == 0;
}

static bool takeover_file_is(const char *path, const char *text, bool is_link)
{
        return is_link ? takeover_file_is_link(path, text) : takeover_file_contains(path, text);
}

/* chattr +i and +a. */
static bool takeover_file_is_immutable(const char *path)
{
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW), flags = 0;
        bool immutable;

        if (fd < 0)
                return false;
        immutable = ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0 && flags & (FS_IMMUTABLE_FL | FS_APPEND_FL);
        close(fd);
        return immutable;
}

const char *takeover_file_obstacle(const char *path)
{
        _cleanup_(freep) char *directory = takeover_file_directory(path),
                              *kept = takeover_file_beside(path, TAKEOVER_KEPT);
        struct statvfs fs;
        struct statx x;
        bool exists;

        if (!directory || !kept)
                return "out of memory";
        /* Its directory is made first. */
        if (access(directory, F_OK) < 0 && errno == ENOENT)
                return NULL;
        if (statvfs(directory, &fs) == 0 && fs.f_flag & ST_RDONLY)
                return "its file system is read-only";
        if (takeover_file_is_immutable(directory))
                return "its directory is immutable; see chattr(1)";
        if (access(directory, W_OK) < 0)
                return strerror(errno);
        exists = statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_TYPE, &x) == 0;
        if (exists && x.stx_attributes & STATX_ATTR_MOUNT_ROOT)
                return "it is a mount point, as in a container; change it where it is mounted from";
        if (exists && S_ISDIR(x.stx_mode))
                return "it is a directory";
        if (exists && !S_ISREG(x.stx_mode) && !S_ISLNK(x.stx_mode))
                return "it is neither a file nor a symbolic link";
        if (exists && S_ISREG(x.stx_mode) && takeover_file_is_immutable(path))
                return "it is immutable; run \"chattr -i\" on it first, if it need not be protected";
        if (access(kept, F_OK) == 0 || errno != ENOENT)
                return "a file of that name with \"" TAKEOVER_KEPT
                       "\" exists, from an earlier time; move it away first";
        return NULL;
}

/* --- changing */

int takeover_file_sync_directory(const char *directory)
{
        int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;

        if (fd < 0)
                return -errno;
        /* Some file systems cannot, and then it is on disk at once or never. */
        if (fsync(fd) < 0 && errno != EINVAL)
                r = -errno;
        close(fd);
        return r;
}

static int takeover_file_sync_beside(const char *path)
{
        _cleanup_(freep) char *directory = takeover_file_directory(path);

        return directory ? takeover_file_sync_directory(directory) : -ENOMEM;
}

/* A new file, on disk. `like`: whose owner and mode it gets; NULL: those of this process and `mode`. */
static int takeover_file_create(const char *path, const char *text, mode_t mode, const struct stat *like)
{
        size_t n = strlen(text), done = 0;
        int fd, r = 0;

        if (unlink(path) < 0 && errno != ENOENT)
                return -errno;
        fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd < 0)
                return -errno;
        while (r == 0 && done < n) {
                ssize_t written = write(fd, text + done, n - done);

                if (written < 0 && errno != EINTR)
                        r = -errno;
                done += written > 0 ? (size_t) written : 0;
        }
        if (r == 0 && like && fchown(fd, like->st_uid, like->st_gid) < 0)
                r = -errno;
        if (r == 0 && (fchmod(fd, mode) < 0 || fsync(fd) < 0))
                r = -errno;
        if (close(fd) < 0 && r == 0)
                r = -errno;
        if (r < 0)
                unlink(path);
        return r;
}

static int takeover_file_move(const char *from, const char *to)
{
        if (rename(from, to) < 0)
                return -errno;
        return takeover_file_sync_beside(to);
}

int takeover_file_write(const char *path, const char *text, mode_t mode)
{
        _cleanup_(freep) char *new = takeover_file_beside(path, NEW);
        int r = new ? takeover_file_create(new, text, mode, NULL) : -ENOMEM;

        return r < 0 ? r : takeover_file_move(new, path);
}

int takeover_file_write_over(const char *path, const char *text)
{
        _cleanup_(freep) char *new = takeover_file_beside(path, NEW);
        struct stat st;
        int r;

        if (!new)
                return -ENOMEM;
        if (takeover_file_contains(path, text))
                return unlink(new) < 0 && errno != ENOENT ? -errno : 0;
        r = stat(path, &st) < 0 ? takeover_file_create(new, text, 0644, NULL)
                                : takeover_file_create(new, text, st.st_mode & 07777, &st);
        return r < 0 ? r : takeover_file_move(new, path);
}

int takeover_file_remove(const char *path)
{
        _cleanup_(freep) char *new = takeover_file_beside(path, NEW);

        if (!new)
                return -ENOMEM;
        if ((unlink(new) < 0 && errno != ENOENT) || (unlink(path) < 0 && errno != ENOENT))
                return -errno;
        return takeover_file_sync_beside(path);
}

int takeover_file_replace(const char *path, const char *text, bool is_link)
{
        _cleanup_(freep) char *new = takeover_file_beside(path, NEW), *kept = takeover_file_beside(path, TAKEOVER_KEPT);
        int r;

        if (!new || !kept)
                return -ENOMEM;
        if (takeover_file_is(path, text, is_link))
                return 0;
        /* Of a link, it is the link that gets another name. What is kept already is what was there first. */
        if (linkat(AT_FDCWD, path, AT_FDCWD, kept, 0) < 0 && errno != ENOENT && errno != EEXIST)
                return -errno;
        if (!is_link)
                r = takeover_file_create(new, text, 0644, NULL);
        else
                r = unlink(new) < 0 && errno != ENOENT ? -errno : symlink(text, new) < 0 ? -errno : 0;
        return r < 0 ? r : takeover_file_move(new, path);
}

int takeover_file_restore(const char *path, const char *text, bool is_link, bool existed)
{
        _cleanup_(freep) char *new = takeover_file_beside(path, NEW), *kept = takeover_file_beside(path, TAKEOVER_KEPT);
        bool is_kept, is_there, ours;
        struct stat before, now;

        if (!new || !kept)
                return -ENOMEM;
        if (unlink(new) < 0 && errno != ENOENT && errno != ENOTDIR)
                return -errno;
        is_kept = lstat(kept, &before) == 0;
        is_there = lstat(path, &now) == 0;
        ours = is_there && takeover_file_is(path, text, is_link);
        if (is_kept) {
                /* Not replaced yet. rename() does nothing to two names of one file. */
                if (is_there && before.st_dev == now.st_dev && before.st_ino == now.st_ino)
                        return unlink(kept) < 0 ? -errno : takeover_file_sync_beside(path);
                return ours || !is_there ? takeover_file_move(kept, path) : TAKEOVER_FILE_FOREIGN;
        }
        if (existed || !is_there)
                return 0;
        if (!ours)
                return TAKEOVER_FILE_FOREIGN;
        return unlink(path) < 0 ? -errno : takeover_file_sync_beside(path);
}
