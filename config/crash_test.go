package config_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/config/atomicfile/crashfs"
)

// deed is what somebody does at the console, and what the file holds when it is
// over: after the deed and the time a change has to be kept in.
type deed struct {
	name string
	do   func(b *bench) error
	ends string
}

func deedOf(name, ends string, value any, path ...string) deed {
	return deed{name, func(b *bench) error {
		return b.Update(b.Context(), nil, "ann", name, func(f *config.File) error { return f.Set(value, path...) })
	}, ends}
}

var (
	moved   = replaced("192.168.1.10:5000", "10.0.0.7")
	again   = replaced("192.168.1.10:5000", "10.0.0.8")
	opening = deed{"open", func(b *bench) error { return b.tryOpen() }, withServer}
	move    = deedOf("move nas", moved(withServer), "http://10.0.0.7", "route", "nas", "to")
	limit   = deedOf("limit the server", moved(withServer), int64(7), "server", "max_conns")
	keeping = deed{"keep", func(b *bench) error { return b.Keep(b.Context(), "ann") }, moved(conns("7"))}
	backing = deed{"go back", func(b *bench) error { return b.GoBack(b.Context(), "ann") }, moved(withServer)}
	undoing = deed{"undo", func(b *bench) error { return b.Undo(b.Context()) }, again(withServer)}
)

// evenings are what the power, or a step of the disk, is lost in.
var evenings = map[string][]deed{
	"kept":        {opening, move, limit, keeping, deedOf("move nas again", again(conns("7")), "http://10.0.0.8", "route", "nas", "to")},
	"taken back":  {opening, move, limit, backing, deedOf("move nas again", again(withServer), "http://10.0.0.8", "route", "nas", "to")},
	"left alone":  {opening, move, limit},
	"and undone":  {opening, deedOf("move nas", again(withServer), "http://10.0.0.8", "route", "nas", "to"), move, undoing},
	"somebody's":  {opening, move, limit, {"their edit", theirEdit, moved(withServer) + "# theirs\n"}},
	"on one file": {opening, move, limit, keeping},
}

func theirEdit(b *bench) error {
	text, err := b.read(b.path)
	if err != nil {
		return err
	}
	b.save(string(text) + "# theirs\n")
	return b.Reload(b.Context())
}

func tonight(t *testing.T, name string) *bench {
	b := &bench{T: t, path: diskPath, gate: &gate{}, log: &logBuffer{}}
	b.more.State = diskState
	b.disk = crashfs.New(map[string]string{diskPath: withServer, diskState + "/lock": ""})
	if name == "on one file" {
		b.disk.Busy = diskPath
	}
	return b
}

// settleDown waits until nothing has to be kept any more.
func (b *bench) settleDown() {
	b.Helper()
	b.count()
	b.pass(5 * time.Minute)
	if p, waits := b.Pending(); waits {
		b.Errorf("%+v still waits", p)
	}
}

// wantSound checks what holds after any accident: the file runs, the history
// reads, the last good text is there, and nothing was left lying about.
func (b *bench) wantSound() {
	b.Helper()
	running := string(b.Current().Text)
	b.wantRunning(running)
	b.wantFile(running)
	b.wantGood(running)
	list := b.versions()
	if len(list) == 0 || !list[0].Runs {
		b.Errorf("the history does not have what runs: %+v", list)
	}
	want := []string{diskPath, b.inState("history", "journal"), b.inState("last-good.toml"), b.inState("lock")}
	for _, v := range list {
		if _, err := b.VersionText(v.N); err != nil {
			b.Error(err)
		}
		want = append(want, b.inState("history", fmt.Sprintf("%06d.toml", v.N)))
	}
	slices.Sort(want)
	if got := slices.Sorted(maps.Keys(b.disk.Files())); !slices.Equal(got, want) {
		b.Errorf("the disk holds %q, want %q", got, want)
	}
}

// TestPowerCutAtEveryStep cuts the power at every step of an evening and starts
// again on every state that the disk may then be in.
func TestPowerCutAtEveryStep(t *testing.T) {
	for name, deeds := range evenings {
		t.Run(name, func(t *testing.T) {
			states, cut := 0, 0
			for cut = 1; !t.Failed() && cutEvening(t, name, deeds, cut, &states); cut++ {
			}
			if t.Logf("%d steps, %d states", cut, states); cut < 50 {
				t.Errorf("only %d steps were cut", cut)
			}
		})
	}
}

// cutEvening tells whether the power was cut.
func cutEvening(t *testing.T, name string, deeds []deed, cut int, states *int) bool {
	var left []*crashfs.Disk
	done, reached := 0, false
	synctest.Test(t, func(t *testing.T) {
		b := tonight(t, name)
		b.disk.CutAt(cut)
		for ; done < len(deeds) && b.disk.Steps() < cut; done++ {
			if err := deeds[done].do(b); err != nil || b.disk.Steps() >= cut {
				break
			}
		}
		reached, left = b.disk.Steps() >= cut, b.disk.After()
	})
	// The deed the cut fell in may have happened or not; those before did.
	allowed := []string{withServer}
	if done > 0 {
		allowed = []string{deeds[done-1].ends}
	}
	if done < len(deeds) {
		allowed = append(allowed, deeds[done].ends)
	}
	for _, disk := range left {
		*states++
		synctest.Test(t, func(t *testing.T) {
			b := &bench{T: t, path: diskPath, gate: &gate{}, log: &logBuffer{}, disk: disk}
			b.more.State = diskState
			b.open()
			b.settleDown()
			b.wantSound()
			if got := string(b.Current().Text); !slices.Contains(allowed, got) {
				t.Errorf("after %d deeds this runs\n%s", done, got)
			}
			if t.Failed() {
				t.Logf("the power was cut at step %d, in %q", cut, deeds[min(done, len(deeds)-1)].name)
			}
		})
	}
	return reached
}

// TestFailureAtEveryStep lets one step of an evening fail, as on a disk that is
// full for a moment: what was refused did not happen, what was not did.
func TestFailureAtEveryStep(t *testing.T) {
	for name, deeds := range evenings {
		t.Run(name, func(t *testing.T) {
			step := 1
			for ; !t.Failed() && failEvening(t, name, deeds, step); step++ {
			}
			if step < 50 {
				t.Errorf("only %d steps were tried", step)
			}
		})
	}
}

func failEvening(t *testing.T, name string, deeds []deed, step int) (reached bool) {
	synctest.Test(t, func(t *testing.T) {
		b := tonight(t, name)
		b.disk.FailAt(step, syscall.ENOSPC)
		undone := false // the next start takes back what was kept, and that was said
		for _, d := range deeds {
			before, _ := b.read(b.path)
			err := d.do(b)
			after, _ := b.read(b.path)
			switch {
			case err != nil && d.name != "keep" && string(after) != string(before):
				t.Errorf("step %d: %q gave %v and changed the file", step, d.name, err)
			case err != nil && d.name == "open":
				return // it says why it does not start
			}
			undone = undone || err != nil && strings.HasPrefix(err.Error(), "kept, but")
			b.wantRunning(string(after))
		}
		reached = b.disk.Steps() >= step
		b.settleDown()
		b.wantRunning(string(b.mustRead(b.path)))
		last := string(b.Current().Text)
		b.restart()
		b.settleDown()
		b.wantSound()
		if got := string(b.Current().Text); got != last && !undone {
			t.Errorf("step %d: before the restart ran\n%s\nafter it\n%s", step, last, got)
		}
	})
	return reached
}

func (b *bench) mustRead(name string) []byte {
	b.Helper()
	text, err := b.read(name)
	b.must(err)
	return text
}
