package match_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"forge.home.arpa/portico/proxy/match"
)

// shape is a way in which many routes can lie in a table; route and the
// request that is for it are made from the same number.
type shape struct {
	name    string
	route   func(i int) match.Route
	request func(i int) (host, path string)
}

var shapes = []shape{
	{
		"hosts", // a name for each route, the usual home
		func(i int) match.Route { return match.Route{Hosts: []string{fmt.Sprintf("app%d.example.com", i)}} },
		func(i int) (string, string) { return fmt.Sprintf("app%d.example.com", i), "/api/v1/items/4711" },
	},
	{
		"paths", // one name for all
		func(i int) match.Route {
			return match.Route{Hosts: []string{"example.com"}, Paths: []string{fmt.Sprintf("/app%d/*", i)}}
		},
		func(i int) (string, string) { return "example.com", fmt.Sprintf("/app%d/items/4711", i) },
	},
	{
		"spread", // ten paths for each name
		func(i int) match.Route {
			return match.Route{Hosts: []string{fmt.Sprintf("app%d.example.com", i/10)}, Paths: []string{fmt.Sprintf("/part%d/*", i%10)}}
		},
		func(i int) (string, string) {
			return fmt.Sprintf("app%d.example.com", i/10), fmt.Sprintf("/part%d/items/4711", i%10)
		},
	},
	{
		"wildcards", // found at the third level that is asked
		func(i int) match.Route { return match.Route{Hosts: []string{fmt.Sprintf("*.app%d.example.com", i)}} },
		func(i int) (string, string) { return fmt.Sprintf("a.b.app%d.example.com", i), "/api/v1/items/4711" },
	},
	{
		"deep", // eight segments
		func(i int) match.Route {
			return match.Route{Hosts: []string{"example.com"}, Paths: []string{deepPath(i) + "/*"}}
		},
		func(i int) (string, string) { return "example.com", deepPath(i) + "/4711" },
	},
}

func deepPath(i int) string {
	return "/p" + strings.Join(strings.Split(fmt.Sprintf("%08d", i), ""), "/p")
}

// asked is a table of a shape, and requests for its routes in an order no
// cache can foresee, lying one after the other as a connection brings them.
type asked struct {
	table *match.Table
	text  []byte
	ends  []int32 // of host, path, host, …
	from  int32   // the next request
	next  int
}

func ask(tb testing.TB, s shape, n int) *asked {
	routes := make([]match.Route, n)
	for i := range routes {
		routes[i] = s.route(i)
		routes[i].Name = fmt.Sprint("route", i)
	}
	table, err := match.New(routes)
	if err != nil {
		tb.Fatal(err)
	}
	a := &asked{table: table}
	order := rand.New(rand.NewPCG(1, 2))
	for range 10000 {
		host, path := s.request(order.IntN(n))
		a.text = append(a.text, host...)
		a.ends = append(a.ends, int32(len(a.text)))
		a.text = append(a.text, path...)
		a.ends = append(a.ends, int32(len(a.text)))
	}
	return a
}

// run makes n lookups.
func (a *asked) run(tb testing.TB, n int) {
	var scratch []byte
	method := []byte("GET")
	for range n {
		if a.next == len(a.ends) {
			a.from, a.next = 0, 0
		}
		end := a.ends[a.next+1]
		host, path := a.text[a.from:a.ends[a.next]], a.text[a.ends[a.next]:end]
		a.from, a.next = end, a.next+2
		if r := a.table.Match(host, path, method, &scratch, nil); r.Verdict != match.Found {
			tb.Fatalf("%s %s: %v", host, path, r.Verdict)
		}
	}
}

func benchmarkMatch(b *testing.B, n int) {
	for _, s := range shapes {
		b.Run(s.name, func(b *testing.B) {
			a := ask(b, s, n)
			b.ReportAllocs()
			b.ResetTimer()
			a.run(b, b.N)
		})
	}
}

func BenchmarkMatch10(b *testing.B)    { benchmarkMatch(b, 10) }
func BenchmarkMatch10000(b *testing.B) { benchmarkMatch(b, 10000) }

// BenchmarkRatio is the claim: a lookup among 10,000 routes takes at most twice
// the time of one among 10. Both are measured in turns of 1,000 lookups, so a
// busy machine slows both.
func BenchmarkRatio(b *testing.B) {
	for _, s := range shapes {
		b.Run(s.name, func(b *testing.B) {
			few, many := ask(b, s, 10), ask(b, s, 10000)
			var took [2]time.Duration
			for b.Loop() {
				for i, a := range []*asked{few, many} {
					start := time.Now()
					a.run(b, 1000)
					took[i] += time.Since(start)
				}
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(took[0].Nanoseconds())/float64(b.N)/1000, "ns/10")
			b.ReportMetric(float64(took[1].Nanoseconds())/float64(b.N)/1000, "ns/10000")
			b.ReportMetric(float64(took[1])/float64(took[0]), "ratio")
		})
	}
}

func BenchmarkMatchRegexp(b *testing.B) {
	table, err := match.New([]match.Route{{Name: "r", Hosts: []string{"*"}, Paths: []string{`~^/item/[0-9]+$`}}})
	if err != nil {
		b.Fatal(err)
	}
	var scratch []byte
	host, path, method := []byte("a.example"), []byte("/item/4711"), []byte("GET")
	b.ReportAllocs()
	for b.Loop() {
		table.Match(host, path, method, &scratch, nil)
	}
}

// BenchmarkMatchHostile has paths and hosts as large as a request can bring.
func BenchmarkMatchHostile(b *testing.B) {
	a := ask(b, shapes[4], 10000)
	wild := ask(b, shapes[3], 10000)
	for _, c := range []struct {
		name       string
		table      *match.Table
		host, path []byte
	}{
		{"slashes", a.table, []byte("example.com"), bytes.Repeat([]byte("/"), 16000)},
		{"segments", a.table, []byte("example.com"), bytes.Repeat([]byte("/p"), 8000)},
		{"climbing", a.table, []byte("example.com"), append(bytes.Repeat([]byte("/p"), 4000), bytes.Repeat([]byte("/.."), 2700)...)},
		{"escapes", a.table, []byte("example.com"), append([]byte("/"), bytes.Repeat([]byte("%C3"), 5300)...)},
		{"semicolons", a.table, []byte("example.com"), bytes.Repeat([]byte("/;"), 8000)},
		{"labels", wild.table, bytes.Repeat([]byte("a."), 8000), []byte("/")},
	} {
		b.Run(c.name, func(b *testing.B) {
			var scratch []byte
			method := []byte("GET")
			b.ReportAllocs()
			for b.Loop() {
				c.table.Match(c.host, c.path, method, &scratch, nil)
			}
		})
	}
}
