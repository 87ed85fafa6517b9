package config_test

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"forge.home.arpa/portico/config"
)

// writing is what a process of this test does that is to be killed: edits, one
// in three of them guarded and kept, each told on stdout when it is confirmed.
func writing(t *testing.T, path string) {
	s, err := config.Open(config.Options{Path: path, State: filepath.Join(filepath.Dir(path), "state"), Confirm: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	for {
		port, conns := countsOf(t, s.Current().Text)
		if port%3 == 0 {
			edit(t, s, int64(conns+1), "server", "max_conns")
			fmt.Println("conns", conns+1)
			if err := s.Keep(t.Context(), "ann"); err != nil {
				t.Fatal(err)
			}
			fmt.Println("kept", conns+1)
		}
		edit(t, s, fmt.Sprintf("http://10.0.0.1:%d", port+1), "route", "nas", "to")
		fmt.Println("port", port+1)
	}
}

func edit(t *testing.T, s *config.Store, value any, path ...string) {
	t.Helper()
	err := s.Update(t.Context(), nil, "ann", "edit", func(f *config.File) error { return f.Set(value, path...) })
	if err != nil {
		t.Fatal(err)
	}
}

const counted = "[server]   # the front\nmax_conns = %d\n\n# the only one\n[route.nas]\nhost = \"nas.example.com\"\nto   = \"http://10.0.0.1:%d\"\n"

var counts = regexp.MustCompile(`max_conns = (\d+)\n(?s:.*)10\.0\.0\.1:(\d+)"`)

// countsOf reads the counts of a text that is whole.
func countsOf(t *testing.T, text []byte) (port, conns int) {
	t.Helper()
	m := counts.FindSubmatch(text)
	if m == nil {
		t.Fatalf("torn: %q", text)
	}
	conns, _ = strconv.Atoi(string(m[1]))
	port, _ = strconv.Atoi(string(m[2]))
	if want := fmt.Sprintf(counted, conns, port); string(text) != want {
		t.Fatalf("torn: %q, want %q", text, want)
	}
	return port, conns
}

// TestKilledWhileSaving kills a process that saves all the time, again and
// again. The file is then the old one or the new one, what was confirmed stands,
// what nobody kept goes back, and nothing is left lying about.
func TestKilledWhileSaving(t *testing.T) {
	if path := os.Getenv("PORTICO_TEST_SAVES"); path != "" {
		writing(t, path)
	}
	const rounds = 200
	dir := t.TempDir()
	path := filepath.Join(dir, "portico.toml")
	if err := os.WriteFile(path, fmt.Appendf(nil, counted, 1, 1), 0o644); err != nil {
		t.Fatal(err)
	}
	waited := 0
	for range rounds {
		said := killed(t, path, time.Duration(rand.IntN(12_000))*time.Microsecond)
		if _, err := os.Stat(filepath.Join(dir, "state", "pending.json")); err == nil {
			waited++
		}
		afterKill(t, path, said)
		if t.Failed() {
			return
		}
	}
	t.Logf("%d rounds, in %d of them a change was waiting to be kept", rounds, waited)
}

// killed runs a writer and kills it some time after its first edit. It gives the
// last that was confirmed of each kind.
func killed(t *testing.T, path string, after time.Duration) map[string]int {
	t.Helper()
	began, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilledWhileSaving$")
	cmd.Env = append(os.Environ(), "PORTICO_TEST_SAVES="+path)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		if is, err := os.ReadFile(path); err != nil {
			t.Fatal(err) // neither the old nor the new
		} else if !bytes.Equal(is, began) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("nobody wrote the file:\n%s", out.String())
		}
	}
	time.Sleep(after)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it says that it was killed
	said := map[string]int{}
	for line := range strings.Lines(out.String()) {
		var kind string
		var n int
		if k, err := fmt.Sscanf(line, "%s %d\n", &kind, &n); k != 2 || err != nil {
			continue // half a line
		}
		said[kind] = n
	}
	return said
}

// afterKill starts as the next run would.
func afterKill(t *testing.T, path string, said map[string]int) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	port, conns := countsOf(t, text)
	if port < said["port"] || port > said["port"]+1 && said["port"] > 0 || conns < said["conns"] {
		t.Errorf("the file has %d and %d, confirmed was %v", port, conns, said)
	}
	s, err := config.Open(config.Options{Path: path, State: filepath.Join(filepath.Dir(path), "state"), Confirm: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	if _, waits := s.Pending(); waits {
		if err := s.GoBack(t.Context(), "ann"); err != nil {
			t.Fatal(err)
		}
		if _, now := countsOf(t, s.Current().Text); now != conns-1 || now < said["kept"] {
			t.Errorf("%d went back to %d, confirmed was %v", conns, now, said)
		}
	}
	list, err := s.History()
	if err != nil || len(list) == 0 || !list[0].Runs {
		t.Fatalf("the history is %v (%v)", list, err)
	}
	want := []string{"portico.toml", "state/history/journal", "state/last-good.toml"}
	for _, v := range list {
		kept, err := s.VersionText(v.N)
		if err != nil {
			t.Error(err)
		} else {
			countsOf(t, kept)
		}
		want = append(want, fmt.Sprintf("state/history/%06d.toml", v.N))
	}
	slices.Sort(want)
	if got := filesBelow(t, filepath.Dir(path)); !slices.Equal(got, want) {
		t.Errorf("left are %q, want %q", got, want)
	}
}

func filesBelow(t *testing.T, dir string) []string {
	t.Helper()
	files := map[string]bool{}
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			name, _ := filepath.Rel(dir, path)
			files[name] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return slices.Sorted(maps.Keys(files))
}
