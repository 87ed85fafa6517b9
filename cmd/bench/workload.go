//go:build linux

package main

import (
	"fmt"
	"strconv"
	"time"
)

// Workload is what all proxies are given to do in one round.
type Workload struct {
	Name        string
	TLS         bool // between the load and the proxy
	Connections int  // open at a time
	Requests    int  // in a round, over all connections
	Body        int  // bytes of an answer
	Streams     int  // of HTTP/2 open at a time in each connection; 0 is HTTP/1.1
	NewConn     bool // a connection for each request (HTTP/1.1)
	Rate        int  // requests a second over all connections (HTTP/1.1); 0 is as fast as answers come
	Deadline    time.Duration
}

var workloads = []Workload{
	{Name: "http1", Connections: 64, Requests: 40_000, Body: 1024, Deadline: time.Minute},
	{Name: "http1-rate", Connections: 64, Requests: 20_000, Body: 1024, Rate: 4000, Deadline: time.Minute},
	{Name: "tls", TLS: true, Connections: 64, Requests: 30_000, Body: 1024, Deadline: time.Minute},
	{Name: "h2", TLS: true, Connections: 8, Streams: 8, Requests: 30_000, Body: 1024, Deadline: time.Minute},
	{Name: "tls-new", TLS: true, Connections: 16, Requests: 2000, Body: 1024, NewConn: true, Deadline: time.Minute},
	{Name: "large", Connections: 1, Requests: 1, Body: 1 << 30, Deadline: time.Minute},
	{Name: "large-tls", TLS: true, Connections: 1, Requests: 1, Body: 1 << 30, Deadline: time.Minute},
}

func workloadNames() []string {
	var names []string
	for _, w := range workloads {
		names = append(names, w.Name)
	}
	return names
}

func (w Workload) String() string {
	s := fmt.Sprintf("%s: %d requests, %d connections, answers of %d bytes", w.Name, w.Requests, w.Connections, w.Body)
	if w.Streams > 0 {
		s += ", " + strconv.Itoa(w.Streams) + " streams in each"
	}
	if w.Rate > 0 {
		s += ", " + strconv.Itoa(w.Rate) + " a second"
	}
	return s
}

// host is the name that every request asks for.
const host = "bench.home.arpa"

// request is what a browser sends, without a body.
const request = "GET /api/v1/albums/17?count=100&offset=200 HTTP/1.1\r\n" +
	"Host: " + host + "\r\n" +
	"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n" +
	"Accept: application/json, text/plain, */*\r\n" +
	"Accept-Language: en-US,en;q=0.5\r\n" +
	"Accept-Encoding: gzip, deflate, br\r\n" +
	"Referer: http://" + host + "/library/albums\r\n" +
	"Cookie: session=6f1ed002ab5595859014ebf0951522d9; theme=dark\r\n" +
	"\r\n"

// responseHead is what the origin answers before a body of n bytes.
func responseHead(n int) string {
	return "HTTP/1.1 200 OK\r\n" +
		"Server: origin\r\n" +
		"Date: Mon, 02 Nov 2026 20:15:00 GMT\r\n" +
		"Content-Type: application/json\r\n" +
		"Cache-Control: private, max-age=60\r\n" +
		"ETag: \"5f3759df-400\"\r\n" +
		"X-Content-Type-Options: nosniff\r\n" +
		"Content-Length: " + strconv.Itoa(n) + "\r\n" +
		"\r\n"
}

const (
	period    = 64
	blockSize = 128 << 10
)

// pattern is what a body repeats; from any place within its first period there
// is a whole block.
var pattern = func() []byte {
	b := make([]byte, blockSize+period)
	for i := range b {
		b[i] = ' ' + byte(i%period)
	}
	return b
}()
