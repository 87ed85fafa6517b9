package ddns_test

import (
	"errors"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"forge.home.arpa/portico/ddns"
)

// wire is a provider without sockets, so that time can be virtual.
type wire struct {
	mu     sync.Mutex
	asked  []string
	answer func(n int, r *http.Request) (status int, body string) // n counts from 1; status 0 never answers
	header http.Header
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	body := ""
	if r.Body != nil {
		text, _ := io.ReadAll(r.Body)
		body = " " + string(text)
	}
	w.mu.Lock()
	w.asked = append(w.asked, r.Method+" "+r.URL.String()+body)
	n, answer := len(w.asked), w.answer
	w.mu.Unlock()
	status, text := answer(n, r)
	if status == 0 {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	return &http.Response{StatusCode: status, Header: w.header, Body: io.NopCloser(strings.NewReader(text)), Request: r}, nil
}

func (w *wire) requests() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.asked...)
}

func always(status int, body string) *wire {
	return &wire{answer: func(int, *http.Request) (int, string) { return status, body }}
}

// place is where a home is, as long as it is not moved.
type place struct {
	mu sync.Mutex
	at ddns.Addresses
}

func (p *place) move(v4, v6 string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at = addresses(v4, v6)
}

func (p *place) find() (ddns.Addresses, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.at.Has() {
		return p.at, errors.New("nobody could tell the public address")
	}
	return p.at, nil
}

func addresses(v4, v6 string) (a ddns.Addresses) {
	if v4 != "" {
		a.V4 = netip.MustParseAddr(v4)
	}
	if v6 != "" {
		a.V6 = netip.MustParseAddr(v6)
	}
	return a
}

// only is the status of the one name there is.
func (s *service) only(t *testing.T) ddns.NameStatus {
	t.Helper()
	st := s.Status()
	if len(st.Accounts) != 1 || len(st.Accounts[0].Names) != 1 {
		t.Fatalf("%+v", st)
	}
	return st.Accounts[0].Names[0]
}

const v4, v6 = "203.0.113.7", "2001:db8::7"

// every is a table of a provider that looks each minute.
func every(provider string) string {
	credentials := map[string]string{
		"cloudflare": "token", "desec": "token", "duckdns": "token", "freedns": "token", "digitalocean": "token", "gandi": "token",
		"hetzner": "token", "namecheap": "password", "porkbun": "key",
	}
	text := "[ddns.home]\ndomain = \"example.com\"\nnames = [\"nas\"]\nevery = \"1m\"\nprovider = \"" + provider + "\"\n"
	switch key := credentials[provider]; {
	case provider == "porkbun":
		return text + "key = \"env:DDNS_PASSWORD\"\nsecret = \"env:DDNS_PASSWORD\"\n"
	case key != "":
		return text + key + " = \"env:DDNS_PASSWORD\"\n"
	case provider == "url":
		return text + "url = \"https://up.test/?host={name}&a={ip}&key=topsecret\"\nsuccess = \"~^done$\"\n"
	}
	return text + "username = \"ann\"\npassword = \"env:DDNS_PASSWORD\"\n"
}
