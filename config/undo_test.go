package config_test

import (
	"errors"
	"strings"
	"testing"

	"forge.home.arpa/portico/config"
)

func (b *bench) undo() {
	b.Helper()
	if err := b.Undo(b.Context()); err != nil {
		b.Fatal(err)
	}
}

func (b *bench) wantLast(who, what string) config.Applied {
	b.Helper()
	last, ok := b.Last()
	if !ok || last.Who != who || last.What != what || last.At.IsZero() {
		b.Errorf("the last change is %q by %q (%v)", last.What, last.Who, ok)
	}
	return last
}

func TestUndo(t *testing.T) {
	b := newBench(t, twoRoutes)
	if err := b.Undo(t.Context()); err == nil {
		t.Error("undone without a change")
	}
	if err := b.Update(t.Context(), nil, "ann", "move nas", setTo("http://10.0.0.7")); err != nil {
		t.Fatal(err)
	}
	last := b.wantLast("ann", "move nas")
	var minus, plus string
	for _, l := range last.Undo {
		switch l.Op {
		case '-':
			minus += l.Text
		case '+':
			plus += l.Text
		}
	}
	if minus != `to   = "http://10.0.0.7"` || plus != `to   = "http://192.168.1.10:5000"` {
		t.Errorf("undo would take %q and put %q", minus, plus)
	}
	b.undo()
	b.wantFile(twoRoutes)
	b.wantRunning(twoRoutes)
	b.wantLast("undo", "undo move nas")
	b.undo()
	b.wantFile(withTo("http://10.0.0.7"))
	b.wantLast("undo", "redo move nas")
	b.undo()
	b.wantFile(twoRoutes)
	b.wantLast("undo", "undo move nas")
	b.wantEnds(5)
}

func TestUndoOfAnOutsideEdit(t *testing.T) {
	b := newBench(t, twoRoutes)
	b.save(withTo("http://10.0.0.9"))
	if err := b.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.wantLast("disk", "changed route.nas.to")
	b.undo()
	b.wantFile(twoRoutes)
	b.wantRunning(twoRoutes)
}

func TestUndoLeavesWhatOthersWroteSince(t *testing.T) {
	b := newBench(t, twoRoutes)
	err := b.update(nil, func(f *config.File) error {
		return errors.Join(f.Set("http://10.0.0.7", "route", "nas", "to"), f.Set(true, "route", "nas", "compress"), f.Delete("route", "cctv"))
	})
	if err != nil {
		t.Fatal(err)
	}
	text := string(b.Current().Text)
	b.save("# theirs\n" + strings.Replace(text, "nas.example.com", "n.example.com", 1))
	b.undo()
	got := b.Current().Config
	if nas := got.Route("nas"); nas.Hosts[0] != "n.example.com" || nas.To[0].URL != "http://192.168.1.10:5000" || nas.Compress {
		t.Errorf("nas is %+v", nas)
	}
	if cctv := got.Route("cctv"); cctv == nil || cctv.Hosts[0] != "cctv.example.com" {
		t.Errorf("cctv is %+v", cctv)
	}
	if !strings.HasPrefix(string(b.Current().Text), "# theirs\n") {
		t.Errorf("their comment is gone:\n%s", b.Current().Text)
	}
	b.wantFile(string(b.Current().Text))
}

func TestUndoConflict(t *testing.T) {
	b := newBench(t, twoRoutes)
	if err := b.update(nil, setTo("http://10.0.0.7")); err != nil {
		t.Fatal(err)
	}
	b.save(withTo("http://10.0.0.9"))
	var conflict *config.Conflict
	if err := b.Undo(t.Context()); !errors.As(err, &conflict) || conflict.Key != "route.nas.to" {
		t.Errorf("error %v", err)
	}
	b.wantFile(withTo("http://10.0.0.9"))
	b.wantRunning(withTo("http://10.0.0.9"))
}
