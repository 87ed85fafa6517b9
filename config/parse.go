package config

import (
	"errors"
	"fmt"

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
// there is a warning.
func Parse(text []byte) (*Config, Problems) {
	if len(text) > maxText {
		return nil, Problems{{Line: 1, Col: 1, Message: fmt.Sprintf("the file is larger than %d MB", maxText>>20)}}
	}
	doc, err := tomldoc.Parse(text)
	if err != nil {
		return nil, syntaxProblems(err)
	}
	d := decoder{misnamed: map[*node][]string{}}
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
