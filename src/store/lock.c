/* One owner a directory, on a local disk. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "store/store_file.h"
#include "store/store_int.h"

/* f_type of statfs(2): file systems whose locks, syncs or shared mappings may lie */
static const struct {
	unsigned long magic;
	const char *name;
} refused[] = {
	{0x6969, "NFS"},
	{0x517b, "SMB"},
	{0xff534d42, "CIFS"},
	{0xfe534d42, "SMB2"},
	{0x65735546, "FUSE"},
	{0x01021997, "9p"},
	{0x5346414f, "AFS"},
	{0x6b414653, "kAFS"},
	{0x00c36400, "Ceph"},
	{0x0bd00bd0, "Lustre"},
	{0x47504653, "GPFS"},
	{0x01161970, "GFS2"},
	{0x7461636f, "OCFS2"},
	{0x73757245, "Coda"},
	{0x564c, "NCP"},
};

static int check_fs(const char *dir, struct err *e)
{
	struct statfs fs;

	if (statfs(dir, &fs) != 0)
		return err_set(e, ERR_STORAGE, "look at the file system of %s: %s", dir, strerror(errno));
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		if ((unsigned long)fs.f_type == refused[i].magic)
			return err_set(e, ERR_STORAGE,
				"data directory %s is on %s, whose syncs and locks cannot be trusted; move "
				"it to a local file system such "
				"as ext4 or xfs",
				dir, refused[i].name);
	}
	return 0;
}

static int refuse_second(int fd, const char *dir, struct err *e)
{
	char pid[24] = "";
	ssize_t n = pread(fd, pid, sizeof(pid) - 1, 0);

	pid[n > 0 ? strspn(pid, "0123456789") : 0] = '\0';
	return err_set(e, ERR_STORAGE,
		"data directory %s is in use by process %s; stop it first, or use another --data", dir,
		pid[0] != '\0' ? pid : "(unknown)");
}

/* A full disk leaves the file empty; the lock holds all the same. */
static void write_pid(int fd)
{
	char pid[24];
	int n = snprintf(pid, sizeof(pid), "%d\n", (int)getpid());

	if (ftruncate(fd, 0) == 0 && pwrite(fd, pid, (size_t)n, 0) != n)
		(void)!ftruncate(fd, 0);
}

static bool cannot_write(void)
{
	return errno == EROFS || errno == EACCES || errno == EPERM || errno == ENOSPC || errno == EDQUOT;
}

int dir_lock(const char *dir, int *out_fd, struct err *e)
{
	bool is_writable = true;
	char path[4096];
	int fd;

	*out_fd = -1;
	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		return err_set(e, ERR_STORAGE, "create data directory %s: %s", dir, strerror(errno));
	if (check_fs(dir, e) != 0)
		return -1;
	path_join(path, dir, "LOCK");
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 && cannot_write()) {
		is_writable = false;
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 && (errno == ENOENT || errno == EACCES))
			return 0; /* nobody can have made it, or nobody else may read it */
	}
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
	if (is_writable)
		write_pid(fd);
	*out_fd = fd;
	return 0;
}
