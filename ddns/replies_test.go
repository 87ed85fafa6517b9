package ddns_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"forge.home.arpa/portico/ddns"
)

// reply is what a provider answers to one kind of request.
type reply struct {
	status int
	header map[string]string
	body   string
}

// api is a provider's server: it answers by the first prefix of "METHOD path"
// that fits, and remembers what it was asked.
type api struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string
	rules []rule
}

type rule struct {
	prefix string
	reply
}

func newAPI(t *testing.T, rules ...rule) *api {
	a := &api{rules: rules}
	a.Server = httptest.NewServer(a)
	t.Cleanup(a.Close)
	return a
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	line := r.Method + " " + r.URL.RequestURI()
	a.mu.Lock()
	a.asked = append(a.asked, line+" "+string(body))
	rules := a.rules
	a.mu.Unlock()
	for _, rule := range rules {
		if strings.HasPrefix(line, rule.prefix) {
			for k, v := range rule.header {
				w.Header().Set(k, v)
			}
			w.WriteHeader(rule.status)
			_, _ = io.WriteString(w, rule.body)
			return
		}
	}
	w.WriteHeader(http.StatusTeapot)
}

// requests are what was asked since the last call.
func (a *api) requests() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := a.asked
	a.asked = nil
	return out
}

func (a *api) answer(rules ...rule) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.rules = rules
}

func ok(prefix, body string) rule { return rule{prefix, reply{200, nil, body}} }

func says(prefix string, status int, body string) rule {
	return rule{prefix, reply{status, nil, body}}
}

func later(prefix string, status int, after, body string) rule {
	return rule{prefix, reply{status, map[string]string{"Retry-After": after}, body}}
}

const (
	table     = "[ddns.home]\naddress = \"fixed:203.0.113.7\"\ndomain = \"example.com\"\nnames = [\"nas\"]\n"
	dualTable = "[ddns.home]\naddress = \"fixed:203.0.113.7,2001:db8::7\"\ndomain = \"example.com\"\nnames = [\"nas\"]\n"
	password  = "pa55&word="
)

const (
	namecheapGood = `<?xml version="1.0" encoding="utf-16"?><interface-response><Command>SETDNSHOST</Command><IP>203.0.113.7</IP><ErrCount>0</ErrCount><ResponseCount>0</ResponseCount><Done>true</Done></interface-response>`
	namecheapBad  = `<?xml version="1.0" encoding="utf-16"?><interface-response><ErrCount>1</ErrCount><errors><Err1>Passwords do not match</Err1></errors><ResponseCount>1</ResponseCount><responses><response><ResponseNumber>304156</ResponseNumber><ResponseString>Validation error; invalid ; password</ResponseString></response></responses><Done>true</Done></interface-response>`
	namecheapIP   = `<?xml version="1.0" encoding="utf-16"?><interface-response><ErrCount>1</ErrCount><errors><Err1>Invalid IP</Err1></errors><responses><response><ResponseNumber>304156</ResponseNumber><ResponseString>Validation error; invalid ; IP Address</ResponseString></response></responses></interface-response>`
	cfZone        = `{"success":true,"errors":[],"result":[{"id":"Z1"}]}`
	cfOld         = `{"success":true,"errors":[],"result":[{"id":"R1","type":"A","name":"nas.example.com","content":"198.51.100.1","proxied":true}]}`
	cfNone        = `{"success":true,"errors":[],"result":[]}`
	cfDone        = `{"success":true,"errors":[],"result":{"id":"R1"}}`
	cfDenied      = `{"success":false,"errors":[{"code":10000,"message":"Authentication error"}],"result":null}`
)

// TestReplies: what each provider answers ends in one class, as its own code
// decides; no failure is ever taken for success.
func TestReplies(t *testing.T) {
	dyn := "provider = \"dyndns2\"\nusername = \"ann\"\npassword = \"env:DDNS_PASSWORD\"\n"
	for _, c := range []struct {
		name, table string
		rules       []rule
		class       ddns.Class
		words       string // in the reply's words
		asked       string // in the last request; "" for any
	}{
		{"dyndns2 good", dyn, []rule{ok("GET /nic/update?hostname=nas.example.com&myip=203.0.113.7", "good 203.0.113.7")}, ddns.OK, "good", ""},
		{"dyndns2 nochg", dyn, []rule{ok("GET", "nochg 203.0.113.7\r\n")}, ddns.OK, "nochg", ""},
		{"dyndns2 loopback", dyn, []rule{ok("GET", "good 127.0.0.1")}, ddns.Stop, "127.0.0.1", ""},
		{"dyndns2 badauth", dyn, []rule{says("GET", 401, "badauth")}, ddns.Stop, "badauth", ""},
		{"dyndns2 badauth with 200", dyn, []rule{ok("GET", "badauth")}, ddns.Stop, "badauth", ""},
		{"dyndns2 nohost", dyn, []rule{ok("GET", "nohost")}, ddns.Stop, "nohost", ""},
		{"dyndns2 notfqdn", dyn, []rule{ok("GET", "notfqdn")}, ddns.Stop, "notfqdn", ""},
		{"dyndns2 !yours", dyn, []rule{ok("GET", "!yours")}, ddns.Stop, "!yours", ""},
		{"dyndns2 abuse", dyn, []rule{ok("GET", "abuse")}, ddns.Stop, "abuse", ""},
		{"dyndns2 911", dyn, []rule{ok("GET", "911")}, ddns.Wait, "911", ""},
		{"dyndns2 dnserr", dyn, []rule{ok("GET", "dnserr")}, ddns.Wait, "dnserr", ""},
		{"dyndns2 429", dyn, []rule{later("GET", 429, "120", "slow down")}, ddns.Wait, "429", ""},
		{"dyndns2 a page that holds the word good", dyn, []rule{ok("GET", "<html>all good</html>")}, ddns.Retry, "html", ""},
		{"dyndns2 good with 500", dyn, []rule{says("GET", 500, "good 203.0.113.7")}, ddns.Retry, "500", ""},
		{"dyndns2 empty", dyn, []rule{ok("GET", "")}, ddns.Retry, "200", ""},
		{"dyndns2 an unknown word", dyn, []rule{ok("GET", "servererror")}, ddns.Retry, "servererror", ""},
		{"dynu lone", "provider = \"dynu\"\nusername = \"ann\"\npassword = \"env:DDNS_PASSWORD\"\n", []rule{ok("GET /nic/update?hostname=nas.example.com&myip=203.0.113.7", "good")}, ddns.OK, "good", ""},

		{"namecheap good", "provider = \"namecheap\"\npassword = \"env:DDNS_PASSWORD\"\n", []rule{ok("GET /update?domain=example.com&host=nas&ip=203.0.113.7&password=", namecheapGood)}, ddns.OK, "published", ""},
		{"namecheap wrong password", "provider = \"namecheap\"\npassword = \"env:DDNS_PASSWORD\"\n", []rule{ok("GET", namecheapBad)}, ddns.Stop, "Passwords do not match", ""},
		{"namecheap invalid IP", "provider = \"namecheap\"\npassword = \"env:DDNS_PASSWORD\"\n", []rule{ok("GET", namecheapIP)}, ddns.Retry, "Invalid IP", ""},
		{"namecheap a page", "provider = \"namecheap\"\npassword = \"env:DDNS_PASSWORD\"\n", []rule{ok("GET", "<html><body>maintenance</body></html>")}, ddns.Retry, "none of namecheap's", ""},

		{"duckdns OK", "provider = \"duckdns\"\ntoken = \"env:DDNS_PASSWORD\"\n", []rule{ok("GET /update?domains=", "OK\n203.0.113.7\n\nUPDATED")}, ddns.OK, "OK", "ip=203.0.113.7"},
		{"duckdns KO", "provider = \"duckdns\"\ntoken = \"env:DDNS_PASSWORD\"\n", []rule{ok("GET", "KO")}, ddns.Stop, "KO", ""},
		{"freedns updated", "provider = \"freedns\"\ntoken = \"env:DDNS_PASSWORD\"\n", []rule{ok("GET /u/", "Updated 1 host(s) nas to 203.0.113.7 in 0.1 seconds")}, ddns.OK, "published", "address=203.0.113.7"},
		{"freedns unchanged", "provider = \"freedns\"\ntoken = \"env:DDNS_PASSWORD\"\n", []rule{ok("GET /u/", "No IP change detected for nas")}, ddns.OK, "published", ""},
		{"freedns error", "provider = \"freedns\"\ntoken = \"env:DDNS_PASSWORD\"\n", []rule{ok("GET /u/", "ERROR: Unable to locate this record")}, ddns.Stop, "Unable to locate", ""},
		{"desec good", "provider = \"desec\"\ntoken = \"env:DDNS_PASSWORD\"\n", []rule{ok("GET /?hostname=nas.example.com&myipv4=203.0.113.7&myipv6=preserve", "good")}, ddns.OK, "good", ""},
		{"desec forbidden", "provider = \"desec\"\ntoken = \"env:DDNS_PASSWORD\"\n", []rule{says("GET", 403, "forbidden")}, ddns.Stop, "403", ""},
		{"desec throttled", "provider = \"desec\"\ntoken = \"env:DDNS_PASSWORD\"\n", []rule{later("GET", 429, "90", "throttled")}, ddns.Wait, "429", ""},

		{"cloudflare patch", "provider = \"cloudflare\"\ntoken = \"env:DDNS_PASSWORD\"\n", []rule{ok("GET /zones?", cfZone), ok("GET /zones/Z1/dns_records?", cfOld), ok("PATCH /zones/Z1/dns_records/R1", cfDone)}, ddns.OK, "published", `PATCH /zones/Z1/dns_records/R1 {"content":"203.0.113.7"}`},
		{"cloudflare create", "provider = \"cloudflare\"\ntoken = \"env:DDNS_PASSWORD\"\n", []rule{ok("GET /zones?", cfZone), ok("GET /zones/Z1/dns_records?", cfNone), ok("POST /zones/Z1/dns_records", cfDone)}, ddns.OK, "published", "POST"},
		{"cloudflare denied", "provider = \"cloudflare\"\ntoken = \"env:DDNS_PASSWORD\"\n", []rule{says("GET", 403, cfDenied)}, ddns.Stop, "10000", ""},
		{"cloudflare no zone", "provider = \"cloudflare\"\ntoken = \"env:DDNS_PASSWORD\"\n", []rule{ok("GET /zones?", cfNone)}, ddns.Stop, "no zone", ""},
		{"cloudflare success that is false", "provider = \"cloudflare\"\ntoken = \"env:DDNS_PASSWORD\"\n", []rule{ok("GET", cfDenied)}, ddns.Stop, "10000", ""},

		{"digitalocean patch", "provider = \"digitalocean\"\ntoken = \"env:DDNS_PASSWORD\"\n", []rule{ok("GET /v2/domains/example.com/records?name=nas.example.com&type=A", `{"domain_records":[{"id":12,"type":"A","name":"nas","data":"198.51.100.1"}]}`), ok("PATCH /v2/domains/example.com/records/12", `{"domain_record":{}}`)}, ddns.OK, "published", `{"type":"A","data":"203.0.113.7"}`},
		{"digitalocean create", "provider = \"digitalocean\"\ntoken = \"env:DDNS_PASSWORD\"\n", []rule{ok("GET", `{"domain_records":[]}`), says("POST /v2/domains/example.com/records", 201, `{"domain_record":{}}`)}, ddns.OK, "published", `"name":"nas"`},
		{"digitalocean unauthorized", "provider = \"digitalocean\"\ntoken = \"env:DDNS_PASSWORD\"\n", []rule{says("GET", 401, `{"id":"Unauthorized","message":"Unable to authenticate you"}`)}, ddns.Stop, "Unable to authenticate", ""},
		{"gandi put", "provider = \"gandi\"\ntoken = \"env:DDNS_PASSWORD\"\n", []rule{says("PUT /v5/livedns/domains/example.com/records/nas/A", 201, `{"message":"DNS Record Created"}`)}, ddns.OK, "published", `{"rrset_values":["203.0.113.7"],"rrset_ttl":300}`},
		{"gandi forbidden", "provider = \"gandi\"\ntoken = \"env:DDNS_PASSWORD\"\n", []rule{says("PUT", 403, `{"message":"Access was denied"}`)}, ddns.Stop, "Access was denied", ""},
		{"hetzner set", "provider = \"hetzner\"\ntoken = \"env:DDNS_PASSWORD\"\n", []rule{says("POST /zones/example.com/rrsets/nas/A/actions/set_records", 201, `{"action":{"id":7,"status":"running"}}`), ok("GET /actions/7", `{"action":{"id":7,"status":"success"}}`)}, ddns.OK, "published", ""},
		{"hetzner create", "provider = \"hetzner\"\ntoken = \"env:DDNS_PASSWORD\"\n", []rule{says("POST /zones/example.com/rrsets/nas/A/actions/set_records", 404, `{"error":{"code":"not_found","message":"rrset not found"}}`), says("POST /zones/example.com/rrsets", 201, `{"action":{"id":8,"status":"success"}}`)}, ddns.OK, "published", `"name":"nas"`},
		{"hetzner failed", "provider = \"hetzner\"\ntoken = \"env:DDNS_PASSWORD\"\n", []rule{says("POST", 201, `{"action":{"id":7,"status":"error","error":{"code":"action_failed","message":"nope"}}}`)}, ddns.Retry, "nope", ""},
		{"hetzner unauthorized", "provider = \"hetzner\"\ntoken = \"env:DDNS_PASSWORD\"\n", []rule{says("POST", 401, `{"error":{"code":"unauthorized","message":"unable to authenticate"}}`)}, ddns.Stop, "unable to authenticate", ""},
		{"porkbun edit", "provider = \"porkbun\"\nkey = \"env:DDNS_PASSWORD\"\nsecret = \"env:DDNS_PASSWORD\"\n", []rule{ok("POST /api/json/v3/dns/retrieveByNameType/example.com/A/nas", `{"status":"SUCCESS","records":[{"content":"198.51.100.1"}]}`), ok("POST /api/json/v3/dns/editByNameType/example.com/A/nas", `{"status":"SUCCESS"}`)}, ddns.OK, "published", `"content":"203.0.113.7"`},
		{"porkbun wrong key", "provider = \"porkbun\"\nkey = \"env:DDNS_PASSWORD\"\nsecret = \"env:DDNS_PASSWORD\"\n", []rule{says("POST", 400, `{"status":"ERROR","message":"Invalid API key. (002)"}`)}, ddns.Stop, "Invalid API key", ""},
		{"a server in trouble", "provider = \"gandi\"\ntoken = \"env:DDNS_PASSWORD\"\n", []rule{says("PUT", 500, "oops")}, ddns.Retry, "500", ""},
		{"a redirect is not followed", "provider = \"gandi\"\ntoken = \"env:DDNS_PASSWORD\"\n", []rule{{"PUT", reply{302, map[string]string{"Location": "http://127.0.0.1:1/"}, ""}}}, ddns.Retry, "302", ""},
		{"controls in a reply", dyn, []rule{ok("GET", "nohost \x1b[31mred\x1b[0m")}, ddns.Stop, "nohost [31mred[0m", ""},
		{"a reply that echoes the password", dyn, []rule{ok("GET", "badauth "+password)}, ddns.Stop, "(hidden)", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := newAPI(t, c.rules...)
			s := start(t, table+c.table+"server = \""+a.URL+"\"\n", options{})
			got := s.name(t, "nas.example.com")
			if got.Class != c.class || !strings.Contains(got.Words, c.words) {
				t.Errorf("%s %q, want %s and %q; asked %q", got.Class, got.Words, c.class, c.words, a.requests())
			}
			if asked := a.requests(); c.asked != "" && (len(asked) == 0 || !strings.Contains(asked[len(asked)-1], c.asked)) {
				t.Errorf("asked %q, want %q last", asked, c.asked)
			}
			s.noSecrets(t)
		})
	}
}
