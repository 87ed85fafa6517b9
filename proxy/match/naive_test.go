package match_test

import (
	"cmp"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"

	"forge.home.arpa/portico/proxy/match"
)

// naive matches by definition: it looks at every route, sorts what fits, and
// takes the first. It shares no code with the package.
type naive []match.Route

// option is one way in which a route can take a request.
type option struct {
	route, host, kind, length, prefix int
	methods                           []string // empty: all
	name                              string
}

func (n naive) match(host, path, method string) match.Result {
	if path != "*" && !strings.HasPrefix(path, "/") {
		return naiveBad(path)
	}
	judged, refused := path, false
	if path != "*" {
		var climbs bool
		if judged, refused, climbs = naiveJudge(path); climbs {
			return naiveBad(path)
		}
	}
	best, strict, meant, allow := n.choose(host, naiveDecode(judged), method)
	strict = strict && path != "*"
	if strict && refused {
		return naiveBad(path)
	}
	result := match.Result{Verdict: match.NoRoute, Route: -1, Path: []byte(judged), Judged: strict}
	if best == nil {
		if len(allow) > 0 {
			result.Verdict, result.Allow = match.MethodMissed, allow
		}
		return result
	}
	if strict && !meant && strings.Contains(judged, ";") {
		bare := regexp.MustCompile(`;[^/]*`).ReplaceAllString(judged, "")
		bare = naiveDecode(regexp.MustCompile(`//+`).ReplaceAllString(bare, "/"))
		if other, _, _, _ := n.choose(host, bare, method); other == nil || other.route != best.route {
			return naiveBad(path)
		}
	}
	result.Verdict, result.Route = match.Found, best.route
	if best.kind == 3 {
		result.Verdict = match.AddSlash
	}
	result.Judged = path != "*" && (strict || n[best.route].Rewrites)
	result.Prefix = len(strings.Join(naiveUnits(judged)[:best.prefix], ""))
	return result
}

func naiveBad(path string) match.Result {
	return match.Result{Verdict: match.BadPath, Route: -1, Path: []byte(path)}
}

// choose returns the best option, whether a host asked until then has a route
// by path, or one with a semicolon, and the methods that would have done.
func (n naive) choose(host, key, method string) (best *option, strict, meant bool, allow []string) {
	options := n.options(host, key)
	slices.SortStableFunc(options, compareOptions)
	for i := range options {
		if o := options[i]; len(o.methods) == 0 || slices.Contains(o.methods, method) {
			best = &o
			break
		}
		allow = append(allow, options[i].methods...)
	}
	for _, r := range n {
		for _, h := range r.Hosts {
			level, fits := naiveHost(h, host)
			if !fits || best != nil && level > best.host {
				continue
			}
			for _, p := range r.Paths {
				strict = strict || p != "/*"
				meant = meant || strings.Contains(p, ";")
			}
		}
	}
	slices.Sort(allow)
	return best, strict, meant, slices.Compact(allow)
}

func compareOptions(a, b option) int {
	byClass := cmp.Compare(min(a.kind, 2), min(b.kind, 2))
	if byClass == 0 {
		byClass = cmp.Compare(b.length, a.length)
	}
	restricted := 0
	if a.kind != 1 && (len(a.methods) == 0) != (len(b.methods) == 0) {
		restricted = 1
		if len(a.methods) > 0 {
			restricted = -1
		}
	}
	return cmp.Or(cmp.Compare(a.host, b.host), byClass, restricted,
		cmp.Compare(a.name, b.name), cmp.Compare(a.route, b.route))
}

// naiveHost orders hosts: exact 0, then wildcards, the longest first, then any.
func naiveHost(pattern, host string) (level int, fits bool) {
	if pattern == "*" {
		return 1000, true
	}
	if suffix, ok := strings.CutPrefix(pattern, "*"); ok {
		return 500 - len(suffix), strings.HasSuffix(host, suffix) && len(host) > len(suffix)
	}
	return 0, pattern == host
}

func (n naive) options(host, key string) (options []option) {
	for i, r := range n {
		paths := r.Paths
		if len(paths) == 0 {
			paths = []string{"/*"}
		}
		for _, h := range r.Hosts {
			level, fits := naiveHost(h, host)
			if !fits {
				continue
			}
			for _, p := range paths {
				o := option{route: i, host: level, name: r.Name, methods: n.methods(r, h, p)}
				if naivePath(p, key, &o) {
					options = append(options, o)
				}
			}
		}
	}
	return options
}

// methods adds HEAD to GET, unless a route with this host and path names it.
func (n naive) methods(r match.Route, host, path string) []string {
	if !slices.Contains(r.Methods, "GET") {
		return r.Methods
	}
	for _, other := range n {
		samePath := slices.Contains(other.Paths, path) || len(other.Paths) == 0 && path == "/*"
		if samePath && slices.Contains(other.Hosts, host) && slices.Contains(other.Methods, "HEAD") {
			return r.Methods
		}
	}
	return append(slices.Clone(r.Methods), "HEAD")
}

func naivePath(pattern, key string, o *option) bool {
	if text, ok := strings.CutPrefix(pattern, "~"); ok {
		o.kind, o.length = 1, len(text)
		return key != "*" && regexp.MustCompile("(?s)"+text).MatchString(key)
	}
	if pattern == "/*" {
		o.kind = 2
		return true
	}
	pattern = naiveDecode(pattern)
	if prefix, ok := strings.CutSuffix(pattern, "/*"); ok {
		o.kind, o.length, o.prefix = 2, len(prefix), len(prefix)
		if key == prefix {
			o.kind = 3
		}
		return key == prefix || strings.HasPrefix(key, prefix+"/")
	}
	return pattern == key
}

// naiveUnits splits a path into valid escapes and single bytes.
func naiveUnits(path string) (units []string) {
	for path != "" {
		n := 1
		if naiveEscape.MatchString(path) {
			n = 3
		}
		units, path = append(units, path[:n]), path[n:]
	}
	return units
}

// naiveDecode decodes every escape.
func naiveDecode(path string) string {
	var decoded strings.Builder
	for _, unit := range naiveUnits(path) {
		decoded.WriteByte(naiveByte(unit))
	}
	return decoded.String()
}

func naiveByte(unit string) byte {
	if len(unit) == 1 {
		return unit[0]
	}
	c, err := hex.DecodeString(unit[1:])
	if err != nil {
		panic(err)
	}
	return c[0]
}

var (
	naiveEscape     = regexp.MustCompile(`^%[0-9A-Fa-f]{2}`)
	naiveUnreserved = regexp.MustCompile(`^[A-Za-z0-9._~-]$`)
	naiveRefused    = regexp.MustCompile(`(?i)\\|%2f|%5c|%00|%25(2e|2f|5c)|^\.\.?(;|%3b)`)
)

// naiveSegment decodes the unreserved escapes of a segment.
func naiveSegment(raw string) (segment string, refused bool) {
	for _, unit := range naiveUnits(raw) {
		decoded := string([]byte{naiveByte(unit)})
		switch {
		case unit == "%":
			segment, refused = segment+"%25", true
		case naiveUnreserved.MatchString(decoded):
			segment += decoded
		default:
			segment += unit
		}
	}
	return segment, refused || naiveRefused.MatchString(segment)
}

// naiveJudge works on a list of segments.
func naiveJudge(path string) (judged string, refused, climbs bool) {
	var kept []string
	end := "/"
	for _, raw := range strings.Split(path[1:], "/") {
		segment, bad := naiveSegment(raw)
		refused = refused || bad
		end = "/"
		switch {
		case segment == ".." && len(kept) == 0:
			return "", refused, true
		case segment == "..":
			kept = kept[:len(kept)-1]
		case segment != "." && segment != "":
			kept = append(kept, segment)
			end = ""
		}
	}
	if len(kept) == 0 {
		return "/", refused, false
	}
	return "/" + strings.Join(kept, "/") + end, refused, false
}
