/* One owner a directory, on a local disk. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "store/store_int.h"

/* f_type of statfs(2) for file systems whose fsync and mmap the store cannot trust */
static const struct {
	unsigned long magic;
	const char *name;
} refused[] = {
	{0x6969, "NFS"}, {0x517b, "SMB"}, {0xff534d42, "CIFS"}, {0xfe534d42, "SMB2"}, {0x65735546, "FUSE"}, {0x01021997, "9p"},
	{0x5346414f, "AFS"}, {0x00c36400, "Ceph"}, {0x47504653, "GPFS"}, {0x0bd00bd0, "Lustre"},
};

static int check_fs(const char *dir, struct err *e)
{
	struct statfs fs;

	if (statfs(dir, &fs) != 0)
		return err_set(e, ERR_STORAGE, "statfs %s: %s", dir, strerror(errno));
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if ((unsigned long)fs.f_type == refused[i].magic)
			return err_set(e, ERR_STORAGE, "data directory %s is on %s; Tocsin needs a local file system such as ext4 or xfs",
				dir, refused[i].name);
	return 0;
}

static int refuse_second(int fd, const char *dir, struct err *e)
{
	char pid[32] = "";
	ssize_t n = pread(fd, pid, sizeof(pid) - 1, 0);

	if (n > 0)
		pid[strcspn(pid, "\n")] = '\0';
	return err_set(e, ERR_STORAGE, "data directory %s is in use by process %s", dir, pid[0] == '\0' ? "unknown" : pid);
}

int store_lock_dir(const char *dir, bool is_read_only, int *out, struct err *e)
{
	char path[4096], pid[32];
	int fd, n;

	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		return err_set(e, ERR_STORAGE, "create data directory %s: %s", dir, strerror(errno));
	if (check_fs(dir, e) != 0)
		return -1;
	snprintf(path, sizeof(path), "%s/LOCK", dir);
	fd = open(path, is_read_only ? O_RDONLY | O_CLOEXEC : O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 && (errno == EROFS || errno == EACCES))
		fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_set(e, ERR_STORAGE, "open %s: %s", path, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno == EWOULDBLOCK)
			refuse_second(fd, dir, e);
		else
			err_set(e, ERR_STORAGE, "lock %s: %s", path, strerror(errno));
		close(fd);
		return -1;
	}
	n = snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
	if (ftruncate(fd, 0) == 0 && pwrite(fd, pid, (size_t)n, 0) != n)
		n = 0; /* a full disk: the lock holds without the number */
	*out = fd;
	return 0;
}
