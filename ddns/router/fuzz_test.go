package router

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzSearchAnswer: any datagram is a place to look at, or nothing.
func FuzzSearchAnswer(f *testing.F) {
	f.Add("HTTP/1.1 200 OK\r\nLOCATION: http://192.168.1.1:5000/desc.xml\r\n\r\n")
	f.Add("HTTP/1.1 200 OK\r\nLOCATION: \r\n\r\n")
	f.Add("NOTIFY * HTTP/1.1\r\n\r\n")
	f.Fuzz(func(t *testing.T, packet string) {
		if place := placeIn([]byte(packet)); place != nil && place.Host == "" {
			t.Errorf("a place without a host: %q", packet)
		}
		if words := printable(packet); len(words) > mostWords || !utf8.ValidString(words) || strings.ContainsAny(words, "\x1b\r\n") {
			t.Errorf("%q", words)
		}
	})
}

// FuzzDescription: whatever a router says of itself, its services lead to the
// router alone.
func FuzzDescription(f *testing.F) {
	f.Add(`<root xmlns="urn:schemas-upnp-org:device-1-0"><URLBase>http://192.0.2.1/</URLBase><device><serviceList><service>` +
		`<serviceType>urn:schemas-upnp-org:service:WANIPConnection:1</serviceType><controlURL>/c</controlURL></service></serviceList></device></root>`)
	f.Add(`<root><device><serviceList><service><controlURL>http://[::1]:%zz</controlURL></service></serviceList></device></root>`)
	var text string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) }))
	f.Cleanup(server.Close)
	place, err := url.Parse(server.URL + "/desc.xml")
	if err != nil {
		f.Fatal(err)
	}
	client := only(netip.MustParseAddr("127.0.0.1"))
	f.Fuzz(func(t *testing.T, said string) {
		text = said
		root, err := describe(t.Context(), client, place)
		if err != nil {
			return
		}
		for _, c := range connections(root, place, client) {
			if _, err := (uPnP{c}).outer(t.Context()); err == nil {
				t.Errorf("a page of descriptions is no answer to a question: %q", said)
			}
		}
	})
}
