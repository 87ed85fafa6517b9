package atomicfile_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"forge.home.arpa/portico/config/atomicfile"
)

func TestState(t *testing.T) {
	dir := t.TempDir()
	file := atomicfile.InState(dir, "learnt.json")
	is := map[string]int{"before": 1}
	if err := file.Load(&is); err != nil || is["before"] != 1 {
		t.Errorf("no file yet: %v %v", is, err)
	}
	if err := file.Save(map[string]int{"failures": 3}); err != nil {
		t.Fatal(err)
	}
	var again map[string]int
	if err := file.Load(&again); err != nil || again["failures"] != 3 {
		t.Errorf("%v %v", again, err)
	}
	if err := os.WriteFile(file.Path, []byte(`{"failures": `), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := file.Load(&again); err == nil || !strings.Contains(err.Error(), file.Path) {
		t.Errorf("a broken file: %v", err)
	}
}

// TestStateWithoutDirectory: a portico without a state directory forgets, and
// writes nowhere.
func TestStateWithoutDirectory(t *testing.T) {
	t.Chdir(t.TempDir())
	file := atomicfile.InState("", "learnt.json")
	if err := file.Save(1); err != nil {
		t.Error(err)
	}
	v := 2
	if err := file.Load(&v); err != nil || v != 2 {
		t.Errorf("%d %v", v, err)
	}
	if names, _ := filepath.Glob("*"); len(names) > 0 {
		t.Errorf("wrote %q", names)
	}
}
