package config

import "golang.org/x/sys/unix"

// beingWritten tells whether somebody has the file open to write it: what it
// holds so far may be a configuration, and not the one that is meant. The kernel
// grants a lease for reading only where nobody has (fcntl(2), F_SETLEASE); where
// it grants none to us at all, on a network file system or another's file,
// nothing is known.
func beingWritten(path string) bool {
	// Without O_NONBLOCK a pipe in the file's place would wait for its writer.
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer unix.Close(fd) // gives the lease back
	_, err = unix.FcntlInt(uintptr(fd), unix.F_SETLEASE, unix.F_RDLCK)
	return err == unix.EAGAIN
}
