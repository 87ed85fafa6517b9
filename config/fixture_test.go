package config_test

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/config/atomicfile/crashfs"
)

// gate is a Preparer that counts, and refuses when it is told to.
type gate struct {
	mu                           sync.Mutex
	prepared, committed, dropped int
	refuse                       error
	running                      *config.Config
	onPrepare                    func()
}

func (g *gate) Prepare(c *config.Config) (config.Change, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.onPrepare != nil {
		g.onPrepare()
	}
	if g.refuse != nil {
		return nil, g.refuse
	}
	g.prepared++
	return &gateChange{g: g, c: c}, nil
}

type gateChange struct {
	g    *gate
	c    *config.Config
	done bool
}

func (ch *gateChange) end(count *int) {
	if ch.done {
		panic("a change was ended twice")
	}
	ch.done = true
	*count++
}

func (ch *gateChange) Commit() {
	ch.g.mu.Lock()
	defer ch.g.mu.Unlock()
	ch.end(&ch.g.committed)
	ch.g.running = ch.c
}

func (ch *gateChange) Discard() {
	ch.g.mu.Lock()
	defer ch.g.mu.Unlock()
	ch.end(&ch.g.dropped)
}

func (g *gate) setRefuse(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.refuse = err
}

func (g *gate) onAsk(do func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.onPrepare = do
}

func (g *gate) commits() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.committed
}

// bench is a store on a real file.
type bench struct {
	*testing.T
	*config.Store
	path string
	gate *gate
	log  *logBuffer
	more config.Options // of the next open
	disk *crashfs.Disk  // in place of the real one; nil for that
}

const twoRoutes = `# home

[route.cctv]    # a camera
host = "cctv.example.com"
to   = ["http://192.168.1.20:8081"]

[route.nas]
host = "nas.example.com"
to   = "http://192.168.1.10:5000"
`

// starter is what a store begins with where there is no file.
const starter = "# portico\n\n[server]\nhttp = \":8080\"\n"

var errRefused = errors.New("port 80 is taken")

// newBench opens a store; text "" for no file.
func newBench(t *testing.T, text string, more ...config.Preparer) *bench {
	t.Helper()
	b := &bench{T: t, path: filepath.Join(t.TempDir(), "portico.toml"), gate: &gate{}, log: &logBuffer{}}
	if text != "" {
		b.save(text)
	}
	b.open(more...)
	return b
}

func (b *bench) open(more ...config.Preparer) {
	b.Helper()
	if err := b.tryOpen(more...); err != nil {
		b.Fatal(err)
	}
}

func (b *bench) tryOpen(more ...config.Preparer) (err error) {
	o := b.more
	o.Path, o.Starter, o.Log = b.path, []byte(starter), slog.New(slog.NewTextHandler(b.log, nil))
	more = append([]config.Preparer{b.gate}, more...)
	if b.disk != nil {
		b.Store, err = config.OpenOn(b.disk, o, more...)
	} else {
		b.Store, err = config.Open(o, more...)
	}
	return err
}

const (
	diskPath  = "/etc/portico.toml"
	diskState = "/var/lib/portico"
)

// newDiskBench is a store with a state directory, on a disk in memory.
func newDiskBench(t *testing.T, text string) *bench {
	t.Helper()
	b := &bench{T: t, path: diskPath, gate: &gate{}, log: &logBuffer{}}
	b.more.State = diskState
	b.disk = crashfs.New(map[string]string{diskPath: text})
	b.open()
	return b
}

// newStateBench is newBench with a state directory.
func newStateBench(t *testing.T, text string, confirm time.Duration) *bench {
	t.Helper()
	b := &bench{T: t, path: filepath.Join(t.TempDir(), "portico.toml"), gate: &gate{}, log: &logBuffer{}}
	b.more.State, b.more.Confirm = filepath.Join(t.TempDir(), "state"), confirm
	if text != "" {
		b.save(text)
	}
	b.open()
	return b
}

// restart opens the store anew, as after a kill.
func (b *bench) restart() {
	b.Helper()
	b.gate = &gate{}
	b.open()
}

func (b *bench) inState(name ...string) string {
	return filepath.Join(append([]string{b.more.State}, name...)...)
}

// save writes the file as somebody else, at one stroke.
func (b *bench) save(text string) {
	b.Helper()
	if b.disk != nil {
		b.disk.Save(b.path, text)
		return
	}
	temp := filepath.Join(b.TempDir(), "new")
	b.must(os.WriteFile(temp, []byte(text), 0o644))
	name := b.path
	if target, err := filepath.EvalSymlinks(name); err == nil {
		name = target
	}
	b.must(os.Rename(temp, name))
}

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (b *bench) update(base *config.Revision, edit func(*config.File) error) error {
	return b.Update(b.Context(), base, "console", "edit", edit)
}

func (b *bench) wantFile(want string) {
	b.Helper()
	got, err := b.read(b.path)
	if err != nil || string(got) != want {
		b.Errorf("the file holds (%v)\n%s\nwant\n%s", err, got, want)
	}
}

func (b *bench) read(name string) ([]byte, error) {
	if b.disk != nil {
		return b.disk.ReadFile(name)
	}
	return os.ReadFile(name)
}

func (b *bench) wantRunning(want string) {
	b.Helper()
	if got := b.Current().Text; string(got) != want {
		b.Errorf("this runs\n%s\nwant\n%s", got, want)
	}
	b.gate.mu.Lock()
	defer b.gate.mu.Unlock()
	if b.gate.running != b.Current().Config {
		b.Error("the preparer runs another configuration than the store")
	}
}

// wantEnds checks how often changes were committed, and that each ended once.
func (b *bench) wantEnds(committed int) {
	b.Helper()
	b.gate.mu.Lock()
	defer b.gate.mu.Unlock()
	if b.gate.committed != committed || b.gate.prepared != b.gate.committed+b.gate.dropped {
		b.Errorf("%d prepared, %d committed, %d discarded; want %d committed", b.gate.prepared, b.gate.committed, b.gate.dropped, committed)
	}
}

func (b *bench) wantOnlyTheFile() {
	b.Helper()
	entries, err := os.ReadDir(filepath.Dir(b.path))
	if err != nil || len(entries) != 1 {
		b.Errorf("beside the file: %v (%v)", entries, err)
	}
}

func (b *bench) problems() config.Problems {
	ps, _ := b.Problems()
	return ps
}

// await waits until something is so.
func (b *bench) await(what string, so func() bool) {
	b.Helper()
	for deadline := time.Now().Add(time.Minute); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			b.Fatalf("never came about: %s\n%s", what, b.log)
		}
	}
}

// logBuffer may be written and read at the same time.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *logBuffer) count(what string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Count(l.b.Bytes(), []byte(what))
}
