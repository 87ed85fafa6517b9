//go:build linux

package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// usage is what a process and all its children have taken until now.
type usage struct {
	cpu      time.Duration // user and system, in steps of 10 ms
	resident int64         // bytes; what processes share counts for each
}

// usageOf reads /proc; see proc_pid_stat(5).
func usageOf(pid int) (usage, error) {
	fields, err := statFields(pid)
	if err != nil {
		return usage{}, err
	}
	var u usage
	for _, f := range fields[11:15] { // utime, stime, and of children that have ended
		ticks, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return u, fmt.Errorf("/proc/%d/stat: %w", pid, err)
		}
		u.cpu += time.Duration(ticks) * 10 * time.Millisecond
	}
	pages, err := strconv.ParseInt(fields[21], 10, 64)
	if err != nil {
		return u, fmt.Errorf("/proc/%d/stat: %w", pid, err)
	}
	u.resident = pages * int64(os.Getpagesize())
	return u, addChildren(&u, pid)
}

// statFields returns the fields of /proc/PID/stat from the third, the state.
func statFields(pid int) ([]string, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil, err
	}
	// The second is the program's name, which may contain blanks and brackets.
	fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	if len(fields) < 22 {
		return nil, fmt.Errorf("/proc/%d/stat: %d fields", pid, len(fields))
	}
	return fields, nil
}

func addChildren(u *usage, pid int) error {
	// A thread lists the children it made: those of all threads are needed.
	threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		return err
	}
	for _, t := range threads {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/children", pid, t.Name()))
		if err != nil {
			return fmt.Errorf("children of %d: %w", pid, err)
		}
		for f := range strings.FieldsSeq(string(b)) {
			child, err := strconv.Atoi(f)
			if err != nil {
				return fmt.Errorf("children of %d: %w", pid, err)
			}
			of, err := usageOf(child)
			if err != nil {
				return err
			}
			u.cpu += of.cpu
			u.resident += of.resident
		}
	}
	return nil
}
