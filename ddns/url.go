package ddns

import (
	"context"
	"net/url"
	"regexp"
	"strings"

	"forge.home.arpa/portico/config"
)

// anyURL is the user's own template. Whether it worked is said by the user's own
// words in the answer, never by a status alone.
type anyURL struct {
	*client
	template, success string
}

func newURL(c *config.DDNS, cl *client) provider { return &anyURL{cl, c.URL, c.Success} }

func (p *anyURL) publish(ctx context.Context, names []Name, a Addresses) []Reply {
	if missing := p.missing(a); missing != "" {
		return all(names, Reply{Class: Retry, Words: missing})
	}
	if !strings.Contains(p.template, "{name}") {
		return all(names, replyOf(p.update(ctx, Name{}, a), p.success))
	}
	replies := make([]Reply, len(names))
	for i, n := range names {
		replies[i] = replyOf(p.update(ctx, n, a), p.success)
	}
	return replies
}

func (p *anyURL) missing(a Addresses) string {
	switch {
	case strings.Contains(p.template, "{ip}") && !a.V4.IsValid():
		return "the URL wants an IPv4 address, and there is none"
	case strings.Contains(p.template, "{ip6}") && !a.V6.IsValid():
		return "the URL wants an IPv6 address, and there is none"
	}
	return ""
}

func (p *anyURL) update(ctx context.Context, n Name, addrs Addresses) error {
	filled := strings.NewReplacer("{ip}", addrs.V4.String(), "{ip6}", url.QueryEscape(addrs.V6.String()),
		"{name}", url.QueryEscape(n.FQDN)).Replace(p.template)
	a, err := p.get(ctx, filled, nil)
	switch {
	case err != nil:
		return err
	case p.accepted(a.text()):
		return nil
	case a.ok():
		return retry("the answer does not say " + p.success + ": " + a.said())
	}
	return statusRefusal(a, "")
}

// accepted looks for the words, or for a regexp after "~".
func (p *anyURL) accepted(text string) bool {
	if pattern, ok := strings.CutPrefix(p.success, "~"); ok {
		re, err := regexp.Compile(pattern)
		return err == nil && re.MatchString(text)
	}
	return strings.Contains(text, p.success)
}
