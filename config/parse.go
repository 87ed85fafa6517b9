package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"forge.home.arpa/portico/config/atomicfile"
	"forge.home.arpa/portico/config/tomldoc"
)

// maxText bounds the work that a text can ask for. Ten thousand routes are a
// third of it.
const maxText = 4 << 20

// Parse reads, types and checks a configuration. It returns every problem it
// finds, warnings among them, in file order; past 100 a last one says how many
// more there are. The configuration is nil exactly when one of them is an
// error.
//
// Parse looks at the world the text names: environment variables and files of
// secrets, certificate files, folders, network interfaces. What is missing
// there is a warning. Relative paths are those of the working directory; of a
// text that is a file's use ParseFile.
func Parse(text []byte) (*Config, Problems) { return parse(text, "") }

// ParseFile is Parse for the text of a file. Relative paths in it lead from the
// folder of path; where path is a link, from that of the link. They are absolute
// in the Config.
//
// A file without a single byte is a problem: it is what an editor leaves that was
// killed, never what was meant. One without a route is warned of.
func ParseFile(path string, text []byte) (*Config, Problems) {
	if len(text) == 0 {
		return nil, Problems{empty}
	}
	return parseIn(path, text)
}

// ReadFile reads the text of a configuration as a Store does: of a regular file
// only, and no more of it than is good for the machine.
func ReadFile(path string) ([]byte, error) { return atomicfile.New(path).Read() }

// empty is what is wrong with a file without a byte.
var empty = Problem{Line: 1, Col: 1, Message: "the file is empty",
	Hint: "remove it, and portico begins with its starter, or write one with portico init"}

// parseIn is ParseFile of a text that need not be in the file yet.
func parseIn(path string, text []byte) (*Config, Problems) {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	c, ps := parse(text, filepath.Dir(path))
	if c != nil && !slices.ContainsFunc(c.Routes, func(r *Route) bool { return r.Enabled }) {
		ps = append(Problems{{Line: 1, Col: 1, Message: "no route is on: every request is answered 404", Warning: true}}, ps...)
	}
	return c, ps
}

// parse reads a text whose relative paths lead from folder; "" leaves them as
// they are.
func parse(text []byte, folder string) (*Config, Problems) {
	if len(text) > maxText {
		return nil, Problems{{Line: 1, Col: 1, Message: fmt.Sprintf("the file is larger than %d MB", maxText>>20)}}
	}
	doc, err := tomldoc.Parse(text)
	if err != nil {
		return nil, allProblems(text, folder, err)
	}
	d := decoder{folder: folder, misnamed: map[*node][]string{}}
	c := d.config(doc.Root())
	if len(d.errors) > 0 {
		return nil, d.list()
	}
	return c, d.list()
}

func syntaxProblems(err error) Problems {
	var errs tomldoc.SyntaxErrors
	if !errors.As(err, &errs) {
		return Problems{{Line: 1, Col: 1, Message: err.Error()}}
	}
	var r report
	for _, e := range errs {
		r.add(Problem{Line: e.Pos.Line, Col: e.Pos.Col, Message: e.Message})
	}
	return r.list()
}

// allProblems are the errors of a text that is not TOML, and those of the tables
// in it that can be read all the same.
func allProblems(text []byte, folder string, err error) Problems {
	r := report{errors: syntaxProblems(err)}
	doc, lost := tomldoc.Rest(text)
	if doc == nil {
		return r.errors
	}
	d := decoder{folder: folder, misnamed: map[*node][]string{}, lost: lost}
	d.config(doc.Root())
	for _, p := range d.list() {
		if !d.isLost(p.Path) && r.room(p.Warning) {
			r.add(p)
		}
	}
	return r.list()
}

// isLost tells whether a path leads into a table that could not be read.
func (d *decoder) isLost(path string) bool {
	return slices.ContainsFunc(d.lost, func(p tomldoc.Path) bool {
		rest, ok := strings.CutPrefix(path, p.String())
		return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
	})
}

// mayBeLost tells whether what a family of tables seems to lack may stand in one
// that could not be read.
func (d *decoder) mayBeLost(families ...string) bool {
	return slices.ContainsFunc(d.lost, func(p tomldoc.Path) bool {
		name, _ := p[0].(string)
		return slices.Contains(families, name)
	})
}
