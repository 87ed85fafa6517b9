package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"forge.home.arpa/portico/config"
)

func newCheck(s streams, at *places) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "List every problem of the configuration",
		Long: `List every problem of the configuration, one FILE:LINE:COL: message (hint) a line.
It exits with 0 where there is none, or warnings only, and with 1 otherwise.`,
		Args: exactly(),
		RunE: func(*cobra.Command, []string) error {
			name, text, err := at.configText()
			if err != nil && asJSON {
				unread := config.Problems{{Message: err.Error()}}
				return errors.Join(printProblemsJSON(s.out, name, unread), errSilent)
			}
			if err != nil {
				return err
			}
			_, problems := config.ParseFile(name, text)
			if asJSON {
				err = printProblemsJSON(s.out, name, problems)
			} else {
				err = printProblems(s.out, name, problems)
			}
			if err == nil && len(problems.Errors()) > 0 {
				return errSilent
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON list")
	return cmd
}

// printProblems gives one problem a line, in the form that editors jump to. A
// problem without a place stands at the file's first character.
func printProblems(w io.Writer, file string, problems config.Problems) error {
	for _, p := range problems {
		p.Line, p.Col = max(p.Line, 1), max(p.Col, 1)
		if _, err := fmt.Fprintf(w, "%s:%s\n", file, p); err != nil {
			return err
		}
	}
	return nil
}

// listProblems prints an error that is problems of a file one a line, as check
// does, and returns any other.
func listProblems(w io.Writer, file string, err error) error {
	var problems config.Problems
	if refused := config.RefusedBy(err); refused != nil {
		problems = refused.Problems()
	} else if !errors.As(err, &problems) {
		return err
	}
	return errors.Join(printProblems(w, file, problems), errSilent)
}

// problemJSON is a problem as scripts read it; line and col are 0 where the
// problem has no place.
type problemJSON struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Col     int    `json:"col"`
	Path    string `json:"path"`
	Message string `json:"message"`
	Hint    string `json:"hint"`
	Warning bool   `json:"warning"`
}

// String gives the line that check prints.
func (p problemJSON) String() string {
	problem := config.Problem{Line: max(p.Line, 1), Col: max(p.Col, 1), Message: p.Message, Hint: p.Hint, Warning: p.Warning}
	return p.File + ":" + problem.String()
}

func problemsJSON(file string, problems config.Problems) []problemJSON {
	list := make([]problemJSON, len(problems))
	for i, p := range problems {
		list[i] = problemJSON{file, p.Line, p.Col, p.Path, p.Message, p.Hint, p.Warning}
	}
	return list
}

func printProblemsJSON(w io.Writer, file string, problems config.Problems) error {
	return printJSON(w, problemsJSON(file, problems))
}

// printJSON prints one value, indented, with `<` and `>` as they are.
func printJSON(w io.Writer, value any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(value)
}
