package ddns_test

import (
	"context"
	"strings"
	"testing"

	"forge.home.arpa/portico/ddns"
)

// TestText: each provider that can sets a record beside those there are, takes
// only its own away, and hides the token where it fails.
func TestText(t *testing.T) {
	const name, value = "_acme-challenge.nas.example.com", "abc-DEF_1"
	for _, c := range []struct {
		provider    string
		there       []rule // answers while another record stands there
		add, remove string // the last request of each
	}{
		{"cloudflare", []rule{ok("GET /zones?", cfZone),
			ok("GET /zones/Z1/dns_records?type=TXT&name="+name, `{"success":true,"result":[{"id":"R8","type":"TXT","content":"\"other\""},{"id":"R9","type":"TXT","content":"\"`+value+`\""}]}`),
			ok("POST /zones/Z1/dns_records", cfDone), ok("DELETE /zones/Z1/dns_records/R9", cfDone)},
			`POST /zones/Z1/dns_records {"type":"TXT","name":"` + name + `","content":"\"` + value + `\""`, "DELETE /zones/Z1/dns_records/R9"},
		{"digitalocean", []rule{ok("GET", `{"domain_records":[{"id":8,"type":"TXT","data":"other"},{"id":9,"type":"TXT","data":"`+value+`"}]}`),
			says("POST /v2/domains/example.com/records", 201, `{"domain_record":{"id":9}}`), says("DELETE /v2/domains/example.com/records/9", 204, "")},
			`POST /v2/domains/example.com/records {"type":"TXT","name":"_acme-challenge.nas","data":"` + value + `"`, "DELETE /v2/domains/example.com/records/9"},
		{"gandi", []rule{ok("GET", `{"rrset_values":["\"other\"","\"`+value+`\""]}`), says("PUT", 201, `{"message":"DNS Record Created"}`)},
			`PUT /v5/livedns/domains/example.com/records/_acme-challenge.nas/TXT {"rrset_values":["\"other\"","\"` + value, `PUT /v5/livedns/domains/example.com/records/_acme-challenge.nas/TXT {"rrset_values":["\"other\""]`},
		{"hetzner", []rule{ok("GET", `{"rrset":{"records":[{"value":"\"other\""},{"value":"\"`+value+`\""}]}}`), says("POST", 201, `{"action":{"id":1,"status":"success"}}`)},
			`POST /zones/example.com/rrsets/_acme-challenge.nas/TXT/actions/set_records {"records":[{"value":"\"other\""},`, `POST /zones/example.com/rrsets/_acme-challenge.nas/TXT/actions/set_records {"records":[{"value":"\"other\""}]}`},
		{"porkbun", []rule{ok("POST", `{"status":"SUCCESS"}`)}, "POST /api/json/v3/dns/create/example.com", "POST /api/json/v3/dns/deleteByNameType/example.com/TXT/_acme-challenge.nas"},
		{"desec", []rule{ok("PATCH", `[{"type":"TXT"}]`)},
			`PATCH /api/v1/domains/example.com/rrsets/ [{"subname":"_acme-challenge.nas","type":"TXT","ttl":3600,"records":["\"` + value, `PATCH /api/v1/domains/example.com/rrsets/ [{"subname":"_acme-challenge.nas","type":"TXT","ttl":3600,"records":[]}]`},
		{"duckdns", []rule{ok("GET", "OK")}, "GET /update?domains=nas&token=", "GET /update?clear=true&domains=nas&token="},
	} {
		t.Run(c.provider, func(t *testing.T) {
			a := newAPI(t)
			s := start(t, withServer(every(c.provider), a.URL), options{find: func() (ddns.Addresses, error) { return ddns.Addresses{}, context.Canceled }})
			if err := s.CanTXT(name); err != nil {
				t.Fatal(err)
			}
			a.answer(c.there...)
			for what, do := range map[string]func() error{
				c.add:    func() error { return s.AddTXT(t.Context(), name, value) },
				c.remove: func() error { return s.RemoveTXT(t.Context(), name, value) },
			} {
				if err := do(); err != nil {
					t.Fatal(err)
				}
				if asked := a.requests(); !strings.HasPrefix(asked[len(asked)-1], what) {
					t.Errorf("asked %q, want %q last", asked, what)
				}
			}
			for _, body := range []string{"ERROR " + password, page} {
				a.answer(says("", 400, body))
				if err := s.AddTXT(t.Context(), name, value); err == nil || strings.Contains(err.Error(), password) {
					t.Errorf("refused: %v", err)
				}
			}
			a.answer(ok("", page))
			if err := s.AddTXT(t.Context(), name, value); err == nil {
				t.Error("a page is taken for success")
			}
		})
	}
}

// TestWhoCanText: the table of the longest domain is asked, and one that cannot
// is named.
func TestWhoCanText(t *testing.T) {
	token := "token = \"env:DDNS_PASSWORD\"\naddress = \"fixed:203.0.113.7\"\nserver = \"http://127.0.0.1:1\"\n"
	s := start(t, "[ddns.a]\nprovider = \"namecheap\"\ndomain = \"example.com\"\npassword = \"env:DDNS_PASSWORD\"\naddress = \"fixed:203.0.113.7\"\nserver = \"http://127.0.0.1:1\"\n"+
		"[ddns.b]\nprovider = \"gandi\"\ndomain = \"lab.example.com\"\n"+token+
		"[ddns.c]\nprovider = \"cloudflare\"\nzone = \"example.org\"\nnames = [\"www.example.org\"]\n"+token+
		"[ddns.d]\nprovider = \"duckdns\"\nnames = [\"ann.duckdns.org\"]\n"+token, options{})
	for name, says := range map[string]string{
		"_acme-challenge.lab.example.com":     "",
		"_acme-challenge.www.example.org":     "",
		"_acme-challenge.example.org":         "",
		"_acme-challenge.nas.ann.duckdns.org": "",
		"_acme-challenge.example.com":         "namecheap cannot publish the TXT record",
		"_acme-challenge.notexample.org":      "no [ddns] table serves",
		"_acme-challenge.bob.duckdns.org":     "no [ddns] table serves",
	} {
		if err := s.CanTXT(name); says == "" && err != nil || says != "" && (err == nil || !strings.Contains(err.Error(), says)) {
			t.Errorf("%s: %v, want %q", name, err, says)
		}
	}
}
