package ddns

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// agree asks sources until two operators name the same address: one may lie, be
// hijacked, or stand before the wrong network. A single source is its owner's
// choice and is believed.
func agree(ctx context.Context, sources []source, v6 bool) (netip.Addr, error) {
	need := min(2, operators(sources))
	votes := map[netip.Addr]map[string]bool{}
	var said opinions
	for len(sources) > 0 {
		n := min(2, len(sources))
		agreed := netip.Addr{}
		for _, a := range askAll(ctx, sources[:n], v6) {
			said = append(said, a)
			if a.err != nil {
				continue
			}
			if votes[a.addr] == nil {
				votes[a.addr] = map[string]bool{}
			}
			votes[a.addr][a.operator] = true
			if len(votes[a.addr]) >= need {
				agreed = a.addr
			}
		}
		if agreed.IsValid() && (need > 1 || len(votes) == 1) { // one alone must not contradict itself
			return agreed, nil
		}
		sources = sources[n:]
	}
	if ctx.Err() != nil {
		return netip.Addr{}, ctx.Err()
	}
	return netip.Addr{}, disagreement(votes, said)
}

func disagreement(votes map[netip.Addr]map[string]bool, said opinions) error {
	all := said.words()
	switch len(votes) {
	case 0:
		return errors.New("nobody could tell the public address: " + all)
	case 1:
		return errors.New("only one source told the public address, and two must agree: " + all)
	}
	return fmt.Errorf("%w: %s", errDisagree, all)
}

var errDisagree = errors.New("the sources disagree about the public address")

// disagrees tells doubt from a family that the home does not have.
func disagrees(err error) bool { return errors.Is(err, errDisagree) }

func operators(sources []source) int {
	seen := map[string]bool{}
	for _, s := range sources {
		seen[s.operator] = true
	}
	return len(seen)
}

// opinion is what one source said.
type opinion struct {
	operator string
	addr     netip.Addr
	err      error
}

func (o opinion) words() string {
	if o.err != nil {
		return o.err.Error()
	}
	return "it is " + o.addr.String()
}

// opinions are those of all who were asked.
type opinions []opinion

// words names those together who said the same.
func (list opinions) words() string {
	var all []string
	who := map[string][]string{}
	for _, o := range list {
		words := o.words()
		if who[words] == nil {
			all = append(all, words)
		}
		if !slices.Contains(who[words], o.operator) {
			who[words] = append(who[words], o.operator)
		}
	}
	for i, words := range all {
		all[i] = strings.Join(who[words], ", ") + ": " + words
	}
	return strings.Join(all, "; ")
}

func askAll(ctx context.Context, sources []source, v6 bool) []opinion {
	answers := make(chan opinion, len(sources))
	for _, s := range sources {
		go func() {
			addr, err := s.ask(ctx, v6)
			answers <- opinion{s.operator, addr, err}
		}()
	}
	list := make([]opinion, 0, len(sources))
	for range sources {
		list = append(list, <-answers)
	}
	return list
}
