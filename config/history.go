package config

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"time"

	"forge.home.arpa/portico/config/atomicfile"
)

// maxVersions is how many texts the history keeps, of all files together.
const maxVersions = 50

// Version is a text that ran, and the change that made it run.
type Version struct {
	N    int // counts from 1 and is never given twice
	At   time.Time
	Who  string // a user's name, "console", "disk" or "undo"
	What string // "add route photos", "changed route.git.to"; "found at start" for the first
	Sum  [sha256.Size]byte
	Runs bool // this text runs now
}

var (
	errNoHistory = errors.New("no history is kept: there is no state directory")
	errNoVersion = errors.New("the history has no version yet")
)

// History is the versions of one file in a state directory, which may have seen
// others, as they were when it was read. It is never modified; Text and Diff read
// the texts when they are asked.
type History struct {
	dir     string
	fs      atomicfile.FS
	file    string  // whose versions these are
	entries []entry // of all files, the oldest first
}

// ReadHistory reads the versions of a file in a state directory without a Store,
// and changes nothing there: a running portico may use it meanwhile. The newest
// is the one that runs, or ran last.
func ReadHistory(state, file string) (*History, error) {
	file, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	return readHistory(atomicfile.OS{}, state, file)
}

// readHistory is ReadHistory; file is an absolute path.
func readHistory(disk atomicfile.FS, state, file string) (*History, error) {
	if state == "" {
		return nil, errNoHistory
	}
	h := &History{dir: filepath.Join(state, "history"), fs: disk, file: file}
	b, err := disk.ReadFile(h.journal().Path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("history: %w", err)
	}
	h.entries = decodeJournal(b)
	return h, nil
}

func (h *History) journal() atomicfile.File {
	return atomicfile.File{Path: filepath.Join(h.dir, "journal"), FS: h.fs}
}

func (h *History) text(n int) atomicfile.File {
	return atomicfile.File{Path: filepath.Join(h.dir, fmt.Sprintf("%06d.toml", n)), FS: h.fs}
}

// own are the entries of the file. A line that names none, as early versions
// wrote it, is of whichever file is asked for.
func (h *History) own() (list []entry) {
	for _, e := range h.entries {
		if e.of(h.file) {
			list = append(list, e)
		}
	}
	return list
}

var textName = regexp.MustCompile(`^([0-9]{6,9})\.toml$`)

// Versions lists them, the newest first.
func (h *History) Versions() []Version { return h.versions(h.newest().Sum) }

// versions marks the newest that has the sum as the one that runs.
func (h *History) versions(running [sha256.Size]byte) []Version {
	list := make([]Version, 0, len(h.entries))
	found := false
	for _, e := range slices.Backward(h.own()) {
		e.Runs = !found && e.Sum == running
		found = found || e.Runs
		list = append(list, e.Version)
	}
	return list
}

// Text is the text of version n; 0 is the newest.
func (h *History) Text(n int) ([]byte, error) {
	own, i, err := h.find(n)
	if err != nil {
		return nil, err
	}
	return h.read(own[i])
}

// Diff is what version n changed in the one before it, all of its lines if it is
// the first; 0 is the newest.
func (h *History) Diff(n int) ([]DiffLine, error) {
	c, err := h.change(n)
	if err != nil {
		return nil, err
	}
	return shownDiff(c.before, c.after), nil
}

// find gives the entries of the file and the index of version n in them.
func (h *History) find(n int) (own []entry, i int, err error) {
	own = h.own()
	if i, err = find(own, n); err != nil && n > 0 {
		if k, none := find(h.entries, n); none == nil {
			err = fmt.Errorf("version %d is of another file, %s", n, h.entries[k].file)
		}
	}
	return own, i, err
}

// find gives the index of version n; 0 is the newest.
func find(entries []entry, n int) (int, error) {
	if len(entries) == 0 {
		return 0, errNoVersion
	}
	oldest, newest := entries[0].N, entries[len(entries)-1].N
	if n == 0 {
		n = newest
	}
	i, found := slices.BinarySearchFunc(entries, n, func(e entry, n int) int { return e.N - n })
	if !found {
		return 0, fmt.Errorf("the history has no version %d: it goes from %d to %d", n, oldest, newest)
	}
	return i, nil
}

// read gives a text that is the one its line speaks of.
func (h *History) read(e entry) ([]byte, error) {
	text, err := h.text(e.N).Read()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("version %d is not kept any more: %w", e.N, err)
	}
	if err != nil {
		return nil, fmt.Errorf("version %d: %w", e.N, err)
	}
	if sha256.Sum256(text) != e.Sum {
		return nil, fmt.Errorf("version %d is damaged: %s is not what was written", e.N, h.text(e.N).Path)
	}
	return text, nil
}

// change is version n with the text before it, which the first of a file lacks.
func (h *History) change(n int) (*change, error) {
	own, i, err := h.find(n)
	if err != nil {
		return nil, err
	}
	e := own[i]
	c := &change{Applied: Applied{N: e.N, At: e.At, Who: e.Who, What: e.What}}
	if c.after, err = h.read(e); err != nil {
		return nil, err
	}
	if c.first = i == 0; !c.first {
		c.before, err = h.read(own[i-1])
	}
	return c, err
}

// newest is the last of the file; its N is 0 when there is none.
func (h *History) newest() entry { return last(h.own()) }

func last(entries []entry) entry {
	if len(entries) == 0 {
		return entry{}
	}
	return entries[len(entries)-1]
}

// with writes one version more and gives the history that has it; the old one
// with any error but ErrUnconfirmed. The text lands before the line that speaks
// of it, and the line before the oldest text goes.
func (h *History) with(v Version, text []byte) (*History, error) {
	if err := h.fs.MkdirAll(h.dir); err != nil {
		return h, err
	}
	v.N, v.At, v.Sum = h.next(), v.At.UTC(), sha256.Sum256(text)
	v.Who, v.What = cutShort(v.Who, maxWho), cutShort(v.What, maxWhat)
	next := *h
	next.entries = append(slices.Clone(h.entries), entry{v, h.file})
	next.entries = next.entries[max(0, len(next.entries)-maxVersions):]
	landed := h.text(v.N).Put(text)
	if failed(landed) {
		return h, landed
	}
	listed := h.journal().Put(encodeJournal(next.entries))
	if failed(listed) {
		return h, listed
	}
	if len(h.entries) == 0 || len(h.entries) == maxVersions {
		_ = next.sweep() // or at the next start
	}
	return &next, errors.Join(landed, listed)
}

// failed tells whether a write left the old content.
func failed(err error) bool { return err != nil && !errors.Is(err, atomicfile.ErrUnconfirmed) }

// numberOf is the newest version with the text; 0 without one.
func (h *History) numberOf(text string) int {
	sum := sha256.Sum256([]byte(text))
	if h != nil {
		for _, e := range slices.Backward(h.own()) {
			if e.Sum == sum {
				return e.N
			}
		}
	}
	return 0
}

// next is a number that neither a line nor a text has: a journal may be lost.
func (h *History) next() int {
	n := last(h.entries).N
	if n > 0 {
		return n + 1
	}
	for _, k := range h.texts() {
		n = max(n, k)
	}
	return n + 1
}

// texts are the numbers of the texts in the folder.
func (h *History) texts() (list []int) {
	entries, _ := h.fs.ReadDir(h.dir) // no folder, no texts
	for _, e := range entries {
		if m := textName.FindStringSubmatch(e.Name()); m != nil && e.Type().IsRegular() {
			n, _ := strconv.Atoi(m[1]) // the pattern has digits only
			list = append(list, n)
		}
	}
	return list
}

// sweep removes what a killed run left. A journal without a line removes no
// text: they may be all that is left of the history.
func (h *History) sweep() error {
	err := atomicfile.SweepFolder(h.fs, h.dir)
	for _, n := range h.texts() {
		if _, lost := find(h.entries, n); lost != nil && len(h.entries) > 0 {
			err = errors.Join(err, h.fs.Remove(h.text(n).Path))
		}
	}
	return err
}
