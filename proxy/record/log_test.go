package record_test

import (
	"bytes"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"forge.home.arpa/portico/proxy/record"
)

func TestRowIsTenCacheLines(t *testing.T) {
	if size := unsafe.Sizeof(record.Row{}); size > 640 {
		t.Errorf("a row has %d bytes, want at most 640", size)
	}
}

func TestTexts(t *testing.T) {
	var p record.Path
	p.Set([]byte("/remote.php/dav?token=1"))
	if p.String() != "/remote.php/dav?token=1" {
		t.Errorf("path is %q", p.String())
	}
	p.Set(bytes.Repeat([]byte("é"), 200))
	if len(p.Bytes()) != 256 {
		t.Errorf("a long path keeps %d bytes, want 256", len(p.Bytes()))
	}
	p.Set([]byte("/"))
	if p.String() != "/" {
		t.Errorf("a path set anew is %q, want /", p.String())
	}
}

// put writes rows whose path is their number.
func put(l *record.Log, from, to int) {
	for i := from; i <= to; i++ {
		l.Put(row(i), nil, nil)
	}
}

func row(i int) *record.Row {
	r := &record.Row{Status: 200, Route: "git"}
	r.Path.Set(fmt.Appendf(nil, "/%d", i))
	return r
}

func ids(rows []record.Row) []uint64 {
	var out []uint64
	for i := range rows {
		if rows[i].Path.String() != fmt.Sprintf("/%d", rows[i].ID) {
			panic(fmt.Sprintf("row %d holds %s", rows[i].ID, rows[i].Path.String()))
		}
		out = append(out, rows[i].ID)
	}
	return out
}

func TestBeforeGoesBackFromACursor(t *testing.T) {
	l := record.New(100, 0, 0)
	put(l, 1, 250)
	dst := make([]record.Row, 3)
	for _, tt := range []struct {
		name string
		id   uint64
		want []uint64
	}{
		{"newest", 0, []uint64{250, 249, 248}},
		{"cursor", 200, []uint64{200, 199, 198}},
		{"beyond the newest", 999, []uint64{250, 249, 248}},
		{"the two oldest", 152, []uint64{152, 151}},
		{"overwritten", 150, nil},
	} {
		n := l.Before(tt.id, dst, nil)
		if got := ids(dst[:n]); !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestBeforeFindsWhatIsRare(t *testing.T) {
	l := record.New(1000, 0, 0)
	put(l, 1, 1000)
	dst := make([]record.Row, 4)
	seen := 0
	n := l.Before(0, dst, func(r *record.Row) bool { seen++; return r.ID%300 == 0 })
	if got := ids(dst[:n]); !slices.Equal(got, []uint64{900, 600, 300}) {
		t.Errorf("got %v", got)
	}
	if seen != 1000 {
		t.Errorf("keep saw %d rows, want each once", seen)
	}
}

func TestKeepMayUseTheLog(t *testing.T) {
	l := record.New(10, 0, 0)
	put(l, 1, 10)
	dst := make([]record.Row, 10)
	n := l.Before(0, dst, func(r *record.Row) bool {
		put(l, int(l.Newest())+1, int(l.Newest())+1)
		return true
	})
	if n != 10 || dst[9].ID != 1 {
		t.Errorf("got %v, want the ten that were there", ids(dst[:n]))
	}
}

func TestBeforeWhileRowsAreOverwritten(t *testing.T) {
	l := record.New(100, 0, 0)
	put(l, 1, 100)
	dst := make([]record.Row, 100)
	once := true
	n := l.Before(0, dst, func(r *record.Row) bool {
		if once {
			put(l, 101, 140)
		}
		once = false
		return true
	})
	if got := ids(dst[:n]); got[0] != 100 || got[len(got)-1] != 41 || len(got) != 60 {
		t.Errorf("got %v, want 100 to 41", got)
	}
}

func TestSinceTellsWhatWasMissed(t *testing.T) {
	l := record.New(100, 0, 0)
	dst := make([]record.Row, 80)
	if n, missed := l.Since(0, dst); n != 0 || missed != 0 {
		t.Fatalf("an empty log gave %d rows, %d missed", n, missed)
	}
	put(l, 1, 250)
	n, missed := l.Since(120, dst)
	if n != 80 || missed != 30 || dst[0].ID != 151 || dst[79].ID != 230 {
		t.Errorf("got %d rows from %d, %d missed", n, dst[0].ID, missed)
	}
	if n, missed = l.Since(230, dst); n != 20 || missed != 0 {
		t.Errorf("then got %d rows, %d missed", n, missed)
	}
	if n, missed = l.Since(250, dst); n != 0 || missed != 0 {
		t.Errorf("at the end got %d rows, %d missed", n, missed)
	}
}

func TestFailuresOutliveASync(t *testing.T) {
	l := record.New(10, 5, 2)
	bad := row(1)
	bad.Status, bad.Cause = 502, record.CauseRefused
	l.Put(bad, []byte("GET / HTTP/1.1"), []byte("HTTP/1.1 502"))
	put(l, 2, 100)
	dst := make([]record.Row, 5)
	if n := l.Failures(0, dst, nil); n != 1 || dst[0].ID != 1 {
		t.Fatalf("got %v", ids(dst[:n]))
	}
	d, ok := l.Get(1)
	if !ok || d.Row.ID != 1 || string(d.Request) != "GET / HTTP/1.1" || string(d.Response) != "HTTP/1.1 502" {
		t.Errorf("got %v, %q, %q", ok, d.Request, d.Response)
	}
	if n := l.Failures(0, dst, func(r *record.Row) bool { return r.Status == 504 }); n != 0 {
		t.Errorf("a filter kept %d", n)
	}
}

func TestGetAndHeads(t *testing.T) {
	l := record.New(4, 0, 2)
	for i := 1; i <= 6; i++ {
		l.Put(row(i), bytes.Repeat([]byte{'a'}, 1022+i), []byte{byte('0' + i)})
	}
	for _, tt := range []struct {
		id         uint64
		found      bool
		head       int
		requestCut bool
	}{
		{0, false, 0, false},
		{2, false, 0, false},
		{3, true, 0, false},
		{5, true, 1024, true},
		{6, true, 1024, true},
		{7, false, 0, false},
	} {
		d, ok := l.Get(tt.id)
		if ok != tt.found || len(d.Request) != tt.head || d.RequestCut != tt.requestCut || d.ResponseCut {
			t.Errorf("%d: found %v, %d bytes, cut %v", tt.id, ok, len(d.Request), d.RequestCut)
		}
		if tt.head == 0 && d.Request != nil {
			t.Errorf("%d: a head that is not kept is not nil", tt.id)
		}
	}
	if d, _ := l.Get(6); string(d.Response) != "6" {
		t.Errorf("response of 6 is %q", d.Response)
	}
}

func TestLongDetailIsCut(t *testing.T) {
	l := record.New(4, 4, 0)
	r := row(1)
	r.Detail = strings.Repeat("dial ", 100)
	l.Put(r, nil, nil)
	if d, _ := l.Get(1); d.Row.Detail != r.Detail[:record.DetailSize] {
		t.Errorf("kept %d bytes, want %d", len(d.Row.Detail), record.DetailSize)
	}
}

func TestPutAllocatesNothingOnceFull(t *testing.T) {
	l := record.New(64, 64, 64)
	bad := row(1)
	bad.Status = 502
	head := make([]byte, 2000)
	for range 64 {
		l.Put(bad, head, head)
	}
	if n := testing.AllocsPerRun(200, func() { l.Put(bad, head, head) }); n != 0 {
		t.Errorf("%v allocations a row", n)
	}
}

func TestAnEmptyLogIsSmall(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	l := record.New(10_000, 1000, 1024)
	put(l, 1, 10)
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 100_000 {
		t.Errorf("a log with ten rows took %d bytes", n)
	}
}
