package main

import (
	"os"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// onTerminal tells whether portico was started at a terminal that is its to
// draw on: both ways lead there, and it is not a shell's job started with `&`.
func onTerminal(s streams) bool {
	fd, in := terminalOf(s.in)
	_, out := terminalOf(s.out)
	return in && out && inForeground(fd)
}

// terminalOf returns a stream's descriptor where the stream is a terminal.
func terminalOf(stream any) (fd int, ok bool) {
	f, ok := stream.(*os.File)
	if !ok {
		return -1, false
	}
	fd = descriptor(f)
	return fd, term.IsTerminal(fd)
}

// descriptor is f's number, for as long as f is open. os.File.Fd would make
// the open file block, and with it everyone who shares it.
func descriptor(f *os.File) int {
	fd := -1
	if raw, err := f.SyscallConn(); err == nil {
		_ = raw.Control(func(n uintptr) { fd = int(n) })
	}
	return fd
}

func inForeground(fd int) bool {
	group, err := unix.IoctlGetInt(fd, unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}

// leaveTerminal gives up the controlling terminal, as a service has none. A
// job in the background may not read its own terminal, and could so draw no
// console for `portico attach` from the shell that started it. A session's
// leader would take the terminal from the whole session, and keeps it.
func leaveTerminal() {
	if sid, err := unix.Getsid(0); err != nil || sid == unix.Getpid() {
		return
	}
	fd, err := unix.Open("/dev/tty", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return // there is none
	}
	defer unix.Close(fd)
	_ = unix.IoctlSetInt(fd, unix.TIOCNOTTY, 0)
}
