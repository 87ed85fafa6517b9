package basic

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/bcrypt"
)

// Users are names with their bcrypt hashes.
type Users struct {
	hashes map[string]string
	all    []string // the hashes alone, for those who are no user
}

// NewUsers makes Users of names and their hashes.
func NewUsers(hashes map[string]string) *Users {
	u := &Users{hashes: hashes}
	for _, h := range hashes {
		u.all = append(u.all, h)
	}
	slices.Sort(u.all)
	return u
}

// Count is how many there are.
func (u *Users) Count() int { return len(u.hashes) }

const (
	// maxFile bounds what is read of an htpasswd file, in bytes.
	maxFile = 1 << 20
	// lookEvery is how often a file is looked after: a change is in force
	// within it, and no flood of requests makes more of it.
	lookEvery = time.Second
)

// File is an htpasswd file that is read again when it changed.
type File struct {
	path string
	log  *slog.Logger

	mu    sync.Mutex
	next  time.Time // when it is looked at again
	mtime time.Time // of what was read
	size  int64
	users *Users
	err   error
}

// NewFile makes a File and reads nothing yet.
func NewFile(path string, log *slog.Logger) *File { return &File{path: path, log: log} }

// Users gives the users that the file has now. An error says that it cannot be
// read: then nobody knows who they are.
func (f *File) Users(now time.Time) (*Users, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now.Before(f.next) {
		return f.users, f.err
	}
	f.next = now.Add(lookEvery)
	info, err := os.Stat(f.path)
	switch {
	case err != nil:
		f.users, f.err = nil, err
	case !info.Mode().IsRegular(): // opening a pipe would wait for its writer
		f.users, f.err = nil, fmt.Errorf("%s is not a file", f.path)
	case f.users == nil || !info.ModTime().Equal(f.mtime) || info.Size() != f.size:
		f.mtime, f.size = info.ModTime(), info.Size()
		f.users, f.err = f.read()
	}
	return f.users, f.err
}

func (f *File) read() (*Users, error) {
	file, err := os.Open(f.path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	hashes, bad, err := ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.path, err)
	}
	for _, line := range bad {
		f.log.Warn("a line of the htpasswd file is no NAME:HASH with bcrypt, so nobody comes in by it", "file", f.path, "line", line)
	}
	return NewUsers(hashes), nil
}

// maxBadLines bounds what is said of a file that is none.
const maxBadLines = 10

// ReadFile reads the lines of an htpasswd file and gives the numbers of those,
// the first few, that are no user with bcrypt.
func ReadFile(r io.Reader) (hashes map[string]string, bad []int, err error) {
	limited := &io.LimitedReader{R: r, N: maxFile}
	lines := bufio.NewScanner(limited)
	hashes = map[string]string{}
	for n := 1; lines.Scan(); n++ {
		text := strings.TrimSpace(lines.Text())
		if text == "" || text[0] == '#' {
			continue
		}
		name, hash, found := strings.Cut(text, ":")
		if !found || name == "" || !isBcrypt(hash) {
			if len(bad) < maxBadLines {
				bad = append(bad, n)
			}
			continue
		}
		if _, twice := hashes[name]; !twice { // as Apache has it, the first counts
			hashes[name] = hash
		}
	}
	if limited.N == 0 {
		return nil, nil, errors.New("larger than 1 MB")
	}
	return hashes, bad, lines.Err()
}

func isBcrypt(hash string) bool {
	_, err := bcrypt.Cost([]byte(hash))
	return err == nil && len(hash) == 60
}
