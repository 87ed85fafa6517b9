package ddns

import (
	"context"
	"net/http"
	"net/netip"
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
	pattern           *regexp.Regexp // in place of success, where that is one
}

func newURL(c *config.DDNS, cl *client) provider {
	cl.secrets = append(cl.secrets, credentials(c.URL)...)
	p := &anyURL{client: cl, template: c.URL, success: c.Success}
	if pattern, ok := strings.CutPrefix(c.Success, "~"); ok {
		p.pattern, _ = regexp.Compile(pattern) // config has checked it
	}
	return p
}

// credentials are the parts of an update's URL that may give a right to whoever
// reads them: a user's name and password, and what path and query say beside the
// placeholders.
func credentials(template string) (list []string) {
	const tooCommon = 7 // shorter ones are words like "update", and would hide too much
	u, err := url.Parse(template)
	if err != nil {
		return nil
	}
	if u.User != nil {
		p, _ := u.User.Password()
		list = append(list, u.User.Username(), p)
	}
	parts := strings.Split(u.Path, "/")
	for _, values := range u.Query() {
		parts = append(parts, values...)
	}
	for _, v := range parts {
		if len(v) >= tooCommon && !strings.Contains(v, "{") {
			list = append(list, v)
		}
	}
	return list
}

// takes is what the template has a place for; all where it has none, because
// the service looks itself.
func (p *anyURL) takes(a Addresses) Addresses {
	v4, v6 := strings.Contains(p.template, "{ip}"), strings.Contains(p.template, "{ip6}")
	if v4 && !v6 {
		a.V6 = netip.Addr{}
	}
	if v6 && !v4 {
		a.V4 = netip.Addr{}
	}
	return a
}

func (p *anyURL) publish(ctx context.Context, names []Name, a Addresses) []Reply {
	if missing := p.missing(a); missing != "" {
		return all(names, Reply{Class: Retry, Words: missing})
	}
	if !strings.Contains(p.template, "{name}") {
		return all(names, p.update(ctx, Name{}, a))
	}
	replies := make([]Reply, len(names))
	for i, n := range names {
		replies[i] = p.update(ctx, n, a)
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

func (p *anyURL) update(ctx context.Context, n Name, addrs Addresses) Reply {
	filled := strings.NewReplacer("{ip}", addrs.V4.String(), "{ip6}", url.QueryEscape(addrs.V6.String()),
		"{name}", url.QueryEscape(n.FQDN)).Replace(p.template)
	a, err := p.submit(ctx, filled, asUser)
	switch {
	case err != nil:
		return replyOf(err, "")
	case !a.ok():
		return replyOf(statusRefusal(a, ""), "")
	case p.accepted(a.text()):
		return Reply{Words: a.quote(a.text())}
	}
	return Reply{Class: Retry, Words: "the answer does not say " + p.success + ": " + a.said()}
}

// asUser puts the user of a URL where net/http would put it, so that this
// spelling is hidden too.
func asUser(r *http.Request) {
	if u := r.URL.User; u != nil {
		p, _ := u.Password()
		r.SetBasicAuth(u.Username(), p)
	}
}

// accepted looks for the words, or for a regexp after "~".
func (p *anyURL) accepted(text string) bool {
	if p.pattern != nil {
		return p.pattern.MatchString(text)
	}
	return p.success != "" && strings.Contains(text, p.success)
}
