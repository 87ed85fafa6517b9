package config

import (
	"regexp"
	"slices"
	"strings"

	"forge.home.arpa/portico/config/tomldoc"
)

// How assets/reference.toml shows what is not said: "## key = value" is an
// example, "# key = value" states the default.
var (
	exampleLine = regexp.MustCompile(`(?m)^## `)
	defaultLine = regexp.MustCompile(`(?m)^# ([a-z_]+ = )`)
)

// note is what the reference says of a key or a table.
type note struct {
	about        string // the words behind it, where they first stand
	defaultValue any    // nil where it states none
}

// notes are kept by path, the names of routes and their like left out:
// "route.health.path".
type notes map[string]note

// readNotes reads a reference. It panics where that is not TOML, for it is
// built in.
func readNotes(reference []byte) notes {
	plain := exampleLine.ReplaceAll(reference, nil)
	plain = defaultLine.ReplaceAll(plain, []byte("$1"))
	doc, err := tomldoc.Parse(plain)
	if err != nil {
		panic("the reference cannot be read: " + err.Error())
	}
	ns := notes{}
	ns.gather(doc.Root(), "", strings.Split(string(reference), "\n"))
	return ns
}

// gather reads a table key by key; lines are those of the whole reference.
func (ns notes) gather(table *node, at string, lines []string) {
	for _, name := range table.Keys() {
		kid, path := table.Get(name), below(at, name)
		ns.add(path, kid, lines)
		if slices.Contains(families, path) {
			for _, name := range kid.Keys() {
				ns.add(path, kid.Get(name), lines)
				ns.gather(kid.Get(name), path, lines)
			}
			continue
		}
		switch kid.Kind() {
		case tomldoc.Table:
			ns.gather(kid, path, lines)
		case tomldoc.ArrayTable:
			for _, e := range kid.Elems() {
				ns.gather(e, path, lines)
			}
		}
	}
}

func (ns notes) add(path string, n *node, lines []string) {
	v, line := ns[path], lines[n.KeyPos().Line-1]
	if v.about == "" {
		v.about = comment(line)
	}
	if defaultLine.MatchString(line) {
		v.defaultValue = n.Value()
	}
	ns[path] = v
}

// comment gives the words behind the key or header of a line that may itself
// be one.
func comment(line string) string {
	line = strings.TrimLeft(line, "# ")
	quoted := false
	for i := 0; i < len(line); i++ {
		switch {
		case line[i] == '\\' && quoted:
			i++
		case line[i] == '"':
			quoted = !quoted
		case line[i] == '#' && !quoted:
			return strings.TrimSpace(line[i+1:])
		}
	}
	return ""
}

// below is the path of a key of the table at a path, "" for the root.
func below(at, key string) string {
	if at == "" {
		return key
	}
	return at + "." + key
}

// explain says what the reference does of the shape at a path.
func (ns notes) explain(s schema, at string) schema {
	if s.Ref != "" {
		return s // what stands beside a reference is ignored
	}
	s.Description, s.Default = ns[at].about, ns[at].defaultValue
	return ns.explainWithin(s, at)
}

// explainWithin leaves out the shape itself: an alternative or an item is
// explained by the key that has it.
func (ns notes) explainWithin(s schema, at string) schema {
	properties := map[string]schema{}
	for name, kid := range s.Properties {
		properties[name] = ns.explain(kid, below(at, name))
	}
	s.Properties = properties
	if kid, ok := s.OtherProperties.(schema); ok {
		s.OtherProperties = ns.explain(kid, at)
	}
	if s.Items != nil {
		items := ns.explainWithin(*s.Items, at)
		s.Items = &items
	}
	s.AnyOf = slices.Clone(s.AnyOf)
	for i := range s.AnyOf {
		s.AnyOf[i] = ns.explainWithin(s.AnyOf[i], at)
	}
	return s
}
