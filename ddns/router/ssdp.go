package router

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"time"
)

// searchTime bounds a search; tests hurry it.
var searchTime = 3 * time.Second

const (
	searchAgain = time.Second // datagrams get lost
	mostPlaces  = 8           // that one search looks at
)

// searched are the devices that a gateway calls itself; all later versions
// answer for the first one too.
var searched = []string{"urn:schemas-upnp-org:device:InternetGatewayDevice:1", "urn:schemas-upnp-org:device:InternetGatewayDevice:2"}

var everyDevice = netip.MustParseAddrPort("239.255.255.250:1900")

// search asks a gateway where it describes itself (SSDP) and gives each place to
// look, until that says true. The question goes to all devices, as the protocol
// has it, and to the gateway alone, whose answer a firewall here knows to belong
// to it. Answers of others are dropped.
func search(ctx context.Context, gateway netip.Addr, look func(*url.URL) bool) error {
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(Towards(gateway), 0)))
	if err != nil {
		return err
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(ctx, searchTime)
	defer cancel()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	if err := ask(conn, gateway); err != nil {
		return err
	}
	defer time.AfterFunc(searchAgain, func() { _ = ask(conn, gateway) }).Stop()
	var seen []string
	for packet := make([]byte, 2<<10); len(seen) < mostPlaces; {
		n, from, err := conn.ReadFromUDPAddrPort(packet)
		if err != nil {
			break
		}
		place := placeIn(packet[:n])
		if place == nil || from.Addr().Unmap() != gateway || slices.Contains(seen, place.String()) {
			continue
		}
		if seen = append(seen, place.String()); look(place) {
			return nil
		}
	}
	return errors.New("no answer")
}

// ask sends the questions; it fails where none could be sent.
func ask(conn *net.UDPConn, gateway netip.Addr) (failed error) {
	sent := false
	for _, device := range searched {
		text := fmt.Sprintf("M-SEARCH * HTTP/1.1\r\nHOST: %s\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\nST: %s\r\n\r\n", everyDevice, device)
		for _, to := range []netip.AddrPort{everyDevice, netip.AddrPortFrom(gateway, everyDevice.Port())} {
			_, err := conn.WriteToUDPAddrPort([]byte(text), to)
			failed, sent = err, sent || err == nil
		}
	}
	if sent {
		return nil
	}
	return failed
}

// placeIn is where an answer says that its device is described; nil where it
// does not.
func placeIn(packet []byte) *url.URL {
	answer, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(packet)), nil)
	if err != nil || answer.StatusCode != http.StatusOK {
		return nil
	}
	place, err := url.Parse(answer.Header.Get("Location"))
	if err != nil || place.Host == "" {
		return nil
	}
	return place
}
