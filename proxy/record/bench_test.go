package record_test

import (
	"bytes"
	"sync"
	"testing"
	"time"

	"forge.home.arpa/portico/proxy/record"
)

// sample is a usual row; the heads are of a browser and of an API.
func sample() *record.Row {
	r := &record.Row{Status: 200, Route: "photos", Upstream: "http://10.0.0.7:2342"}
	r.Method.Set([]byte("GET"))
	r.Host.Set([]byte("photos.home.lan"))
	r.Path.Set([]byte("/api/v1/albums/17?count=100&offset=200"))
	r.ReqID.Set([]byte("0198c2f0a7d17b62a4f1d9d1c0c2e4aa"))
	return r
}

func containsNothing(r *record.Row) bool {
	return bytes.Contains(r.Path.Bytes(), []byte("nothing"))
}

func filled(heads int) *record.Log {
	l := record.New(10_000, 1000, heads)
	for range 10_000 {
		l.Put(sample(), nil, nil)
	}
	return l
}

func BenchmarkPut(b *testing.B) {
	r := sample()
	b.Run("row", func(b *testing.B) {
		l := filled(0)
		b.ReportAllocs()
		for b.Loop() {
			l.Put(r, nil, nil)
		}
	})
	b.Run("heads", func(b *testing.B) {
		l := filled(1024)
		request, response := bytes.Repeat([]byte("x"), 700), bytes.Repeat([]byte("y"), 300)
		b.ReportAllocs()
		for b.Loop() {
			l.Put(r, request, response)
		}
	})
	b.Run("parallel", func(b *testing.B) {
		l := filled(0)
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			r := sample()
			for pb.Next() {
				l.Put(r, nil, nil)
			}
		})
	})
}

// BenchmarkPutBesideReader writes while a console reads all rows over and
// over through a filter that keeps none: far more than it ever does.
func BenchmarkPutBesideReader(b *testing.B) {
	l := filled(0)
	r := sample()
	done := make(chan struct{})
	var reader sync.WaitGroup
	reader.Go(func() {
		dst := make([]record.Row, 50)
		for {
			select {
			case <-done:
				return
			default:
				l.Before(0, dst, containsNothing)
			}
		}
	})
	for b.Loop() {
		l.Put(r, nil, nil)
	}
	close(done)
	reader.Wait()
}

func BenchmarkBefore(b *testing.B) {
	l := filled(0)
	dst := make([]record.Row, 50)
	b.Run("page", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			l.Before(0, dst, nil)
		}
	})
	b.Run("filter over all", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			l.Before(0, dst, containsNothing)
		}
	})
}

func BenchmarkCounters(b *testing.B) {
	var c record.Counters
	now := time.Now()
	b.Run("Add", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			c.Add(now, 200, 12*time.Millisecond, 5000)
		}
	})
	b.Run("Add parallel", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				c.Add(now, 200, 12*time.Millisecond, 5000)
			}
		})
	})
	b.Run("Rates", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			c.Rates(now)
		}
	})
}
