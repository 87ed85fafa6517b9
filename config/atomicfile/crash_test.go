package atomicfile_test

import (
	"fmt"
	"testing"

	"forge.home.arpa/portico/config/atomicfile"
	"forge.home.arpa/portico/config/atomicfile/crashfs"
)

const crashPath = "/etc/portico.toml"

// road is one way to write a file.
type road func(d *crashfs.Disk, old, data string) error

func writeRoad(d *crashfs.Disk, old, data string) error {
	return atomicfile.File{Path: crashPath, FS: d}.Write([]byte(data), was(old))
}

func putRoad(d *crashfs.Disk, _, data string) error {
	return atomicfile.File{Path: crashPath, FS: d}.Put([]byte(data))
}

func TestPowerCut(t *testing.T) {
	for _, c := range []struct {
		name               string
		road               road
		busy, lazy, lazier bool
		torn               bool
	}{
		{"rename", writeRoad, false, false, false, false},
		{"in place", writeRoad, true, false, false, false},
		{"private", putRoad, false, false, false, false},
		// The simulation must find what the code would be without its syncs.
		{"rename without syncing the file", writeRoad, false, true, false, true},
		{"rename without syncing the folder", writeRoad, false, false, true, true},
		{"in place without syncing the files", writeRoad, true, true, false, true},
		{"private without syncing the file", putRoad, false, true, false, true},
		{"private without syncing the folder", putRoad, false, false, true, true},
	} {
		for _, text := range []struct{ name, old, data string }{
			{"shorter", oldText, newText}, {"longer", newText, oldText},
		} {
			t.Run(c.name+", "+text.name, func(t *testing.T) {
				states, torn := cutEverywhere(func() *crashfs.Disk {
					d := crashfs.New(map[string]string{crashPath: text.old})
					if c.busy {
						d.Busy = crashPath
					}
					d.LazyFiles, d.LazyFolders = c.lazy, c.lazier
					return d
				}, c.road, text.old, text.data)
				if (torn != "") != c.torn {
					t.Errorf("of %d states: %q", states, torn)
				}
			})
		}
	}
}

// cutEverywhere cuts the power at every step and describes the first state that
// the next start does not make whole.
func cutEverywhere(fresh func() *crashfs.Disk, write road, old, data string) (states int, torn string) {
	for cut := 1; ; cut++ {
		d := fresh()
		d.CutAt(cut)
		writeErr := write(d, old, data)
		for _, after := range d.After() {
			states++
			f := atomicfile.File{Path: crashPath, FS: after}
			_, err := f.Recover()
			if err == nil {
				err = f.Sweep()
			}
			is := after.Files()
			text := is[crashPath]
			switch {
			case err != nil:
				return states, fmt.Sprintf("cut %d: the next start: %v", cut, err)
			case text != old && text != data, len(is) != 1:
				return states, fmt.Sprintf("cut %d: left %q", cut, is)
			case writeErr == nil && text != data:
				return states, fmt.Sprintf("cut %d: the write was confirmed, the disk has %q", cut, text)
			}
		}
		if d.Steps() < cut {
			return states, ""
		}
	}
}

// TestRemoveSurvivesAPowerCut: what was confirmed to be gone stays gone.
func TestRemoveSurvivesAPowerCut(t *testing.T) {
	for cut := range 4 {
		d := crashfs.New(map[string]string{crashPath: oldText})
		d.CutAt(cut)
		err := atomicfile.File{Path: crashPath, FS: d}.Remove()
		for _, after := range d.After() {
			if text, there := after.Files()[crashPath]; err == nil && there || there && text != oldText {
				t.Errorf("cut %d: error %v, left %q", cut, err, text)
			}
		}
	}
}

func TestCrashDiskCountsItsSteps(t *testing.T) {
	d := crashfs.New(map[string]string{crashPath: oldText})
	if err := writeRoad(d, oldText, newText); err != nil || d.Steps() < 7 {
		t.Errorf("%d steps, error %v", d.Steps(), err)
	}
	if len(d.After()) != 1 {
		t.Errorf("%d states are left of a finished write", len(d.After()))
	}
}
