package message_test

import (
	"strings"
	"testing"

	"forge.home.arpa/portico/proxy/message"
)

func TestLookup(t *testing.T) {
	for name, want := range map[string]message.Name{
		"Host": message.Host, "host": message.Host, "HOST": message.Host, "Hos": message.Other, "Hosts": message.Other,
		"Accept": message.Accept, "Accept-Language": message.Other,
		"content-LENGTH": message.ContentLength, "Content_Length": message.Disguised, "content_type": message.Disguised,
		"Transfer-Encoding": message.TransferEncoding, "Transfer_Encoding": message.Disguised,
		"TE": message.TE, "te": message.TE, "T": message.Other, "": message.Other,
		"Set_Cookie": message.Other, "User_Agent": message.Other, "Keep_Alive": message.Other, // nothing of ours
		"X-Forwarded-For": message.XForwardedFor, "X_Forwarded-For": message.Disguised,
		"X-Forwarded-Whatever-Long-It-Is": message.XForwardedOther, "x_forwarded_whatever": message.Disguised,
		"X-Forwarded-": message.Other, "X-Forwarded": message.Other, "Y-Forwarded-For": message.Other,
		"X-Real-IP": message.XRealIP, "X-Real_IP": message.Disguised, "X-Request-ID": message.XRequestID,
		"Proxy-Authorization": message.ProxyAuthorization, "Proxy-Authorizatiom": message.Other,
		"(ost": message.Other, "Content\rLength": message.Other, // the same low bits as a letter, as '-'
	} {
		if got := message.Lookup([]byte(name)); got != want {
			t.Errorf("%q is %d (%s), want %d (%s)", name, got, got, want, want)
		}
	}
}

// TestLookupAll finds every name in every case of letters.
func TestLookupAll(t *testing.T) {
	for n := message.Accept; n < message.Disguised; n++ {
		s := n.String()
		for _, spelled := range []string{s, strings.ToLower(s), strings.ToUpper(s)} {
			if got := message.Lookup([]byte(spelled)); s != "" && got != n {
				t.Errorf("%q is %d, want %d", spelled, got, n)
			}
		}
	}
}

func BenchmarkLookup(b *testing.B) {
	names := [][]byte{
		[]byte("Host"), []byte("User-Agent"), []byte("Accept"), []byte("Accept-Language"), []byte("Accept-Encoding"),
		[]byte("Referer"), []byte("Cookie"), []byte("Sec-Fetch-Mode"), []byte("Connection"), []byte("Content-Type"),
	}
	for b.Loop() {
		for _, n := range names {
			message.Lookup(n)
		}
	}
}
