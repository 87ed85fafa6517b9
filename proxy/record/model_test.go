package record_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"forge.home.arpa/portico/proxy/record"
)

// model is the log as a slice that forgets nothing; kept tells what a log of
// its sizes must still know.
type model struct {
	rows, failures, heads int
	all                   []modelRow
}

type modelRow struct {
	failed bool
	head   string
}

func (m *model) kept(id int) bool { return id > len(m.all)-m.rows && id >= 1 && id <= len(m.all) }

// keptFailures are the IDs of the newest failures, newest first.
func (m *model) keptFailures() []uint64 {
	var out []uint64
	for i := len(m.all); i >= 1 && len(out) < m.failures; i-- {
		if m.all[i-1].failed {
			out = append(out, uint64(i))
		}
	}
	return out
}

func (m *model) before(id int, limit int) []uint64 {
	if id == 0 {
		id = len(m.all)
	}
	var out []uint64
	for i := min(id, len(m.all)); m.kept(i) && len(out) < limit; i-- {
		out = append(out, uint64(i))
	}
	return out
}

func (m *model) headOf(id int) (head string, kept bool) {
	inNewest := m.kept(id) && id > len(m.all)-min(m.heads, m.rows)
	if inNewest || slices.Contains(m.keptFailures(), uint64(id)) {
		return m.all[id-1].head, true
	}
	return "", false
}

func TestLogAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &model{
			rows:     rapid.IntRange(0, 70).Draw(t, "rows"),
			failures: rapid.IntRange(0, 20).Draw(t, "failures"),
			heads:    rapid.IntRange(0, 40).Draw(t, "heads"),
		}
		l := record.New(m.rows, m.failures, m.heads)
		t.Repeat(map[string]func(*rapid.T){
			"put":      func(t *rapid.T) { m.put(t, l) },
			"before":   func(t *rapid.T) { m.checkBefore(t, l) },
			"since":    func(t *rapid.T) { m.checkSince(t, l) },
			"failures": func(t *rapid.T) { m.checkFailures(t, l) },
			"get":      func(t *rapid.T) { m.checkGet(t, l) },
		})
	})
}

func (m *model) put(t *rapid.T, l *record.Log) {
	for range rapid.IntRange(1, 50).Draw(t, "times") {
		n := modelRow{failed: rapid.Bool().Draw(t, "failed"), head: rapid.StringN(1, 3, 8).Draw(t, "head")}
		m.all = append(m.all, n)
		r := row(len(m.all))
		if n.failed {
			r.Status = 500
		}
		if id := l.Put(r, []byte(n.head), nil); id != uint64(len(m.all)) || l.Newest() != id {
			t.Fatalf("row %d got ID %d, newest %d", len(m.all), id, l.Newest())
		}
	}
}

func (m *model) drawID(t *rapid.T) int { return rapid.IntRange(0, len(m.all)+2).Draw(t, "id") }

func drawDst(t *rapid.T) []record.Row {
	return make([]record.Row, rapid.IntRange(0, 80).Draw(t, "dst"))
}

func (m *model) checkBefore(t *rapid.T, l *record.Log) {
	id, dst := m.drawID(t), drawDst(t)
	n := l.Before(uint64(id), dst, nil)
	if got, want := ids(dst[:n]), m.before(id, len(dst)); !slices.Equal(got, want) {
		t.Fatalf("before %d: got %v, want %v", id, got, want)
	}
	n = l.Before(uint64(id), dst, func(r *record.Row) bool { return r.ID%3 == 0 })
	want := slices.DeleteFunc(m.before(id, len(m.all)), func(id uint64) bool { return id%3 != 0 })
	if got := ids(dst[:n]); !slices.Equal(got, want[:min(len(want), len(dst))]) {
		t.Fatalf("filtered before %d: got %v, want %v", id, got, want)
	}
}

func (m *model) checkSince(t *rapid.T, l *record.Log) {
	id, dst := m.drawID(t), drawDst(t)
	n, missed := l.Since(uint64(id), dst)
	want := m.before(0, len(m.all))
	slices.Reverse(want)
	want = slices.DeleteFunc(want, func(x uint64) bool { return x <= uint64(id) })
	want = want[:min(len(want), len(dst))]
	if got := ids(dst[:n]); !slices.Equal(got, want) {
		t.Fatalf("since %d: got %v, want %v", id, got, want)
	}
	if n > 0 && dst[n-1].ID != uint64(id+n)+missed {
		t.Fatalf("since %d: %d rows and %d missed lead to %d", id, n, missed, dst[n-1].ID)
	}
}

func (m *model) checkFailures(t *rapid.T, l *record.Log) {
	id, dst := m.drawID(t), drawDst(t)
	n := l.Failures(uint64(id), dst, nil)
	want := slices.DeleteFunc(m.keptFailures(), func(x uint64) bool { return id != 0 && x > uint64(id) })
	if got := ids(dst[:n]); !slices.Equal(got, want[:min(len(want), len(dst))]) {
		t.Fatalf("failures %d: got %v, want %v", id, got, want)
	}
}

func (m *model) checkGet(t *rapid.T, l *record.Log) {
	id := m.drawID(t)
	d, ok := l.Get(uint64(id))
	head, headKept := m.headOf(id)
	if ok != (m.kept(id) || headKept) {
		t.Fatalf("get %d: found %v", id, ok)
	}
	if ok && (d.Row.ID != uint64(id) || string(d.Request) != head || (d.Request == nil) == headKept) {
		t.Fatalf("get %d: row %d with head %q, want %q", id, d.Row.ID, d.Request, head)
	}
}
