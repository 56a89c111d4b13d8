/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/system/dropins.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME "dohmouse/dohmouse.conf"
#define FILE_SIZE_MAX (4u << 20) /* bytes */

static const char *const directories[] = { "/etc", "/run", "/usr/local/lib", "/usr/lib" };

/* --- lists of files */

void file_list_deinit(FileList *l)
{
        for (size_t i = 0; i < l->n; i++)
                free(l->paths[i]);
        free(l->paths);
        *l = FILE_LIST_INIT;
}

/* Takes ownership of `path`; NULL stands for a failed allocation. */
static int dropins_add(FileList *l, char *path)
{
        char **grown = path ? reallocarray(l->paths, l->n + 1, sizeof(*grown)) : NULL;

        if (!grown) {
                free(path);
                return -ENOMEM;
        }
        l->paths = grown;
        grown[l->n++] = path;
        return 0;
}

static char *dropins_join(const char *a, const char *b, const char *c)
{
        char *path;

        return asprintf(&path, "%s%s%s", a ?: "", b, c) < 0 ? NULL : path;
}

static const char *dropins_base_of(const char *path)
{
        return strrchr(path, '/') + 1;
}

static bool dropins_has_name(const FileList *l, const char *name)
{
        for (size_t i = 0; i < l->n; i++)
                if (strcmp(dropins_base_of(l->paths[i]), name) == 0)
                        return true;
        return false;
}

static int dropins_by_name(const void *a, const void *b)
{
        return strcmp(dropins_base_of(*(char *const *) a), dropins_base_of(*(char *const *) b));
}

/* --- finding */

typedef struct Finder {
        const char *root;
        ConfigReport report;
        void *userdata;
        unsigned *errors;
} Finder;

static void dropins_say(const Finder *f, const char *path, const char *why)
{
        ConfigMessage m = { .severity = CONFIG_ERROR, .file = path, .text = why };

        ++*f->errors;
        if (f->report)
                f->report(f->userdata, &m);
}

static bool dropins_is_dropin(const char *name)
{
        static const char suffix[] = ".conf";
        size_t n = strlen(name), k = sizeof(suffix) - 1;

        return name[0] != '.' && n > k && strcmp(name + n - k, suffix) == 0;
}

/* Returns whether there is a file of that name, which may be a dangling link. Returns true if that is unknown. */
static bool dropins_exists(const char *path)
{
        _cleanup_(freep) char *parent = NULL;
        struct stat st;

        if (lstat(path, &st) >= 0 || errno != ENOENT)
                return true;
        /* The directory above it may be a dangling link. */
        parent = strndup(path, (size_t) (dropins_base_of(path) - 1 - path));
        return parent && lstat(parent, &st) >= 0 && stat(parent, &st) < 0;
}

/* Adds the drop-ins of a directory whose names do not occur in the directories before it. */
static int dropins_add_directory(const Finder *f, FileList *l, const char *directory)
{
        DIR *d = opendir(directory);
        struct dirent *entry;
        int r = 0;

        if (!d) {
                int error = errno;

                if (error == ENOMEM)
                        return -ENOMEM;
                if (dropins_exists(directory))
                        dropins_say(f, directory, strerror(error));
                return 0;
        }
        for (errno = 0; r >= 0 && (entry = readdir(d)); errno = 0)
                if (dropins_is_dropin(entry->d_name) && !dropins_has_name(l, entry->d_name))
                        r = dropins_add(l, dropins_join(directory, "/", entry->d_name));
        if (r >= 0 && errno)
                dropins_say(f, directory, strerror(errno));
        closedir(d);
        return r;
}

/* Is it a file that only masks others: an empty one, or a link to /dev/null? */
static bool dropins_is_mask(const char *path)
{
        struct stat st;

        return stat(path, &st) >= 0 &&
               (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode) || (S_ISREG(st.st_mode) && st.st_size == 0));
}

static void dropins_drop_masks(FileList *l)
{
        size_t kept = 0;

        for (size_t i = 0; i < l->n; i++)
                if (dropins_is_mask(l->paths[i]))
                        free(l->paths[i]);
                else
                        l->paths[kept++] = l->paths[i];
        l->n = kept;
}

/* Adds the first main file that exists. */
static int dropins_add_main_file(const Finder *f, FileList *l)
{
        for (size_t i = 0; i < ELEMENTS(directories); i++) {
                char *path = dropins_join(f->root, directories[i], "/" NAME);

                if (!path)
                        return -ENOMEM;
                if (dropins_exists(path))
                        return dropins_add(l, path);
                free(path);
        }
        return 0;
}

static int dropins_add_dropins(const Finder *f, FileList *l)
{
        int r = 0;

        for (size_t i = 0; i < ELEMENTS(directories) && r >= 0; i++) {
                _cleanup_(freep) char *path = dropins_join(f->root, directories[i], "/" NAME ".d");

                r = path ? dropins_add_directory(f, l, path) : -ENOMEM;
        }
        if (r >= 0 && l->n)
                qsort(l->paths, l->n, sizeof(*l->paths), dropins_by_name);
        return r;
}

int dropins_find(const char *root, ConfigReport report, void *userdata, unsigned *errors, FileList *ret)
{
        _cleanup_(file_list_deinit) FileList dropins = FILE_LIST_INIT, files = FILE_LIST_INIT;
        Finder f = { .root = root, .report = report, .userdata = userdata, .errors = errors };
        int r = dropins_add_main_file(&f, &files);

        *ret = FILE_LIST_INIT;
        if (r >= 0)
                r = dropins_add_dropins(&f, &dropins);
        for (size_t i = 0; i < dropins.n && r >= 0; i++)
                r = dropins_add(&files, take_pointer(dropins.paths[i]));
        if (r < 0)
                return r;
        dropins_drop_masks(&files);
        *ret = files;
        files = FILE_LIST_INIT;
        return 0;
}

/* --- reading */

static int dropins_read_all(int fd, char **ret, size_t *ret_n)
{
        _cleanup_(freep) char *text = NULL;
        size_t n = 0, size = 0;

        for (;;) {
                ssize_t got;

                if (n == size) {
                        char *grown;

                        if (size >= FILE_SIZE_MAX)
                                return -EFBIG;
                        size = size ? size * 2 : 4096;
                        grown = realloc(text, size);
                        if (!grown)
                                return -ENOMEM;
                        text = grown;
                }
                got = read(fd, text + n, size - n);
                if (got < 0 && errno == EINTR)
                        continue;
                if (got < 0)
                        return -errno;
                if (got == 0)
                        break;
                n += (size_t) got;
        }
        *ret = take_pointer(text);
        *ret_n = n;
        return 0;
}

/* Returns NULL, or why the file cannot be read. A drop-in must be a regular file: a pipe would block forever. */
static const char *dropins_read_file(const char *path, bool found, char **ret, size_t *ret_n)
{
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | (found ? O_NONBLOCK : 0)), r;
        struct stat st;

        if (fd < 0)
                return strerror(errno);
        if (found && fstat(fd, &st) >= 0 && !S_ISREG(st.st_mode)) {
                close(fd);
                return "not a regular file";
        }
        r = dropins_read_all(fd, ret, ret_n);
        close(fd);
        return r < 0 ? strerror(-r) : NULL;
}

/* Texts, of which each is owned, and so are the names of those with an error. */
typedef struct TextList {
        ConfigText *texts;
        size_t n;
        bool out_of_memory;
} TextList;

static void text_list_deinit(TextList *l)
{
        for (size_t i = 0; i < l->n; i++) {
                if (l->texts[i].error)
                        free((char *) l->texts[i].name);
                free((char *) l->texts[i].text);
        }
        free(l->texts);
}

static void dropins_add_text(TextList *l, ConfigText text)
{
        ConfigText *grown = reallocarray(l->texts, l->n + 1, sizeof(*grown));

        if (!grown) {
                free((char *) text.text);
                l->out_of_memory = true;
                return;
        }
        l->texts = grown;
        grown[l->n++] = text;
}

/* `why` is static. */
static void dropins_add_unread(TextList *l, const char *path, const char *why)
{
        char *name = strdup(path);

        if (name)
                dropins_add_text(l, (ConfigText) { .name = name, .error = why });
        else
                l->out_of_memory = true;
}

/* A directory that cannot be read is passed to the parser, so that it knows of it. */
static void dropins_note_directory(void *userdata, const ConfigMessage *m)
{
        dropins_add_unread(userdata, m->file, m->text);
}

int config_load(const char *root, const char *single_file, ConfigReport report, void *userdata, Config **ret,
                unsigned *ret_errors)
{
        _cleanup_(file_list_deinit) FileList files = FILE_LIST_INIT;
        _cleanup_(text_list_deinit) TextList texts = { 0 };
        unsigned unread = 0;
        int r = single_file ? dropins_add(&files, strdup(single_file))
                            : dropins_find(root, dropins_note_directory, &texts, &unread, &files);

        *ret = NULL;
        *ret_errors = 0;
        if (r < 0)
                return r;
        for (size_t i = 0; i < files.n; i++) {
                char *text = NULL;
                size_t size = 0;
                const char *why = dropins_read_file(files.paths[i], !single_file, &text, &size);

                if (why)
                        dropins_add_unread(&texts, files.paths[i], why);
                else
                        dropins_add_text(&texts, (ConfigText) { .name = files.paths[i], .text = text, .n = size });
        }
        if (texts.out_of_memory)
                return -ENOMEM;
        *ret = config_parse(texts.texts, texts.n, report, userdata, ret_errors);
        return *ret ? 0 : -ENOMEM;
}
