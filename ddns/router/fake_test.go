package router_test

import (
	"encoding/binary"
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// gateway is a router on a loopback address of its own. What it speaks is
// switched on by natpmp and upnp.
type gateway struct {
	t    *testing.T
	addr netip.Addr

	mu       sync.Mutex
	outer    string
	opened   map[uint16]mapping // by the port outside
	deleted  []uint16
	asked    []string // actions of UPnP, with the port and the lease where there is one
	refuse   func(action string, m mapping) int
	lifetime uint32 // that NAT-PMP grants; 0 is what was asked
	result   byte   // of NAT-PMP's refusals, 0 for none
}

type mapping struct {
	outer, inner uint16
	client       string
	seconds      uint32
}

// gateways counts the addresses that were given out.
var gateways atomic.Int32

// newGateway finds an address whose ports are free.
func newGateway(t *testing.T) *gateway {
	t.Helper()
	for last := gateways.Add(1); last < 250; last = gateways.Add(1) {
		addr := netip.AddrFrom4([4]byte{127, 53, byte(os.Getpid() % 250), byte(last)})
		free := true
		for _, port := range []uint16{1900, 5351} {
			l, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(addr, port)))
			if free = free && err == nil; err == nil {
				l.Close()
			}
		}
		if free {
			return &gateway{t: t, addr: addr, outer: "203.0.113.7", opened: map[uint16]mapping{}}
		}
	}
	t.Fatal("no loopback address is free for a router")
	return nil
}

func (g *gateway) list() []netip.Addr { return []netip.Addr{g.addr} }

// answer runs a service over datagrams.
func (g *gateway) answer(port uint16, reply func([]byte) [][]byte) {
	g.t.Helper()
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(g.addr, port)))
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { conn.Close() })
	go func() {
		for b := make([]byte, 2048); ; {
			n, from, err := conn.ReadFromUDP(b)
			if err != nil {
				return
			}
			for _, packet := range reply(b[:n]) {
				_, _ = conn.WriteToUDP(packet, from)
			}
		}
	}()
}

// natpmp switches NAT-PMP on.
func (g *gateway) natpmp() {
	g.answer(5351, func(q []byte) [][]byte {
		g.mu.Lock()
		defer g.mu.Unlock()
		out := []byte{0, q[1] | 128, 0, g.result, 0, 0, 0, 1}
		if q[1] == 0 {
			ip := netip.MustParseAddr(g.outer).As4()
			return [][]byte{append([]byte{0, 128, 0, 0, 0, 0, 0, 1}, ip[:]...)}
		}
		if g.result != 0 {
			return [][]byte{append(out, 0, 0, 0, 0, 0, 0, 0, 0)}
		}
		m := mapping{binary.BigEndian.Uint16(q[6:]), binary.BigEndian.Uint16(q[4:]), "natpmp", binary.BigEndian.Uint32(q[8:])}
		if m.seconds == 0 {
			for port, old := range g.opened {
				if old.inner == m.inner && old.client == m.client {
					delete(g.opened, port)
					g.deleted = append(g.deleted, port)
				}
			}
		} else {
			if old, taken := g.opened[m.outer]; taken && old.client != m.client {
				m.outer += 1000 // as RFC 6886, 3.3 has it
			}
			if g.lifetime != 0 {
				m.seconds = g.lifetime
			}
			g.opened[m.outer] = m
		}
		out = binary.BigEndian.AppendUint16(out, m.inner)
		out = binary.BigEndian.AppendUint16(out, m.outer)
		return [][]byte{binary.BigEndian.AppendUint32(out, m.seconds)}
	})
}

// ssdp answers searches with packets.
func (g *gateway) ssdp(packets ...string) {
	g.answer(1900, func(q []byte) (list [][]byte) {
		if !strings.HasPrefix(string(q), "M-SEARCH * HTTP/1.1\r\n") || !strings.Contains(string(q), `MAN: "ssdp:discover"`) {
			return nil
		}
		for _, p := range packets {
			list = append(list, []byte(p))
		}
		return list
	})
}

func found(place string) string {
	return "HTTP/1.1 200 OK\r\nST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\nUSN: uuid:x\r\nEXT:\r\nLOCATION: " + place + "\r\n\r\n"
}

// upnp switches UPnP on, with a service of a kind.
func (g *gateway) upnp(service string) {
	g.ssdp("what is this", found("http://"+g.serve(service)+"/desc.xml"))
}

// serve is the part of UPnP over HTTP; it returns where.
func (g *gateway) serve(service string) (addr string) {
	return g.web(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/desc.xml" {
			_, _ = io.WriteString(w, description(service, "/control"))
			return
		}
		g.soap(w, r, service)
	})
}

func (g *gateway) web(handler http.HandlerFunc) (addr string) {
	g.t.Helper()
	l, err := net.Listen("tcp", netip.AddrPortFrom(g.addr, 0).String())
	if err != nil {
		g.t.Fatal(err)
	}
	s := &http.Server{Handler: handler}
	go func() { _ = s.Serve(l) }()
	g.t.Cleanup(func() { s.Close() })
	return l.Addr().String()
}

func description(service, control string) string {
	return `<?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0"><specVersion><major>1</major><minor>0</minor></specVersion>
<device><deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType><deviceList><device><deviceList><device>
<serviceList><service><serviceType>urn:schemas-upnp-org:service:` + service + `</serviceType><serviceId>a</serviceId>
<SCPDURL>/x.xml</SCPDURL><controlURL>` + control + `</controlURL><eventSubURL>/e</eventSubURL></service></serviceList>
</device></deviceList></device></deviceList></device></root>`
}

// soap answers the actions of a connection's service.
func (g *gateway) soap(w http.ResponseWriter, r *http.Request, service string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	var call struct {
		Body struct {
			Call struct {
				XMLName xml.Name
				Outer   uint16 `xml:"NewExternalPort"`
				Inner   uint16 `xml:"NewInternalPort"`
				Client  string `xml:"NewInternalClient"`
				Seconds uint32 `xml:"NewLeaseDuration"`
			} `xml:",any"`
		} `xml:"Body"`
	}
	if err := xml.NewDecoder(r.Body).Decode(&call); err != nil {
		w.WriteHeader(400)
		return
	}
	c := call.Body.Call
	action, m := c.XMLName.Local, mapping{c.Outer, c.Inner, c.Client, c.Seconds}
	if !strings.HasPrefix(action, "Get") {
		g.asked = append(g.asked, fmt.Sprintf("%s %d %d", action, m.outer, m.seconds))
	}
	code := 0
	if g.refuse != nil {
		code = g.refuse(action, m)
	}
	out := ""
	old, taken := g.opened[m.outer]
	switch {
	case code != 0:
	case action == "GetExternalIPAddress":
		out = "<NewExternalIPAddress>" + g.outer + "</NewExternalIPAddress>"
	case action == "AddPortMapping" && taken && old.client != m.client:
		code = 718
	case action == "AddPortMapping":
		g.opened[m.outer] = m
	case !taken:
		code = 714
	case action == "DeletePortMapping":
		delete(g.opened, m.outer)
		g.deleted = append(g.deleted, m.outer)
	case action == "GetSpecificPortMappingEntry":
		out = fmt.Sprintf("<NewInternalPort>%d</NewInternalPort><NewInternalClient>%s</NewInternalClient><NewEnabled>1</NewEnabled>"+
			"<NewPortMappingDescription>x</NewPortMappingDescription><NewLeaseDuration>%d</NewLeaseDuration>", old.inner, old.client, old.seconds)
	}
	if code != 0 {
		w.WriteHeader(500)
		_, _ = io.WriteString(w, fault(code, faultWords[code]))
		return
	}
	_, _ = fmt.Fprintf(w, `<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">`+
		`<s:Body><u:%sResponse xmlns:u="urn:schemas-upnp-org:service:%s">%s</u:%[1]sResponse></s:Body></s:Envelope>`, action, service, out)
}

var faultWords = map[int]string{402: "Invalid Args", 501: "Action Failed", 606: "Action not authorized", 714: "NoSuchEntryInArray",
	718: "ConflictInMappingEntry", 725: "OnlyPermanentLeasesSupported"}

func fault(code int, words string) string {
	return fmt.Sprintf(`<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">`+
		`<s:Body><s:Fault><faultcode>s:Client</faultcode><faultstring>UPnPError</faultstring><detail><UPnPError xmlns="urn:schemas-upnp-org:control-1-0">`+
		`<errorCode>%d</errorCode><errorDescription>%s</errorDescription></UPnPError></detail></s:Fault></s:Body></s:Envelope>`, code, words)
}

func (g *gateway) now() map[uint16]mapping {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := map[uint16]mapping{}
	for port, m := range g.opened {
		out[port] = m
	}
	return out
}

func (g *gateway) actions() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return strings.Join(g.asked, ", ")
}
