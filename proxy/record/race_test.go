package record_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"forge.home.arpa/portico/proxy/record"
)

// TestLogUnderReaders writes from two goroutines while each way of reading
// runs; every row read must be whole: its path carries its status.
func TestLogUnderReaders(t *testing.T) {
	l := record.New(100, 20, 10)
	whole := func(r *record.Row) bool {
		if r.Path.String() != fmt.Sprintf("/%d", r.Status) {
			t.Errorf("row %d: path %s, status %d", r.ID, r.Path.String(), r.Status)
		}
		return r.Status%2 == 0
	}
	reads := []func(dst []record.Row){
		func(dst []record.Row) { l.Before(0, dst, whole) },
		func(dst []record.Row) { l.Failures(0, dst, whole) },
		func(dst []record.Row) {
			n, _ := l.Since(l.Newest()/2, dst)
			for i := range dst[:n] {
				whole(&dst[i])
			}
		},
		func([]record.Row) {
			if d, ok := l.Get(l.Newest()); ok && d.Request != nil && string(d.Request) != d.Row.Path.String() {
				t.Errorf("row %d: head %q, path %q", d.Row.ID, d.Request, d.Row.Path.String())
			}
		},
	}
	var writers, readers sync.WaitGroup
	done := make(chan struct{})
	for _, read := range reads {
		readers.Go(func() {
			dst := make([]record.Row, 50)
			for {
				select {
				case <-done:
					return
				default:
					read(dst)
				}
			}
		})
	}
	for w := range 2 {
		writers.Go(func() {
			for i := range 3000 {
				r := row(400 + (i+w)%200)
				r.Status = uint16(400 + (i+w)%200)
				l.Put(r, r.Path.Bytes(), nil)
			}
		})
	}
	writers.Wait()
	close(done)
	readers.Wait()
	if l.Newest() != 6000 {
		t.Errorf("newest is %d, want 6000", l.Newest())
	}
}

func TestCountersUnderReaders(t *testing.T) {
	var c record.Counters
	start := time.Unix(1_700_000_000, 0)
	var writers sync.WaitGroup
	for range 4 {
		writers.Go(func() {
			for i := range 2000 {
				now := start.Add(time.Duration(i) * 10 * time.Millisecond)
				c.Add(now, 200+300*(i%2), time.Millisecond, 10)
				if r := c.Rates(now); r.Errors < 0 || r.Errors > 1 {
					t.Errorf("errors are %v", r.Errors)
				}
			}
		})
	}
	writers.Wait()
	r := c.Rates(start.Add(20 * time.Second))
	if r.Requests != 8000 || r.Failed != 4000 || r.Recent != 8000 || r.Errors != 0.5 {
		t.Errorf("got %+v", r)
	}
}
