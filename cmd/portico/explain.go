package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy"
)

func newExplain(s streams, at *places) *cobra.Command {
	var (
		method, from string
		asJSON       bool
	)
	cmd := &cobra.Command{
		Use:               "explain URL",
		Short:             "Say what would happen to a request, and why; sends nothing",
		Args:              exactly("a URL"),
		ValidArgsFunction: at.completeURL,
		RunE: func(_ *cobra.Command, args []string) error {
			request, err := requestOf(args[0], method, from)
			if err != nil {
				return err
			}
			e, err := at.explain(s.err, request)
			if errors.Is(err, errSilent) {
				return err
			}
			var wrong *proxy.URLError
			if errors.As(err, &wrong) {
				return usagef("explain: %w", err)
			}
			if err != nil {
				return fmt.Errorf("explain: %w", err)
			}
			if asJSON {
				return printJSON(s.out, withoutNil(e))
			}
			return printExplanation(s.out, e)
		},
	}
	cmd.Flags().StringVar(&method, "method", "GET", "the request's `METHOD`")
	cmd.Flags().StringVar(&from, "from", "127.0.0.1", "the `IP` that asks")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// explain asks the running portico, which knows who is banned and what was
// counted, or judges by the file where none runs with it.
func (p *places) explain(w io.Writer, r proxy.Request) (proxy.Explanation, error) {
	a, err := p.askMeant(request{Command: "explain", Explain: &askedOf{[]byte(r.URL), []byte(r.Method), r.From}})
	switch {
	case err == nil && a.Explained == nil:
		return proxy.Explanation{}, errors.New("portico answered without an explanation")
	case err == nil && a.Explained.BadURL != "":
		return proxy.Explanation{}, usagef("explain: %s", a.Explained.BadURL)
	case err == nil && !a.Explained.Elsewhere:
		a.Explained.Explanation.Advice = a.Explained.Advice
		return a.Explained.Explanation, nil
	case err != nil && !errors.Is(err, errNobody) && !errors.Is(err, fs.ErrPermission):
		return proxy.Explanation{}, err
	}
	c, err := p.parsedConfig(w)
	if err != nil {
		return proxy.Explanation{}, err
	}
	return proxy.ExplainWith(c, r)
}

// askedOf is a proxy.Request on the wire, where text would lose bytes that are
// no UTF-8.
type askedOf struct {
	URL    []byte     `json:"url"`
	Method []byte     `json:"method"`
	From   netip.Addr `json:"from"`
}

// explanation is the answer to it.
type explanation struct {
	proxy.Explanation
	Advice    []string `json:"advice,omitempty"`
	BadURL    string   `json:"bad_url,omitempty"`   // why no client could ask for it
	Elsewhere bool     `json:"elsewhere,omitempty"` // another configuration runs
}

// explainCommand answers `explain`.
func (sv *service) explainCommand() command {
	return func(_ context.Context, c *caller) error {
		if c.request.Explain == nil {
			return errors.New("explain needs a request")
		}
		if sv.serves(c.request) != nil {
			return c.answer(answer{Explained: &explanation{Elsewhere: true}})
		}
		r := c.request.Explain
		e, err := sv.server.Explain(proxy.Request{URL: string(r.URL), Method: string(r.Method), From: r.From})
		var wrong *proxy.URLError
		if err != nil && !errors.As(err, &wrong) {
			return err
		}
		out := &explanation{Explanation: e, Advice: e.Advice}
		if wrong != nil {
			out.BadURL = wrong.Error()
		}
		return c.answer(answer{Explained: out})
	}
}

// requestOf makes a request of what was typed. The URL goes on as spelled:
// the spelling of a path is what a guard judges. A bare host means http.
func requestOf(text, method, from string) (proxy.Request, error) {
	addr, err := netip.ParseAddr(from)
	if err != nil {
		return proxy.Request{}, usagef("--from %q is not an IP address", from)
	}
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	scheme, rest, _ := strings.Cut(text, "://")
	if scheme != "http" && scheme != "https" || strings.IndexAny(rest+"/", "/?#") == 0 {
		return proxy.Request{}, usagef("%q is not the URL of a page, as http://host/path", text)
	}
	return proxy.Request{URL: text, Method: method, From: addr}, nil
}

// parsedConfig reads and checks the configuration; its errors are listed on w.
func (p *places) parsedConfig(w io.Writer) (*config.Config, error) {
	name, text, err := p.configText()
	if err != nil {
		return nil, err
	}
	c, problems := config.ParseFile(name, text)
	if bad := problems.Errors(); len(bad) > 0 {
		if err := printProblems(w, name, bad); err != nil {
			return nil, err
		}
		return nil, errSilent
	}
	return c, nil
}

// withoutNil makes lists of what JSON would call null.
func withoutNil(e proxy.Explanation) proxy.Explanation {
	if e.Reasons == nil {
		e.Reasons = []proxy.Reason{}
	}
	if e.Guards == nil {
		e.Guards = []proxy.Verdict{}
	}
	return e
}

// printReasons says of each route why it won or lost.
func printReasons(w io.Writer, all []proxy.Reason) {
	for _, r := range all {
		mark := "-"
		if r.Matched {
			mark = ">"
		}
		fmt.Fprintf(w, "  %s %s\t%s\n", mark, r.Route, r.Why)
	}
}

func printExplanation(w io.Writer, e proxy.Explanation) error {
	t := tabwriter.NewWriter(plain{w}, 0, 0, 2, ' ', 0)
	for _, f := range e.Facts() {
		fmt.Fprintf(t, "%s\t%s\n", f[0], f[1])
		if f[0] == "route" {
			printReasons(t, e.Reasons)
		}
	}
	for _, g := range e.Guards {
		fmt.Fprintf(t, "%s\t%s\t%s\n", g.Guard, g.Verdict, g.Why)
	}
	for _, line := range e.Inherited() {
		fmt.Fprintf(t, "from\t%s\n", line)
	}
	for _, line := range e.Advice {
		fmt.Fprintf(t, "→ %s\n", line)
	}
	return t.Flush()
}
